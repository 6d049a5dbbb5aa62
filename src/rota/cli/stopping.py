"""Waiting for the signal that ends a process."""

from __future__ import annotations

import os
import signal
from queue import SimpleQueue
from types import FrameType

BY_SIGNAL = 128


class Stop:
    """Waits for the first SIGTERM or SIGINT; the second ends the process at once.

    The handler is called in the thread that waits, wherever that is. An event would not do: its lock may be
    held just then, by the very thread that would have to give it back. A `SimpleQueue` is made for this.
    """

    def __init__(self) -> None:
        self._came: SimpleQueue[int] = SimpleQueue()
        self._is_first = True
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def wait(self) -> int:
        """Return the signal that came."""
        return self._came.get()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._is_first:
            os._exit(BY_SIGNAL + number)  # not even what is running is waited for
        self._is_first = False
        self._came.put(number)
