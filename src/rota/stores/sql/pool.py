"""Connections kept open for the next who needs one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

C = TypeVar("C")


class Pool(Generic[C]):
    """Connections of one process, the last used first. Opened when needed.

    One that is not `sound` when it comes back, such as after a failed roll back, is closed and not kept.

    Written here and not taken from a driver: the same for both databases, no threads of its own, and
    safe in a process that forked, where a connection of the parent must be neither used nor closed.
    """

    def __init__(
        self, connect: Callable[[], C], close: Callable[[C], None], sound: Callable[[C], bool], most: int
    ) -> None:
        self._connect, self._close, self._sound, self._most = connect, close, sound, most
        self._renew()

    def _renew(self) -> None:
        self._process = os.getpid()
        self._idle: list[C] = []
        self._room = threading.BoundedSemaphore(self._most)

    @contextmanager
    def connection(self) -> Iterator[C]:
        """Lend a connection."""
        self.check_process()
        process = self._process
        with self._room:
            connection = self._take()
            try:
                yield connection
            finally:
                if process == self._process:
                    self._give_back(connection)

    @contextmanager
    def connection_if_free(self) -> Iterator[C | None]:
        """Lend a connection if that needs no waiting."""
        self.check_process()
        process, room = self._process, self._room
        if not room.acquire(blocking=False):
            yield None
            return
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                if process == self._process:
                    self._give_back(connection)
        finally:
            room.release()

    def _give_back(self, connection: C) -> None:
        if self._sound(connection):
            self._idle.append(connection)
        else:
            self._close(connection)

    def _take(self) -> C:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def check_process(self) -> bool:
        """Say whether this is another process than before: then it starts with no connection."""
        if self._process == os.getpid():
            return False
        _LEFT_ALONE.append(self._idle)
        self._renew()
        return True

    def drop_idle(self) -> None:
        """Close what is not in use."""
        self.check_process()
        with suppress(IndexError):
            while True:
                self._close(self._idle.pop())


# Connections that a parent process had open: closing them here would end its sessions or free its locks.
_LEFT_ALONE: list[object] = []
