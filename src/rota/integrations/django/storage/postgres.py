"""A PostgreSQL database of Django's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import uuid4

import psycopg
from django.db import connections, transaction
from psycopg import errors

from rota.errors import StoreUnavailable
from rota.integrations.django.storage.database import DjangoDatabase
from rota.stores.postgres.cursor import BorrowedCursor, read_ids_as_text
from rota.stores.postgres.database import BY_INDEX, PACKAGE, STEPS, WRITING
from rota.stores.sql.database import Conflict, Cursor
from rota.stores.sql.statements import load_statements


class PostgresThroughDjango(DjangoDatabase):
    """See `DjangoDatabase`."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias, load_statements(PACKAGE), STEPS)

    @contextmanager
    def cursor_on(self, connection: Any) -> Iterator[BorrowedCursor]:
        with connection.cursor() as wrapper:
            read_ids_as_text(wrapper.cursor)
            yield BorrowedCursor(cast("psycopg.Cursor[Any]", _Wrapped(wrapper)), self._statements)

    def begin(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(WRITING.decode())

    @contextmanager
    def read(self, *, by_index: bool = False) -> Iterator[Cursor]:
        connection = connections[self.alias]
        if not by_index or connection.in_atomic_block:  # a hint would hold for the rest of the caller's
            with super().read() as cursor:
                yield cursor
            return
        with self.guarded(), transaction.atomic(using=self.alias):
            with connection.cursor() as hinting:
                hinting.execute(BY_INDEX.decode())
            with self.cursor_on(connection) as cursor:
                yield cursor

    def version(self) -> str:
        if connections[self.alias].in_atomic_block:
            return uuid4().hex  # what the caller's own transaction writes shows in no snapshot
        with self.read() as cursor:
            ((snapshot,),) = cursor.rows("version")
        return str(snapshot)

    def translated(self, error: BaseException) -> Exception | None:
        if isinstance(error, errors.DeadlockDetected | errors.SerializationFailure):
            return Conflict(str(error))
        if isinstance(error, errors.UndefinedTable):
            return self.outdated()
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | errors.InternalError):
            return StoreUnavailable(self.url, " ".join(str(error).split()))
        return None


class _Wrapped:
    """Django's cursor, asked as psycopg's is: it takes texts, and prepares what its options say."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, query: bytes | str, parameters: Any = None, *, prepare: bool = False) -> Any:
        text = query.decode() if isinstance(query, bytes) else query
        return self._cursor.execute(text, parameters)
