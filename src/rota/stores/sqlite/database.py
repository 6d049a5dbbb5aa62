"""The port to a SQLite file, or to memory.

A file has one writing connection in each process, behind a lock, and reading ones beside it: in WAL mode
neither waits for the other. Memory has one connection for everything.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from rota.errors import InvalidValue, StoreUnavailable
from rota.stores.sql.database import Cursor
from rota.stores.sql.pool import Pool
from rota.stores.sql.statements import load_statements
from rota.stores.sql.wakeups import Hub, HubWakeup
from rota.stores.sqlite.cursor import SqliteCursor
from rota.stores.sqlite.files import configure, is_out_of_reach, missing_steps, prepare
from rota.stores.sqlite.watcher import FileWatcher

PACKAGE = "rota.stores.sqlite"
MOST_READERS = 64
BUSY_TIMEOUT = 5.0


class SqliteDatabase:
    """See `rota.stores.sql.database.Database`.

    Args:
        url: What the user wrote.
        path: The file; `None` for memory.
        busy_timeout: How many seconds to wait for another process that writes.
    """

    def __init__(self, url: str, path: Path | None, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.url, self._path, self._busy_timeout = url, path, busy_timeout
        self._statements = load_statements(PACKAGE)
        self._writers: Pool[sqlite3.Connection] = Pool(self._open, _close, _is_sound, 1)
        self._readers: Pool[sqlite3.Connection] = Pool(self._open, _close, _is_sound, MOST_READERS)
        # One that never writes: its `data_version` changes by every commit.
        self._witness: Pool[sqlite3.Connection] = Pool(self._open_witness, _close, _is_sound, 1)
        self._witnesses = 0
        if path is None:
            self._readers = self._witness = self._writers
        self._first_use = threading.Lock()
        self._ready = False
        self._hub = Hub()

    @classmethod
    def of(cls, url: str) -> SqliteDatabase:
        """Read `sqlite:///file.db?busy_timeout=5`, seconds."""
        rest, _, query = url.partition("://")[2].partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        timeout = _seconds(options.pop("busy_timeout", str(BUSY_TIMEOUT)))
        if options:
            raise InvalidValue("store", url, "the only option of a sqlite URL is busy_timeout=SECONDS")
        if rest in ("", "/", "/:memory:"):
            return cls("sqlite:///:memory:", None, timeout)
        if not rest.startswith("/"):
            raise InvalidValue(
                "store", url, "a sqlite URL has three slashes, or four before an absolute path"
            )
        return cls(url, Path(rest[1:]), timeout)

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        with self._guarded(), self._writer() as connection:
            cursor = SqliteCursor.on(connection, self._statements)
            # The write lock is taken now: a transaction that first reads and then asks for it can be
            # refused without waiting, when another one wrote in between.
            connection.execute("BEGIN IMMEDIATE")
            with _rolled_back_on_error(connection):
                yield cursor
                connection.execute("COMMIT")
        if cursor.topics:
            self._hub.announce(cursor.topics)

    @contextmanager
    def single(self) -> Iterator[Cursor]:
        with self._guarded(), self._writer() as connection:
            cursor = SqliteCursor.on(connection, self._statements)
            with _rolled_back_on_error(connection):
                yield cursor
        if cursor.topics:
            self._hub.announce(cursor.topics)

    @contextmanager
    def read(self, *, by_index: bool = False) -> Iterator[Cursor]:
        with self._guarded():
            self._prepare()
            with self._readers.connection() as connection:
                connection.execute("BEGIN")
                with _rolled_back_on_error(connection):
                    yield SqliteCursor.on(connection, self._statements)
                    connection.execute("COMMIT")

    def borrowed(self, connection: Any) -> Cursor:
        self._prepare()
        return SqliteCursor.on(connection, self._statements)

    def migrate(self, *, dry_run: bool) -> list[str]:
        with self._guarded():
            if not dry_run:
                return self._prepare()
            if self._ready or (self._path is not None and not self._path.exists()):
                return [] if self._ready else [name for _, name, _ in missing_steps(None, self.url)]
            with self._readers.connection() as connection:
                return [name for _, name, _ in missing_steps(connection, self.url)]

    def version(self) -> str:
        with self._guarded():
            self._prepare()
            with self._witness.connection() as connection:
                if self._path is None:
                    return str(connection.total_changes)
                ((version,),) = connection.execute("PRAGMA data_version").fetchall()
                return f"{self._witnesses}-{version}"  # each connection counts for itself

    def _open_witness(self) -> sqlite3.Connection:
        self._witnesses += 1
        return self._open()

    def wakeup(self) -> HubWakeup:
        if self._path is None:
            return HubWakeup(self._hub)
        return HubWakeup(self._hub, FileWatcher(self.data_version, Path(f"{self._path}-wal")))

    def close(self) -> None:
        self._hub.close()
        self._readers.drop_idle()
        self._witness.drop_idle()
        self._writers.drop_idle()

    def _writer(self) -> Any:
        self._prepare()
        return self._writers.connection()

    def _prepare(self) -> list[str]:
        """Apply the schema steps that are missing, on the first use."""
        if self._writers.check_process():
            self._first_use = threading.Lock()  # another thread of the parent may have held it
            self._ready = self._ready and self._path is not None  # memory is not shared with the parent
        if self._ready:
            return []
        with self._first_use:
            if self._ready:
                return []
            with self._writers.connection() as connection:
                applied = prepare(connection, self.url)
            self._ready = True
            return applied

    def data_version(self) -> int | None:
        """Return a number that changes with each commit of another connection; `None`: not now."""
        if not self._ready:
            return None
        with self._writers.connection_if_free() as connection:
            if connection is None:
                return None
            ((version,),) = connection.execute("PRAGMA data_version").fetchall()
            return int(version)

    def _open(self) -> sqlite3.Connection:
        return configure(self._path, self._busy_timeout)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if is_out_of_reach(error):
                raise StoreUnavailable(self.url, str(error)) from error
            raise


@contextmanager
def _rolled_back_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _close(connection: sqlite3.Connection) -> None:
    connection.close()


def _is_sound(connection: sqlite3.Connection) -> bool:
    return not connection.in_transaction


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidValue("busy_timeout", text, "write a number of seconds") from None
