"""One run of the demo: a node works, and its store is looked into until the end."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rota import Rota
from rota.demo.faces import Face
from rota.demo.feed import QUIET, Entry, Feed
from rota.demo.stopping import Stop
from rota.demo.summary import Tally, summary
from rota.demo.watch import Watch
from rota.errors import StoreUnavailable
from rota.runtime.node import Node

FRAME = 0.3  # seconds from one look to the next


class Session:
    """Runs the rota for a while.

    Args:
        rota: Its store is migrated.
        length: Ends after this; `None`: when it is asked to.
    """

    def __init__(self, rota: Rota, face: Face, stop: Stop, length: timedelta | None) -> None:
        self._face, self._stop, self._length = face, stop, length
        self._feed = Feed(rota)
        self._watch = Watch(rota)
        self._tally = Tally()
        self._node = rota.node()
        self._began = time.monotonic()
        self._snapshot = self._watch.look()

    def run(self) -> list[str]:
        """Work until the end, drain, and return the lines of the summary."""
        with logging_to(self._feed), self._face:
            self._node.start()
            while not self._stop.asked and not self._is_over():
                self._show(self._footnote())
                self._stop.wait(FRAME)
            lasted = self._elapsed()
            self._drain(self._node)
        return summary(self._tally, self._snapshot, lasted)

    def _drain(self, node: Node) -> None:
        """Let what is running end, and go on to show it."""
        # A daemon: when the demo is told to end at once, nothing waits for it.
        draining = threading.Thread(target=node.stop, name="demo-drain", daemon=True)
        draining.start()
        while draining.is_alive():
            self._show("ending when what runs has ended; Ctrl-C: at once")
            draining.join(FRAME)
        self._show("")

    def _show(self, footnote: str) -> None:
        try:
            entries = self._feed.take()
            self._snapshot = self._watch.look()
        except (StoreUnavailable, sqlite3.OperationalError) as error:
            entries = []
            footnote = f"no news: {error}"
        self._tally.look(self._snapshot)
        for entry in entries:
            self._tally.add(entry)
        self._face.show(self._snapshot, [one for one in entries if self._is_worth_telling(one)], footnote)

    def _is_worth_telling(self, entry: Entry) -> bool:
        quiet = {line.schedule.name for line in self._snapshot.lines if QUIET in line.schedule.effective.tags}
        return entry.subject not in quiet or entry.word not in ("started", "succeeded")

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _is_over(self) -> bool:
        if self._node.drain_by is not None:  # somebody has tried that in the UI
            return True
        return self._length is not None and self._elapsed() >= self._length.total_seconds()

    def _footnote(self) -> str:
        elapsed = f"{self._elapsed():.0f} s"
        if self._length is not None:
            return f"{elapsed} of {self._length.total_seconds():.0f} s"
        return f"{elapsed}, Ctrl-C ends it"


@contextmanager
def logging_to(handler: logging.Handler) -> Iterator[None]:
    """Let the rota's log go to one handler alone: written to the terminal, it would tear the view apart."""
    log = logging.getLogger("rota")
    handlers, propagate = log.handlers, log.propagate
    log.handlers, log.propagate = [handler], False
    try:
        yield
    finally:
        log.handlers, log.propagate = handlers, propagate
