"""Waiting for what ends a process: a signal, or its node, which was asked to drain."""

from __future__ import annotations

import os
import signal
from types import FrameType

BY_SIGNAL = 128
NO_SIGNAL = 0
AWAITED = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Waits for the first SIGTERM or SIGINT, or for `end`; the second signal ends the process at once.

    A handler is called when the main thread comes to its next step. One that waits for a lock, an event or a
    queue comes to none, if the signal arrived just before, or at another thread. So the system itself writes
    the number of the signal to a pipe (`signal.set_wakeup_fd`), which is what is waited for.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._is_first = True
        for number in AWAITED:
            signal.signal(number, self._on_signal)

    def wait(self) -> int | None:
        """Return the signal that came; `None` if there was none, but `end`."""
        while True:
            [number] = os.read(self._read, 1)
            if number in AWAITED or number == NO_SIGNAL:
                return number or None

    def end(self) -> None:
        """End the wait, from any thread."""
        os.write(self._write, bytes([NO_SIGNAL]))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._is_first:
            os._exit(BY_SIGNAL + number)  # not even what is running is waited for
        self._is_first = False
