"""What both databases have in common when they are reached through Django.

The statements are the very same as those of the stand-alone stores. A verb joins the transaction the caller
is in: inside `atomic()` it commits or rolls back with it, and a `TestCase` sees and forgets what it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import Error as DjangoError
from django.db import connections, transaction

from rota.errors import InvalidValue, SchemaOutdated
from rota.stores.sql.database import Cursor
from rota.stores.sql.wakeups import Hub, HubWakeup

Steps = list[tuple[int, str, str]]


class DjangoDatabase:
    """See `rota.stores.sql.database.Database`. Each thread uses its own connection, as everywhere in Django.

    Args:
        alias: Which of `DATABASES`.
        statements: Of this kind of database.
        steps: Its schema, in order.
    """

    def __init__(self, alias: str, statements: Mapping[str, str], steps: Steps) -> None:
        self.alias, self.url = alias, f"django:{alias}"
        self._statements, self._steps = statements, steps
        self._hub = Hub()

    # -- what differs between the databases
    def cursor_on(self, connection: Any) -> AbstractContextManager[Cursor]:
        """Return a cursor on a connection of Django's, closed at the end."""
        raise NotImplementedError

    def begin(self, connection: Any) -> None:
        """Prepare a transaction that is ours alone, and will write."""
        raise NotImplementedError

    def version(self) -> str:
        """Return a text that differs after every change. See `rota.stores.sql.database.Database.version`."""
        raise NotImplementedError

    def translated(self, error: BaseException) -> Exception | None:
        """Return what an error of the driver means to Rota; `None`: a mistake of ours."""
        raise NotImplementedError

    # -- the port
    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        connection = connections[self.alias]
        with self.guarded():
            is_ours = not connection.in_atomic_block
            with transaction.atomic(using=self.alias):  # a savepoint, if it is not ours
                if is_ours:
                    self.begin(connection)
                with self.cursor_on(connection) as cursor:
                    yield cursor

    @contextmanager
    def single(self) -> Iterator[Cursor]:
        with self.guarded(), self.cursor_on(connections[self.alias]) as cursor:
            yield cursor

    @contextmanager
    def read(self, *, by_index: bool = False) -> Iterator[Cursor]:
        with self.guarded(), self.cursor_on(connections[self.alias]) as cursor:
            yield cursor

    def borrowed(self, connection: Any) -> Cursor:
        raise InvalidValue(
            "connection",
            connection,
            "a run is made on the connection that Django has for this thread",
            f"Leave it out, and enqueue inside transaction.atomic(using={self.alias!r}).",
        )

    def migrate(self, *, dry_run: bool) -> list[str]:
        """Return the steps that are missing. They are applied by Django's migrations, and not here."""
        found = self._last_step()
        if found > self._steps[-1][0]:
            raise SchemaOutdated(self.url, found, self._steps[-1][0])
        missing = [name for number, name, _ in self._steps if number > found]
        if missing and not dry_run:
            raise self.outdated(found)
        return missing

    def wakeup(self) -> HubWakeup:
        """Return one that knows of nothing: nodes have connections of their own, and hear by those."""
        return HubWakeup(self._hub)

    def close(self) -> None:
        """Leave the connection open: it is Django's."""

    def outdated(self, found: int = 0) -> SchemaOutdated:
        """Return the error that tells to migrate."""
        remedy = f"manage.py migrate rota --database={self.alias}"
        return SchemaOutdated(self.url, found, self._steps[-1][0], remedy)

    def _last_step(self) -> int:
        connection = connections[self.alias]
        with self.guarded(), connection.cursor() as cursor:
            if "rota_schema" not in connection.introspection.table_names(cursor):
                return 0
            cursor.execute("SELECT coalesce(max(step), 0) FROM rota_schema")
            return int(cursor.fetchone()[0])

    @contextmanager
    def guarded(self) -> Iterator[None]:
        try:
            yield
        except DjangoError as error:
            meant = None if error.__cause__ is None else self.translated(error.__cause__)
            if meant is None:
                raise
            raise meant from error
