"""Waking those who wait: at once within a process, and through the database between processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from rota import failpoints

QUIET_AFTER = 1.0  # seconds


class Waiter:
    """One who waits: what is news to it, and a bell that is rung for it.

    The bell is a lock that is held while there is no news: to wait for a lock costs a tenth of what a
    condition costs, and a node over SQLite waits a hundred times a second.
    """

    __slots__ = ("bell", "has_left", "news")

    def __init__(self) -> None:
        self.news: set[str] = set()
        self.has_left = False
        self.bell = threading.Lock()
        self.bell.acquire()


class Hub:
    """Tells every waiting thread of one process what has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: list[Waiter] = []

    def announce(self, topics: Iterable[str]) -> None:
        failpoints.hit("notify.before")  # the commit is done; nobody has been told
        news = tuple(topics)
        with self._lock:
            for waiter in self._waiters:
                waiter.news.update(news)
                _ring(waiter)

    def join(self) -> Waiter:
        """Return a new waiter, who hears of each announcement from now on."""
        waiter = Waiter()
        with self._lock:
            self._waiters.append(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Forget a waiter; if it is waiting, it goes on at once."""
        with self._lock:
            self._waiters = [one for one in self._waiters if one is not waiter]
            waiter.has_left = True
            _ring(waiter)

    def take(self, waiter: Waiter, timeout: float) -> frozenset[str]:
        """Return what is news to `waiter`, at once or within `timeout` seconds, and forget it."""
        if not waiter.bell.acquire(timeout=max(timeout, 0.0)):
            return frozenset()
        with self._lock:  # the bell is ours now, and so silent again
            news = frozenset(waiter.news)
            waiter.news.clear()
        return news


def _ring(waiter: Waiter) -> None:
    if waiter.bell.locked():
        waiter.bell.release()


class HubWakeup:
    """Waits at a hub. `look`, when given, is asked every `beat` what has changed elsewhere.

    After a second without news it is asked less often: nearly all of what an idle node over SQLite costs is
    the looking.
    """

    def __init__(
        self,
        hub: Hub,
        look: Callable[[], frozenset[str]] | None = None,
        beat: timedelta = timedelta(milliseconds=5),
        idle_beat: timedelta = timedelta(milliseconds=80),
    ) -> None:
        self._hub, self._look = hub, look
        self._beat, self._idle_beat = beat.total_seconds(), idle_beat.total_seconds()
        self._quiet = 0.0  # seconds since the last news
        self._waiter = hub.join()

    def wait(self, timeout: timedelta) -> frozenset[str]:
        left = timeout.total_seconds()
        if self._look is None:
            return frozenset() if self._waiter.has_left else self._hub.take(self._waiter, left)
        while not self._waiter.has_left:
            beat = min(left, self._beat if self._quiet < QUIET_AFTER else self._idle_beat)
            topics = self._hub.take(self._waiter, beat)
            if self._waiter.has_left:
                break
            topics |= self._look()
            left -= beat
            self._quiet = 0.0 if topics else self._quiet + beat
            if topics or left <= 0:
                return topics
        return frozenset()  # without a look: the store may be closed by now, and would be opened again

    def close(self) -> None:
        self._hub.leave(self._waiter)
