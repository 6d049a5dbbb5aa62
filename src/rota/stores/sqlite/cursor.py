"""Named statements on one SQLite connection."""

from __future__ import annotations

import sqlite3
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from rota.stores.sql.database import Row
from rota.stores.sqlite.bulk import alike, claimed
from rota.stores.sqlite.filters import asked

# Python 3.12.0 to 3.12.3 take `?1` for a named parameter, and warn of each row: python/cpython#117995.
if (3, 12, 0) <= sys.version_info < (3, 12, 4):
    warnings.filterwarnings("ignore", "Binding .* is a named parameter", DeprecationWarning)


class SqliteCursor:
    """See `rota.stores.sql.database.Cursor`.

    Args:
        cursor: The driver's cursor, or one of Django's, which wraps it. Its rows are tuples.
    """

    def __init__(self, cursor: Any, statements: Mapping[str, str]) -> None:
        self._cursor = cursor
        self._statements = statements
        self.topics: set[str] = set()

    @classmethod
    def on(cls, connection: sqlite3.Connection, statements: Mapping[str, str]) -> SqliteCursor:
        """Return a cursor on a connection of the driver's."""
        return cls(bare_cursor(connection), statements)

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        if name == "claim_free":
            return claimed(self._cursor, self._statements, name, _plain(parameters))
        statement = asked(self._statements[name], parameters)
        found: list[Row] = self._cursor.execute(statement, _plain(parameters)).fetchall()
        return found

    def run(self, name: str, /, **parameters: Any) -> int:
        return int(self._cursor.execute(self._statements[name], _plain(parameters)).rowcount)

    def batch(self, name: str, rows: Sequence[Row]) -> int:
        if not rows:
            return 0
        if name == "settle_final" and len(rows) > 1 and (parameters := alike(rows)):
            return int(self._cursor.execute(self._statements["settle_alike"], parameters).rowcount)
        return int(self._cursor.executemany(self._statements[name], rows).rowcount)

    def batch_rows(self, name: str, rows: Sequence[Row]) -> list[Row]:
        statement, cursor = self._statements[name], self._cursor
        without_answer, is_write, _ = statement.rpartition("RETURNING")
        if is_write and len(rows) > 1 and cursor.connection.in_transaction:
            # To ask for the answer row by row takes twice as long.
            if name == "enqueue_run":
                return self._insert_new(without_answer, rows)
            if self._takes_all(without_answer, rows):
                return [row[:1] for row in rows]
        return [found for row in rows for found in cursor.execute(statement, row).fetchall()]

    def _insert_new(self, insert: str, rows: Sequence[Row]) -> list[Row]:
        """Insert the rows that are not there: nobody else writes until the commit.

        Not with a savepoint: within one, each insert into a table with triggers writes the pages that it
        changes to a file of its own, which takes ten times as long when they are many.
        """
        ids = _plain({"ids": [row[0] for row in rows]})
        known = {found for (found,) in self._cursor.execute(self._statements["known_runs"], ids).fetchall()}
        new = [row for row in rows if row[0] not in known] if known else rows
        if new:
            self._cursor.executemany(insert, new)
        return [row[:1] for row in new]

    def _takes_all(self, write: str, rows: Sequence[Row]) -> bool:
        """Say whether every row is taken, as nearly always. If not, nothing is done."""
        cursor = self._cursor
        cursor.execute("SAVEPOINT batch")
        taken: bool = cursor.executemany(write, rows).rowcount == len(rows)
        if not taken:
            cursor.execute("ROLLBACK TO batch")
        cursor.execute("RELEASE batch")
        return taken

    def notify(self, topics: Iterable[str]) -> None:
        self.topics.update(topics)


def bare_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor whose rows are tuples: the caller's connection may make anything of them."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    for name, value in parameters.items():
        if isinstance(value, list):
            parameters[name] = msgspec.json.encode(value).decode()
    return parameters
