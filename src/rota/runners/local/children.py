"""The node's side of a child process: it is sent orders, and answers in messages."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import deque
from contextlib import suppress

from rota.runners.local.group import Group
from rota.runners.local.wire import Down, Up, line_of, up_decoder, write_all

BOOT = """\
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from rota.runners.local.child import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
"""


class Child:
    """A Python process that executes bodies, one at a time. It ends when its pipe does.

    Not `multiprocessing`: that pickles, imports `__main__` again, and its children share the terminal's
    process group, so that a Ctrl-C reaches the body before the node can drain.

    Attributes:
        orders: How many orders it was given.
        first_memory: What it held after the first of them, in bytes.
    """

    def __init__(self, setup: str | None) -> None:
        down_read, self._down = os.pipe()
        up_read, up_write = os.pipe()
        argv = [sys.executable, "-c", BOOT, json.dumps(sys.path), str(down_read), str(up_write), setup or ""]
        try:
            self.group = Group(argv, up_read, pass_fds=(down_read, up_write))
        except OSError:
            os.close(self._down)
            os.close(up_read)
            raise
        finally:
            os.close(down_read)
            os.close(up_write)
        self.orders = 0
        self.first_memory: int | None = None
        self._lock = threading.Lock()
        self._lines: deque[bytes] = deque()
        self._parts: list[bytes] = []  # of a line whose end has not come yet

    def send(self, message: Down, patience: float = -1) -> None:
        """Send a message. Without effect when the child is dead: reading will tell."""
        if self._lock.acquire(timeout=patience):
            try:
                with suppress(BrokenPipeError):
                    write_all(self._down, line_of(message))
            finally:
                self._lock.release()

    def next_message(self) -> Up | None:
        """Wait for what it says next. `None`: it is dead."""
        while not self._lines:
            data = self.group.read()
            if not data:
                return None
            first, *others = data.split(b"\n")
            self._parts.append(first)
            if others:
                self._lines.append(b"".join(self._parts))
                *whole, rest = others
                self._lines.extend(whole)
                self._parts = [rest]
        message: Up = up_decoder.decode(self._lines.popleft())
        return message

    def close(self) -> int:
        """Let it end, and kill it if it does not within two seconds. Returns its exit status."""
        with suppress(OSError):
            os.close(self._down)
        return self.group.end(kill=True, seconds=2.0)

    def kill(self) -> None:
        self.group.send(signal.SIGKILL)
