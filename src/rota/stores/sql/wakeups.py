"""Waking those who wait: at once within a process, and through the database between processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta


class Hub:
    """Tells every waiting thread of one process what has changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[set[str]] = []

    def announce(self, topics: Iterable[str]) -> None:
        with self._changed:
            for pending in self._waiting:
                pending.update(topics)
            self._changed.notify_all()

    def join(self) -> set[str]:
        """Return a new set, into which each announcement goes from now on."""
        pending: set[str] = set()
        with self._changed:
            self._waiting.append(pending)
        return pending

    def leave(self, pending: set[str]) -> None:
        with self._changed:
            self._waiting = [one for one in self._waiting if one is not pending]
            self._changed.notify_all()

    def take(self, pending: set[str], timeout: float) -> frozenset[str]:
        """Return what has come into `pending`, at once or within `timeout` seconds, and empty it."""
        with self._changed:
            if not pending:
                self._changed.wait(timeout)
            taken = frozenset(pending)
            pending.clear()
        return taken


class HubWakeup:
    """Waits at a hub. `look`, when given, is asked every `beat` what has changed elsewhere."""

    def __init__(
        self,
        hub: Hub,
        look: Callable[[], frozenset[str]] | None = None,
        beat: timedelta = timedelta(milliseconds=10),
    ) -> None:
        self._hub, self._look, self._beat = hub, look, beat.total_seconds()
        self._pending = hub.join()

    def wait(self, timeout: timedelta) -> frozenset[str]:
        left = timeout.total_seconds()
        if self._look is None:
            return self._hub.take(self._pending, max(left, 0.0))
        while True:
            topics = self._hub.take(self._pending, max(min(left, self._beat), 0.0)) | self._look()
            left -= self._beat
            if topics or left <= 0:
                return topics

    def close(self) -> None:
        self._hub.leave(self._pending)
