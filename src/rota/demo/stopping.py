"""Ctrl-C and SIGTERM: the first asks the demo to end, the second ends it at once."""

from __future__ import annotations

import signal
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class AtOnce(BaseException):
    """Raised in the main thread by the second signal."""


class Stop:
    """Within it, signals do not interrupt: they are remembered. Only in the main thread.

    No event: its lock may be held by the very thread in which the handler is called.
    """

    def __init__(self) -> None:
        self._asked = False
        self._news: SimpleQueue[int] = SimpleQueue()
        self._former: dict[signal.Signals, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether the demo is to end."""
        return self._asked

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the demo is to end."""
        if not self._asked:
            with suppress(Empty):
                self._news.get(timeout=seconds)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise AtOnce
        self._asked = True
        self._news.put(number)

    def __enter__(self) -> Stop:
        self._former = {one: signal.signal(one, self._take) for one in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, former in self._former.items():
            signal.signal(one, former)
