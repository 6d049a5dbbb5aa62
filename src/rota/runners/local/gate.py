"""Raise an exception in the body another thread is executing, and never anywhere else.

Python can raise an exception in a thread (`PyThreadState_SetAsyncExc`), but not in a function: it comes up
at whatever line the thread has reached by then, perhaps after the body, in the runner or in the next run.
The gate of an attempt makes that impossible:

1. An interrupter holds the lock of the gate from before it looks whether the body is open until after it
   has sent the exception. Interrupters come one at a time.
2. The thread of the body says `_closing`, then takes the lock and never gives it back. From then on no
   interrupter gets in, now or later: each attempt has a gate of its own, so the next run has another.
3. Then, if anything was ever sent, the thread throws away what has not come up yet.

Between the end of the body and the end of step 3 at most two exceptions can come up: one that was on its
way, and one whose sender had looked before `_closing` was said. So `close` may be cut short twice. Whoever
calls it does so in two nested `try`, and calls it again each time it was: that is safe, because the lock
belongs to the thread (`RLock`). The third call can not be cut short. See `threads.py` for the two.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import Lock, RLock, get_ident

from rota.errors import RunInterrupted

_one_interrupter = Lock()


class Gate:
    """Guards the body of one attempt in one thread."""

    __slots__ = ("_closing", "_lock", "_sent", "_thread")

    def __init__(self) -> None:
        self._lock = RLock()
        self._thread = 0
        self._closing = False
        self._sent = False

    def open(self) -> None:
        """Begin the body, in this thread: from here on it may be interrupted."""
        self._thread = get_ident()

    def close(self) -> None:
        """End the body. When this has returned, nothing can come up in this thread any more."""
        self._closing = True
        self._lock.acquire()
        if self._sent:
            _raise_in(self._thread, None)

    def interrupt(self, error: type[RunInterrupted], first: Callable[[], None] | None = None) -> bool:
        """Raise `error` in the body. `False`: it has not begun, or has ended; nothing was done.

        `first` is called while the body is open and can not end.
        """
        with _one_interrupter:
            if not self._lock.acquire(blocking=False):
                return False
            try:
                if self._closing or not self._thread:
                    return False
                if first is not None:
                    first()
                self._sent = True
                _raise_in(self._thread, error)
                return True
            finally:
                self._lock.release()


def _raise_in(thread: int, error: type[RunInterrupted] | None) -> None:
    """Let `error` come up in `thread`; `None` takes back what has not come up yet."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
