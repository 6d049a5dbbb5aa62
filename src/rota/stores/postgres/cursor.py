"""Named statements on one PostgreSQL connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.types.string import TextLoader

from rota.stores.postgres.arrays import array_text
from rota.stores.postgres.narrow import narrowed
from rota.stores.sql.database import RUNS, Row

CHANNEL = "rota"
# What may be narrowed: statements that insert runs. One that looks for rows is planned by what it looks for,
# and would be planned otherwise for a value that happens to be the same in a batch.
INSERTS = frozenset({"add_run", "enqueue_run"})
# What is prepared on the server, where `Address.connect` allows it: statements that one run waits for, and
# the insert of one run. Parsing and planning them takes longer than executing them. Their generic plans are
# held to the index by `tests/stores/test_plans.py`, also those made for empty tables. Batches gain nothing.
PREPARED = frozenset({"ready_levels", "next_ready", "claim_free", "next_due"})


class PostgresCursor:
    """See `rota.stores.sql.database.Cursor`."""

    may_prepare = True

    def __init__(
        self, cursor: psycopg.Cursor[Row], statements: Mapping[str, str], sender: str | None = None
    ) -> None:
        self._cursor = cursor
        self._statements = statements
        self._sender = sender  # of a statement that tells by itself what it did
        self.topics: set[str] = set()
        self.told: set[str] = set()

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        return self._execute(name, _plain(parameters)).fetchall()

    def run(self, name: str, /, **parameters: Any) -> int:
        return self._execute(name, _plain(parameters)).rowcount

    def batch(self, name: str, rows: Sequence[Row]) -> int:
        return self._batch(name, rows).rowcount if rows else 0

    def batch_rows(self, name: str, rows: Sequence[Row]) -> list[Row]:
        if self._sender is not None and name == "enqueue_run":
            self.told = {RUNS}
            message = _message(self._sender, self.told)
            return self._insert("enqueue_and_tell", rows, message=message).fetchall()
        return self._batch(name, rows).fetchall() if rows else []

    def notify(self, topics: Iterable[str]) -> None:
        self.topics.update(topics)

    def tell(self, topics: Iterable[str], sender: str) -> None:
        """Send the topics to the other processes, when this transaction commits."""
        self._cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, _message(sender, topics)), prepare=False)

    def _batch(self, name: str, rows: Sequence[Row]) -> psycopg.Cursor[Row]:
        if name in INSERTS:
            return self._insert(name, rows)
        columns = zip(*rows, strict=True)
        return self._execute(name, {f"c{place}": array_text(one) for place, one in enumerate(columns, 1)})

    def _insert(self, name: str, rows: Sequence[Row], **more: str) -> psycopg.Cursor[Row]:
        statement, parameters = narrowed(self._statements[name], list(zip(*rows, strict=True)))
        return self._send(statement, {**parameters, **more}, prepare=len(rows) == 1)

    def _execute(self, name: str, parameters: dict[str, Any]) -> psycopg.Cursor[Row]:
        return self._send(self._statements[name], parameters, prepare=name in PREPARED)

    def _send(self, statement: str, parameters: dict[str, Any], *, prepare: bool) -> psycopg.Cursor[Row]:
        return self._cursor.execute(statement.encode(), parameters, prepare=prepare and self.may_prepare)


class BorrowedCursor(PostgresCursor):
    """On the caller's connection, inside the caller's transaction: nobody is woken unless it commits."""

    may_prepare = False  # there may be a pooler, and the planner has been told nothing

    def __init__(self, cursor: psycopg.Cursor[Row], statements: Mapping[str, str]) -> None:
        super().__init__(cursor, statements, sender="")

    def notify(self, topics: Iterable[str]) -> None:
        if untold := set(topics) - self.told:
            self.told |= untold
            self.tell(untold, "")


def cursor_on(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Row]:
    """Return a cursor as ours are: the connection may make anything of its rows and types."""
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    read_ids_as_text(cursor)
    return cursor


def read_ids_as_text(cursor: psycopg.Cursor[Any]) -> None:
    """Let the cursor read ids as the texts they are everywhere else."""
    cursor.adapters.register_loader("uuid", TextLoader)


def _message(sender: str, topics: Iterable[str]) -> str:
    return f"{sender} {' '.join(sorted(topics))}"


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    for name, value in parameters.items():
        if isinstance(value, list):
            parameters[name] = array_text(value)
    return parameters
