"""A SQLite file of Django's."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import connections

from rota.errors import StoreUnavailable
from rota.integrations.django.storage.database import DjangoDatabase
from rota.stores.sql.database import Cursor, Row
from rota.stores.sql.statements import load_statements
from rota.stores.sqlite.cursor import SqliteCursor
from rota.stores.sqlite.database import PACKAGE
from rota.stores.sqlite.files import STEPS, is_out_of_reach

_PLACE = re.compile(r"\?(\d+)")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z]\w*)")
# Changes nothing, and takes the write lock as any statement does that might. Django begins "deferred" unless
# `transaction_mode` says otherwise: a transaction that first reads and then asks for the lock can be refused
# without waiting, when another one wrote in between.
TAKE_THE_LOCK = "UPDATE rota_schema SET step = step WHERE 0"


class SqliteThroughDjango(DjangoDatabase):
    """See `DjangoDatabase`."""

    def __init__(self, alias: str) -> None:
        statements = {name: _for_django(text) for name, text in load_statements(PACKAGE).items()}
        super().__init__(alias, statements, STEPS)
        self._seen, self._numbers = threading.local(), count(1)

    @contextmanager
    def cursor_on(self, connection: Any) -> Iterator[SqliteCursor]:
        with connection.cursor() as cursor:
            yield SqliteCursor(_Wrapped(cursor), self._statements)

    @contextmanager
    def single(self) -> Iterator[Cursor]:
        connection = connections[self.alias]
        try:
            with super().single() as cursor:
                yield cursor
        except BaseException:
            # A batch that is a transaction of its own begins it behind Django's back.
            if connection.connection is not None and not connection.in_atomic_block:
                connection.connection.rollback()
            raise

    def begin(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TAKE_THE_LOCK)

    def version(self) -> str:
        connection = connections[self.alias]
        connection.ensure_connection()
        driver, seen = connection.connection, self._seen
        if getattr(seen, "driver", None) is not driver:
            seen.driver, seen.number = driver, next(self._numbers)
        with self.guarded(), connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")  # changes by commits of others; each connection has its own
            return f"{seen.number}-{cursor.fetchone()[0]}-{driver.total_changes}"

    def translated(self, error: BaseException) -> Exception | None:
        if not isinstance(error, sqlite3.Error):
            return None
        if str(error).startswith("no such table: rota_"):
            return self.outdated()
        return StoreUnavailable(self.url, str(error)) if is_out_of_reach(error) else None


class _Wrapped:
    """Django's cursor, asked as the driver's is: the columns of a row are named `c1`, `c2` ..."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.connection = cursor.connection

    def execute(self, query: str, parameters: Any = None) -> Any:
        named = _named(parameters) if isinstance(parameters, tuple) else parameters
        return self._cursor.execute(query, named)

    def executemany(self, query: str, rows: Sequence[Row]) -> Any:
        return self._cursor.executemany(query, list(map(_named, rows)))


def _named(row: Row) -> dict[str, Any]:
    return {f"c{place}": value for place, value in enumerate(row, 1)}


def _for_django(text: str) -> str:
    """Return a statement in the one form of parameters that Django knows, also when it logs a query."""
    return _PARAMETER.sub(r"%(\1)s", _PLACE.sub(r":c\1", text.replace("%", "%%")))
