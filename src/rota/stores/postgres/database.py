"""The port to a PostgreSQL database.

Nothing that it needs outlives a transaction on the server but the tables: no session lock, no setting of the
session. So it works through PgBouncer in transaction mode. Without one, some statements are prepared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from rota.errors import SchemaOutdated, StoreUnavailable
from rota.stores.postgres.address import Address
from rota.stores.postgres.cursor import BorrowedCursor, PostgresCursor, cursor_on
from rota.stores.postgres.listener import Listener
from rota.stores.sql.database import Conflict, Cursor
from rota.stores.sql.pool import Pool
from rota.stores.sql.statements import load_statements, load_steps
from rota.stores.sql.wakeups import Hub, HubWakeup

PACKAGE = "rota.stores.postgres"
STEPS = load_steps(PACKAGE)
MIGRATION_LOCK = (1380930625, -1)  # see `take_gates`

# All that a transaction needs is found by an index. The planner is told so: on a small table, on one that
# was never analyzed or one that is mostly dead rows it would rather hash the whole of it for a batch.
BY_INDEX = b"""SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off; SET LOCAL jit = off"""
# One round trip. Local to the transaction, as PgBouncer forgets what a session has set. A node that is
# stopped in the middle of a transaction must not keep what it has locked: what is due has to be decided by
# another one within five seconds. Ours never wait for anything but the server between two statements.
WRITING = (
    b"SET LOCAL statement_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '3s'; " + BY_INDEX
)
BEGIN = b"BEGIN; " + WRITING
BEGIN_READ = b"BEGIN READ ONLY; " + BY_INDEX
BEGIN_MIGRATION = b"BEGIN; SET LOCAL lock_timeout = '10s'"


class PostgresDatabase:
    """See `rota.stores.sql.database.Database`."""

    def __init__(self, address: Address) -> None:
        self.url = address.shown
        self._address = address
        self._statements = load_statements(PACKAGE)
        self._pool: Pool[psycopg.Connection[Any]] = Pool(
            self._open, _close, _is_sound, address.most_connections
        )
        self._hub = Hub()
        self._listener: Listener | None = None
        self._checked = False

    @classmethod
    def of(cls, url: str) -> PostgresDatabase:
        return cls(Address.of(url))

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        with self._cursor() as (connection, cursor):
            connection.execute(BEGIN)
            with _rolled_back_on_error(connection):
                yield cursor
                if cursor.topics:
                    cursor.tell(cursor.topics, self._sender)
                connection.execute("COMMIT", prepare=False)
        self._announce(cursor)

    @contextmanager
    def single(self) -> Iterator[Cursor]:
        with self._cursor(self._sender) as (_, cursor):
            yield cursor
            if untold := cursor.topics - cursor.told:
                cursor.tell(untold, self._sender)
        self._announce(cursor)

    @contextmanager
    def read(self, *, by_index: bool = False) -> Iterator[Cursor]:
        with self._cursor() as (connection, cursor):
            if not by_index:
                yield cursor
                return
            connection.execute(BEGIN_READ)
            with _rolled_back_on_error(connection):
                yield cursor
                connection.execute("COMMIT", prepare=False)

    def borrowed(self, connection: Any) -> Cursor:
        return BorrowedCursor(cursor_on(connection), self._statements)

    def migrate(self, *, dry_run: bool) -> list[str]:
        with self._guarded(), self._pool.connection() as connection:
            if dry_run:
                return [name for _, name, _ in self._missing_steps(connection)]
            connection.execute(BEGIN_MIGRATION)
            with _rolled_back_on_error(connection):
                connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", MIGRATION_LOCK)
                steps = self._missing_steps(connection)
                for number, name, text in steps:
                    connection.execute(text.encode())
                    connection.execute("INSERT INTO rota_schema (step, name) VALUES (%s, %s)", (number, name))
                connection.execute("COMMIT")
        self._checked = False
        return [name for _, name, _ in steps]

    def version(self) -> str:
        with self.read() as cursor:
            ((snapshot,),) = cursor.rows("version")
        return str(snapshot)

    def wakeup(self) -> HubWakeup:
        if self._listener is not None and self._listener.is_of_this_process:
            return HubWakeup(self._hub)
        self._hub = Hub()
        first = HubWakeup(self._hub)  # before the listener begins: its first word is for this one
        self._listener = Listener(self._open, self._hub, self._sender, self.url)
        return first

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self._pool.drop_idle()

    @property
    def _sender(self) -> str:
        return f"{os.getpid()}-{id(self):x}"

    def _announce(self, cursor: PostgresCursor) -> None:
        if cursor.topics:
            self._hub.announce(cursor.topics)

    @contextmanager
    def _cursor(self, sender: str | None = None) -> Iterator[tuple[psycopg.Connection[Any], PostgresCursor]]:
        with self._guarded(), self._pool.connection() as connection:
            if not self._checked:
                self._check_schema(connection)
            yield connection, PostgresCursor(cursor_on(connection), self._statements, sender)

    def _check_schema(self, connection: psycopg.Connection[Any]) -> None:
        if steps := self._missing_steps(connection):
            raise SchemaOutdated(self.url, steps[0][0] - 1, STEPS[-1][0])
        self._checked = True

    def _missing_steps(self, connection: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
        is_there = connection.execute("SELECT to_regclass('rota_schema') IS NOT NULL").fetchone()
        found = 0
        if is_there is not None and is_there[0]:
            last = connection.execute("SELECT coalesce(max(step), 0) FROM rota_schema").fetchone()
            found = last[0] if last is not None else 0
        if found > STEPS[-1][0]:
            raise SchemaOutdated(self.url, found, STEPS[-1][0])
        return [step for step in STEPS if step[0] > found]

    def _open(self) -> psycopg.Connection[Any]:
        return self._address.connect()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            raise Conflict(str(error)) from error
        except errors.UndefinedTable as error:
            self._checked = False  # the schema was dropped, or is another one's
            raise SchemaOutdated(self.url, 0, STEPS[-1][0]) from error
        except (psycopg.OperationalError, psycopg.InterfaceError, errors.InternalError) as error:
            self._pool.drop_idle()  # what broke one connection, such as a restart, broke the others
            raise StoreUnavailable(self.url, " ".join(str(error).split())) from error


@contextmanager
def _rolled_back_on_error(connection: psycopg.Connection[Any]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            connection.execute("ROLLBACK", prepare=False)
        raise


def _close(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error):
        connection.close()


def _is_sound(connection: psycopg.Connection[Any]) -> bool:
    return not connection.closed and connection.info.transaction_status is TransactionStatus.IDLE
