"""One thread that calls what is due, for the whole runner."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic

log = logging.getLogger("rota.runner")


class Deadline:
    """Something to be called at an instant of the monotonic clock, unless it is cancelled before."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action


class Deadlines:
    """Calls each action once its time has come. Actions are short: they share one thread."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline]] = []
        self._dead = 0
        self._numbers = count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def add(self, seconds: float, action: Callable[[], None]) -> Deadline:
        """Call `action` in `seconds` from now. The thread begins with the first call."""
        deadline = Deadline(action)
        entry = (monotonic() + seconds, next(self._numbers), deadline)
        with self._changed:
            heapq.heappush(self._heap, entry)
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="rota-deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0] is entry:
                self._changed.notify()
        return deadline

    def cancel(self, deadline: Deadline) -> None:
        """Do not call it any more; it may be being called just now."""
        with self._changed:
            if deadline.action is None:
                return
            deadline.action = None
            self._dead += 1
            # Most limits are never reached: without this, a day of short runs with long limits stays here.
            if self._dead > 1000 and self._dead > len(self._heap) // 2:
                self._heap = [one for one in self._heap if one[2].action is not None]
                heapq.heapify(self._heap)
                self._dead = 0

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while not self._stopped:
            action = self._next()
            if action is not None:
                try:
                    action()
                except Exception:
                    log.exception("a deadline could not be acted upon")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the earliest deadline, and return what is to be called. `None`: look again."""
        with self._changed:
            if not self._heap:
                self._changed.wait()
                return None
            at, _, deadline = self._heap[0]
            wait = at - monotonic()
            if deadline.action is not None and wait > 0:
                self._changed.wait(wait)
                return None
            heapq.heappop(self._heap)
            action, deadline.action = deadline.action, None
            self._dead -= action is None
            return action
