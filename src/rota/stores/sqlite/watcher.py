"""Sees what other processes commit to a file, whom nobody announces here."""

from __future__ import annotations

import logging
import os
import select
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rota.errors import StoreUnavailable
from rota.stores.sql.database import TOPICS
from rota.stores.sql.wakeups import Waiter

try:
    from inotify_simple import INotify, flags
except ImportError:  # the system is not Linux: it is looked for changes again and again
    INotify = None

log = logging.getLogger("rota.store")

BEAT, IDLE_BEAT, QUIET_AFTER = 0.005, 0.08, 1.0  # seconds
UNTOLD_BEAT = 1.0  # between looks that the system did not ask for, once it is known to tell
BEATS_AFTER_A_WRITE = 3
SETTLE, REST = 1, 4  # milliseconds


class FileWatcher:
    """Looks whether somebody else has committed.

    1. The system is asked whether the write-ahead log was written to: that costs next to nothing. Linux says
       so by itself (inotify); elsewhere, or while it has not been seen to do so, it is asked at each beat,
       and less often after a second without news: nearly all of what an idle node costs would be the asking.
    2. If it was, and for some beats after, as a commit takes a while and the system's time stamps are coarse,
       the writing connection is asked: its `data_version` changes only by commits of *other* connections, so
       that a node is not woken by what it wrote itself. While that connection writes, nothing is asked.

    Args:
        data_version: Returns a number that changes with each commit of others; `None`: not now.
        log: The write-ahead log.
    """

    def __init__(self, data_version: Callable[[], int | None], log: Path) -> None:
        self._data_version, self._log = data_version, str(log)
        self._ears = _ears()
        self.waiter = self._ears or Waiter()
        self._written: tuple[int, int] | None = None
        self._asks = 0
        self._seen: int | None = None
        self.look()  # what is committed from now on is news; before the first use, all of it is

    def look(self) -> frozenset[str]:
        was_told = False
        if self._ears is not None:
            self._ears.listen_to(self._log)  # each time: it may be another file by now
            was_told = self._ears.was_written()
        written = self._last_written()
        if was_told or written != self._written:
            self._written, self._asks = written, BEATS_AFTER_A_WRITE
        if not self._asks:
            return frozenset()
        self._asks -= 1
        with suppress(sqlite3.Error, StoreUnavailable):
            version = self._data_version()
            if version is None:
                self._asks += 1  # it is writing: ask again
            elif version != self._seen:
                self._seen = version
                return frozenset(TOPICS)
        return frozenset()

    def pace(self, quiet: float) -> float:
        """Return after how many seconds to look again, when there was no news for `quiet` seconds."""
        if self._asks:
            return BEAT
        if self._ears is not None and self._ears.has_heard:
            return UNTOLD_BEAT
        return BEAT if quiet < QUIET_AFTER else IDLE_BEAT

    def _last_written(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._log)  # noqa: PTH116 - a hundred times a second, and `Path` is slower
        except OSError:  # no file, no log
            return None
        return status.st_mtime_ns, status.st_size


class FileWaiter(Waiter):
    """A waiter to whom the system tells that a file is written to.

    It tells while the commit is still under way, and of each page: the commit gets a moment to end, and after
    that there is a rest, so that what this process itself commits does not wake it more often than beats did.

    Raises:
        OSError: The system has no more of what this takes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.has_heard = False
        self._is_written = self._rests = self._is_closed = False
        self._in_use = threading.Lock()
        self._writes = INotify(nonblocking=True)
        self._bell_number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._both, self._alone = select.poll(), select.poll()
        self._both.register(self._writes.fileno(), select.POLLIN)
        for one in (self._both, self._alone):
            one.register(self._bell_number, select.POLLIN)

    def listen_to(self, file: str) -> None:
        """Hear of writes to `file`; one that is away, or that the system can not watch, is not heard of."""
        with self._in_use:
            if self._is_closed:
                return
            try:
                self._writes.add_watch(file, flags.MODIFY)
            except OSError:
                self.has_heard = False  # until it is there again, and has been heard of

    def was_written(self) -> bool:
        """Say whether it was written to since this was asked last."""
        was, self._is_written = self._is_written, False
        return was

    def ring(self) -> None:
        if self._is_closed:
            super().ring()
        else:
            os.eventfd_write(self._bell_number, 1)

    def wait(self, timeout: float) -> bool:
        return super().wait(timeout) if self._is_closed else self._wait(timeout)

    def _wait(self, timeout: float) -> bool:
        with self._in_use:
            if self._is_closed:
                return False
            if self._rests:
                self._rests = False
                return bool(self._alone.poll(min(timeout * 1000, REST))) and self._silence()
            told = {number for number, _ in self._both.poll(max(timeout, 0.0) * 1000)}
            if not told:
                return False
            if self._writes.fileno() in told:
                self.has_heard = self._is_written = self._rests = True
                self._alone.poll(SETTLE)
                self._writes.read(timeout=0)
            return self._silence()

    def close(self) -> None:
        with self._in_use:
            if not self._is_closed:
                self._is_closed, self.has_heard = True, False
                self._writes.close()
                os.close(self._bell_number)

    def _silence(self) -> bool:
        with suppress(BlockingIOError):  # it was the file
            os.eventfd_read(self._bell_number)
        return True


def _ears() -> FileWaiter | None:
    if INotify is None:
        return None
    try:
        return FileWaiter()
    except OSError as problem:
        remedy = "raise fs.inotify.max_user_instances, or the limit of open files"
        facts = {"problem": str(problem), "remedy": remedy}
        log.warning("the system watches no more files: looking for changes again and again", extra=facts)
        return None
