"""The one clock: the store's, carried forward by this machine's monotonic time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

RESYNC = timedelta(seconds=30)


class StoreClock:
    """Tells the store's time without asking the store each time. It never goes back.

    Args:
        ask: Returns the store's time.
    """

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask
        self._base: datetime | None = None
        self._base_at = 0.0
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the store's time."""
        if self._base is None:
            self.resync()
        assert self._base is not None
        now = self._base + timedelta(seconds=time.monotonic() - self._base_at)
        if now < self._last:  # the store's clock was set back: stand still until it has caught up
            return self._last
        self._last = now
        return now

    def resync(self) -> None:
        """Learn the store's time anew. The half of the round trip is the error at most."""
        before = time.monotonic()
        told = self._ask()
        after = time.monotonic()
        self._base, self._base_at = told, (before + after) / 2

    def offset(self) -> timedelta:
        """Return the store's clock minus this machine's."""
        return self.now() - datetime.now(UTC)
