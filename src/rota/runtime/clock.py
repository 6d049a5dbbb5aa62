"""The one clock: the store's, carried forward by this machine's steady time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rota.errors import StoreUnavailable

# Steady time that goes on while the machine sleeps, where the system has such a clock (Linux).
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# So many seconds a test of the system sets the wall clock wrong, as this process reads it.
_WRONG = timedelta(seconds=float(os.environ.get("ROTA_CLOCK_OFFSET", "0")))

SLOW = 0.25  # seconds
TRIES = 3
STALE, RETRY = 300.0, 30.0  # seconds after which a process without heartbeats asks anew, and tries again


def steady_seconds() -> float:
    """Return seconds since some instant in the past: never set, never back."""
    return time.clock_gettime(_STEADY)


class StoreClock:
    """Tells the store's time without asking the store each time. It never goes back.

    This machine's wall clock plays no part: it may be off by years.

    Args:
        ask: Returns the store's time.
        steady: Returns seconds of steady time.
    """

    def __init__(self, ask: Callable[[], datetime], steady: Callable[[], float] = steady_seconds) -> None:
        self._ask, self._steady = ask, steady
        self._lock = threading.RLock()
        self._base: tuple[datetime, float] | None = None
        self._last = datetime.min.replace(tzinfo=UTC)
        self._is_tended = False  # somebody calls `resync` once in a while
        self._stale_from = 0.0

    def now(self) -> datetime:
        """Return the store's time. Where no heartbeat learns it anew, it is asked for every few minutes."""
        base = self._base or self._learn()
        if not self._is_tended and self._steady() > self._stale_from:
            base = self._refreshed(base)
        now = base[0] + timedelta(seconds=self._steady() - base[1])
        last = self._last
        if now < last:  # the store's clock was set back: stand still until it has caught up
            return last
        self._last = now
        return now

    def resync(self) -> None:
        """Learn the store's time anew, now and again by whoever calls this."""
        self._is_tended = True
        self._learn()

    def _refreshed(self, base: tuple[datetime, float]) -> tuple[datetime, float]:
        self._stale_from = self._steady() + RETRY  # others go on with what is known
        try:
            return self._learn()
        except StoreUnavailable:
            return base

    def _learn(self) -> tuple[datetime, float]:
        """Ask the store. What is learnt is late by the way back at most, and never ahead.

        A node that was ahead would start runs before their instant, and take over leases that are still
        held. After a slow answer the store is asked once more, and the quickest answer counts.
        """
        with self._lock:
            answers = [self._asked()]
            while answers[-1][0] > SLOW and len(answers) < TRIES:
                answers.append(self._asked())
            _, told, at = min(answers)
            self._base = base = told, at
            self._stale_from = at + STALE
            return base

    def _asked(self) -> tuple[float, datetime, float]:
        """Return how long the answer took, what it was, and when it came."""
        before = self._steady()
        told = self._ask()
        after = self._steady()
        return after - before, told, after

    def offset(self) -> timedelta:
        """Return the store's clock minus this machine's wall clock."""
        return self.now() - (datetime.now(UTC) + _WRONG)
