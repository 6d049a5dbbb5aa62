"""Report: what running attempts say of themselves is stored while they run."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from rota.core.records import Report as Said
from rota.ports import Runner, Store


class Report:
    """Stores progress and log lines of running attempts.

    What the store could not take is kept, and offered again.
    """

    name = "report"
    topics: frozenset[str] = frozenset()

    def __init__(self, store: Store, runner: Runner, *, every: timedelta = timedelta(seconds=1)) -> None:
        self._store, self._runner, self._every = store, runner, every
        self._lock = threading.Lock()
        self._kept: list[Said] = []

    def step(self, now: datetime) -> datetime:
        """Store what is new; return when to look again."""
        with self._lock:
            self._kept += self._runner.reports()
            self._store_kept()
        return now + self._every

    def settled(self) -> None:
        """Store what was taken and is not stored yet: once its attempt is settled, it is too late."""
        with self._lock:
            self._store_kept()

    def _store_kept(self) -> None:
        if self._kept:
            self._store.report(self._kept)
            self._kept = []
