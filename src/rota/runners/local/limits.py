"""Time limits of attempts: armed when a body begins, and gone when it ends."""

from __future__ import annotations

from functools import partial

from rota.errors import TimeLimitExceeded
from rota.runners.local.attempt import Attempt
from rota.runners.local.deadlines import Deadlines


class Limits:
    """Enforces the time limits, for every executor."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines

    def begin(self, attempt: Attempt) -> bool:
        """Arm the limits of `attempt`. `False`: it has none, and `end` need not be called."""
        limit = attempt.run.policy.time_limit
        if limit.soft is None and limit.hard is None:
            return False
        armed = []
        if limit.soft is not None:
            armed.append(self._deadlines.add(limit.soft.total_seconds(), partial(_interrupt, attempt)))
        if limit.hard is not None:
            armed.append(self._deadlines.add(limit.hard.total_seconds(), partial(_kill, attempt)))
        attempt.deadlines += tuple(armed)
        return True

    def end(self, attempt: Attempt) -> None:
        """Disarm the limits of `attempt`."""
        for deadline in attempt.deadlines:
            self._deadlines.cancel(deadline)


def _interrupt(attempt: Attempt) -> None:
    attempt.known.executor.interrupt(attempt, TimeLimitExceeded)


def _kill(attempt: Attempt) -> None:
    if not attempt.ended:
        attempt.known.executor.kill(attempt)
