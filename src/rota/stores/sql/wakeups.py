"""Waking those who wait: at once within a process, and through the database between processes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from rota import failpoints


class Waiter:
    """One who waits: what is news to it, and a bell that is rung for it.

    The bell is a lock that is held while there is no news: to wait for a lock costs a tenth of what a
    condition costs.
    """

    __slots__ = ("_bell", "has_left", "news")

    def __init__(self) -> None:
        self.news: set[str] = set()
        self.has_left = False
        self._bell = threading.Lock()
        self._bell.acquire()

    def ring(self) -> None:
        """End a wait, or the next one."""
        if self._bell.locked():
            self._bell.release()

    def wait(self, timeout: float) -> bool:
        """Return within `timeout` seconds, and silence the bell; say whether it had rung."""
        return self._bell.acquire(timeout=max(timeout, 0.0))

    def close(self) -> None:
        """Give back what the system lends for it. It can still wait."""


class Watcher(Protocol):
    """Looks for what others have changed, whom no hub hears."""

    waiter: Waiter

    def look(self) -> frozenset[str]:
        """Return the topics that have changed since the last look."""
        ...

    def pace(self, quiet: float) -> float:
        """Return after how many seconds to look again, when there was no news for `quiet` seconds."""
        ...


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
                waiter.ring()

    def join(self, waiter: Waiter) -> None:
        """Let `waiter` hear of each announcement from now on."""
        with self._lock:
            self._waiters.append(waiter)

    def leave(self, waiter: Waiter) -> None:
        """Forget a waiter; if it is waiting, it goes on at once."""
        with self._lock:
            self._waiters = [one for one in self._waiters if one is not waiter]
            waiter.has_left = True
            waiter.ring()

    def close(self) -> None:
        """Give back what the system lends for those who wait."""
        with self._lock:
            for waiter in self._waiters:
                waiter.ring()  # otherwise it is closed when its wait is over
                waiter.close()

    def take(self, waiter: Waiter, timeout: float) -> frozenset[str]:
        """Return what is news to `waiter`, at once or within `timeout` seconds, and forget it."""
        if not waiter.wait(timeout):
            return frozenset()
        with self._lock:
            news = frozenset(waiter.news)
            waiter.news.clear()
        return news


class HubWakeup:
    """Waits at a hub; a watcher, when given, looks meanwhile for what has changed elsewhere."""

    def __init__(self, hub: Hub, watcher: Watcher | None = None) -> None:
        self._hub, self._watcher = hub, watcher
        self._quiet = 0.0  # seconds since the last news
        self._waiter = Waiter() if watcher is None else watcher.waiter
        hub.join(self._waiter)

    def wait(self, timeout: timedelta) -> frozenset[str]:
        left = timeout.total_seconds()
        if self._watcher is None:
            return frozenset() if self._waiter.has_left else self._hub.take(self._waiter, left)
        while not self._waiter.has_left:
            beat = min(left, self._watcher.pace(self._quiet))
            topics = self._hub.take(self._waiter, beat)
            if self._waiter.has_left:
                break
            topics |= self._watcher.look()
            left -= beat  # also when it was shorter: who waits may be woken for nothing
            self._quiet = 0.0 if topics else self._quiet + beat
            if topics or left <= 0:
                return topics
        return frozenset()  # without a look: the store may be closed by now, and would be opened again

    def close(self) -> None:
        self._hub.leave(self._waiter)
        self._waiter.close()
