"""A runner that executes each run at once, in the thread that claimed it: for tests of applications.

What is inside one transaction stays inside it: the runs, and the rows their bodies see and write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context

from rota.core.tasks import Body
from rota.errors import RunInterrupted
from rota.ports import Clock
from rota.runners.inline import perform
from rota.runners.local.attempt import Attempt
from rota.runners.local.outbox import Outbox
from rota.runners.local.runner import LocalRunner


class SameThreadRunner(LocalRunner):
    """See the port `Runner`. No time limit holds, and nothing can be cancelled while it runs."""

    def __init__(self, lookup: Callable[[str], Body], clock: Clock) -> None:
        super().__init__(lookup, clock, slots=1, prefetch=0)
        self._executors = dict.fromkeys(self._executors, SameThread(self._outbox))


class SameThread:
    """See `rota.runners.local.attempt.Executor`. An attempt has ended when `submit` returns."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def submit(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            attempt.started_at = self._outbox.clock.now()
            try:
                value = copy_context().run(perform, attempt.known.body, attempt)
            except Exception as error:
                self._outbox.raised(attempt, error)
            else:
                self._outbox.returned(attempt, value)

    def withdraw(self, attempt: Attempt) -> bool:
        return False

    def flag(self, attempt: Attempt) -> None: ...

    def interrupt(self, attempt: Attempt, error: type[RunInterrupted]) -> bool:
        return False

    def kill(self, attempt: Attempt) -> None: ...
    def close(self, seconds: float) -> None: ...
