"""What was drawn a moment ago: fifty people who watch one page cost about as much as one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

# Less than a page waits between two polls, so that nobody sees a change later than at the second one.
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(seconds=2)
SHARE = 40  # what took 50 ms to draw is good for 2 s: at most a fortieth of a core
OLDEST = timedelta(seconds=10)  # what only time changes: a node that was not seen for long
KEPT = 256  # pages


@dataclass(eq=False)
class _Page:
    """A page that was drawn.

    Attributes:
        version: Of the store, before it was drawn.
        drawn_at: When that was.
        until: It is good until then, whatever happens.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str = ""
    version: str = ""
    drawn_at: datetime | None = None
    until: datetime | None = None


class Recent:
    """Pages by key, each for a second or two, and for as long as nothing changes in the store.

    Who asks for one that is being drawn waits for it. An action clears all of them: whoever acts sees the
    effect at once, and others, who asked another process, a second later.

    Args:
        version: Returns what differs after every change of the store.
    """

    def __init__(self, version: Callable[[], str]) -> None:
        self._version = version
        self._pages: OrderedDict[Hashable, _Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, now: datetime, draw: Callable[[], str]) -> str:
        """Return the page, drawn now or a moment ago."""
        with self._lock:
            page = self._pages.setdefault(key, _Page())
            self._pages.move_to_end(key)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
        with page.lock:
            if page.until is None or now >= page.until:
                self._renew(page, now, draw)
            return page.text

    def _renew(self, page: _Page, now: datetime, draw: Callable[[], str]) -> None:
        version = self._version()  # before it is drawn: what changes meanwhile is seen the next time
        is_young = page.drawn_at is not None and now - page.drawn_at < OLDEST
        took = timedelta(0)
        if not is_young or version != page.version:
            start = perf_counter()
            page.text = draw()
            took = timedelta(seconds=perf_counter() - start)
            page.version, page.drawn_at = version, now
        page.until = now + min(max(SHORTEST, took * SHARE), LONGEST)

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
