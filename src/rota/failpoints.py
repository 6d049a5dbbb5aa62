"""Named steps at which a test of the system kills this process, as kill -9 would.

`ROTA_FAILPOINT="record.before_commit"` kills it there; `"record.before_commit:3"` the third time it gets
there; `"stop@record.before_commit"` freezes it, as SIGSTOP does. Without the variable `hit` does nothing. It
is called once per step or transaction, never per run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable


def killer(wanted: str, kill: Callable[[], object]) -> Callable[[str], None]:
    """Return a `hit` that calls `kill` at the step `wanted` names, as `name` or `name:nth`."""
    step, _, nth = wanted.partition(":")
    lock = threading.Lock()
    left = int(nth or 1)

    def count(name: str) -> None:
        nonlocal left
        if name != step:
            return
        with lock:
            left -= 1
            if left == 0:
                kill()

    return count


def _pass_by(name: str) -> None: ...


_how, _, _wanted = ("@" + os.environ.get("ROTA_FAILPOINT", "")).rpartition("@")
_signal = signal.SIGSTOP if _how == "@stop" else signal.SIGKILL
# Says that the step with the given name has been reached.
# To this very thread: a signal to the process may let it go on for a moment, past the step.
hit: Callable[[str], None] = (
    killer(_wanted, lambda: signal.pthread_kill(threading.get_ident(), _signal)) if _wanted else _pass_by
)
