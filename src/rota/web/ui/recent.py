"""What was drawn a moment ago: fifty people who watch one page cost about as much as one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(minutes=1)
SHARE = 20  # what took a second to draw is good for twenty: at most a twentieth of a core
KEPT = 256  # pages


@dataclass(eq=False)
class _Page:
    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str = ""
    until: datetime | None = None


class Recent:
    """Pages by key, each for a second or for twenty times as long as it took to draw.

    Who asks for one that is being drawn waits for it. An action clears all of them: whoever acts sees the
    effect at once, and others, who asked another process, a second later.
    """

    def __init__(self) -> None:
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
                start = perf_counter()
                page.text = draw()
                took = timedelta(seconds=perf_counter() - start)
                page.until = now + min(max(SHORTEST, took * SHARE), LONGEST)
            return page.text

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
