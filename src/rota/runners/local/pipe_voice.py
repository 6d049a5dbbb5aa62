"""The voice of a body in a child process: what it says goes through the pipe."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rota.core.records import Claimed
from rota.runners.local.context import RunContext
from rota.runners.local.logs import MAX_LOG
from rota.runners.local.text import clean
from rota.runners.local.wire import Line, Progress, Up

EVERY = 0.2


class PipeVoice:
    """Says what one order has to say. See `Voice`."""

    def __init__(self, run: Claimed, number: int, say: Callable[[Up], None]) -> None:
        self.run, self.number = run, number
        self.context: RunContext | None = None
        self.cancelled = self.noticed = False
        self._say = say
        self._size = 0
        self._progress: Progress | None = None
        self._progress_at = 0.0

    def line(self, level: str, message: str) -> None:
        if self._size <= MAX_LOG:  # the node marks the line that goes beyond, and needs no more
            text = clean(message, MAX_LOG)
            self._size += len(text)
            self._say(Line(level, text))

    def progress(self, done: float, total: float | None, note: str | None) -> None:
        """Say it at once, but no more than five times a second."""
        self._progress = Progress(done, total, note)
        if monotonic() - self._progress_at >= EVERY:
            self.last_progress()

    def last_progress(self) -> None:
        """Say what was not said yet."""
        if self._progress is not None:
            said, self._progress = self._progress, None
            self._progress_at = monotonic()
            self._say(said)
