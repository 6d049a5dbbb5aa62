"""A process in a session of its own, and what it writes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

POLL_MS = 200


class Group:
    """A process and all that it starts, as far as that stays in its process group.

    Args:
        output: End of a pipe that the process writes to; closed by `end`.
    """

    def __init__(
        self,
        argv: Sequence[str],
        output: int,
        *,
        stdout: int | None = None,
        stderr: int | None = None,
        pass_fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - what is executed comes from the application's code
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        self._output = output
        self._lock = threading.Lock()
        self._over = self._closed = False
        os.set_blocking(output, False)
        self._poll = select.poll()
        self._poll.register(output, select.POLLIN)
        self._pidfd: int | None = None
        # Not only the pipe tells that it is over: something it started may hold the pipe open for ever.
        with suppress(AttributeError, OSError):  # Linux; elsewhere the process is asked five times a second
            self._pidfd = os.pidfd_open(self.process.pid)
            self._poll.register(self._pidfd, select.POLLIN)

    def read(self) -> bytes:
        """Wait for what the process writes, and return it. `b""`: it has ended, and all of it was read."""
        while True:
            data = self._read_now()
            if data:
                return data
            if self.process.poll() is not None:
                return self._read_now() or b""
            if self._closed and self._pidfd is None:
                self.process.wait()
            else:
                self._poll.poll(None if self._pidfd is not None else POLL_MS)

    def _read_now(self) -> bytes | None:
        if self._closed:
            return None
        try:
            data = os.read(self._output, 65536)
        except BlockingIOError:
            return None
        if not data:
            self._closed = True
            self._poll.unregister(self._output)
        return data

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started, unless `end` was called."""
        with self._lock:
            if not self._over:
                # The number of a group is not given to another while a member lives, nor, as numbers go
                # round, soon after the last one has died.
                with suppress(OSError):
                    os.killpg(self.process.pid, number)

    def end(self, *, kill: bool, seconds: float = 0.0) -> int:
        """Wait for its end up to `seconds`, then kill it; with `kill`, kill what is left of its group too."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        if kill or self.process.returncode is None:
            self.send(signal.SIGKILL)
        status = self.process.wait()
        with self._lock:
            if not self._over:
                self._over = True
                os.close(self._output)
                if self._pidfd is not None:
                    os.close(self._pidfd)
        return status
