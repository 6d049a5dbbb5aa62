"""The store that all processes of a simulation share, and the port through which each of them uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from rota.stores.sql.database import Cursor, Row
from rota.stores.sql.statements import load_statements
from rota.stores.sqlite.cursor import SqliteCursor, bare_cursor
from rota.stores.sqlite.files import configure, prepare
from rota.testing.chaos.faults import Fate, Kind
from rota.testing.chaos.witness import Stamp, install

URL = "sqlite:///:memory:"


class Weather(Protocol):
    """What one process meets on its way to the store. All of it may raise `StoreUnavailable` or `Killed`."""

    def before(self) -> None:
        """Let others act first, or time pass."""
        ...

    def after(self) -> None:
        """The same, when something was committed."""
        ...

    def fate(self, writes: bool) -> Fate | None:
        """Return what is to go wrong with this use."""
        ...

    def stamp(self, transaction: int) -> Stamp: ...
    def now_us(self) -> int: ...
    def announce(self, topics: Iterable[str]) -> None: ...


class Disk:
    """SQLite in memory, with the schema of the product and a witness."""

    def __init__(self) -> None:
        self.connection = configure(None, 5.0)
        prepare(self.connection, URL)
        self.statements = load_statements("rota.stores.sqlite")
        self.transactions = 0
        self.stamp = Stamp(0, 0, "", 0)
        install(self.connection, lambda: self.stamp)

    def close(self) -> None:
        self.connection.close()


class SimDatabase:
    """Implements `rota.stores.sql.database.Database` for one process, over the shared disk."""

    url = URL

    def __init__(self, disk: Disk, weather: Weather) -> None:
        self.disk, self.weather = disk, weather

    def transaction(self) -> Use:
        return Use(self, writes=True, retried=True)

    def single(self) -> Use:
        return Use(self, writes=True, retried=False)

    def read(self, *, by_index: bool = False) -> Use:
        return Use(self, writes=False, retried=False)

    def borrowed(self, connection: Any) -> Cursor:
        return SqliteCursor.on(connection, self.disk.statements)

    def migrate(self, *, dry_run: bool) -> list[str]:
        return []

    def version(self) -> str:
        return str(self.disk.connection.total_changes)

    def wakeup(self) -> Any:
        raise NotImplementedError("the simulation wakes steps itself")

    def close(self) -> None:
        """Nothing is held open."""


class Use:
    """One use of the store: a transaction that commits at the end, unless its fate is another."""

    __slots__ = ("_base", "_cursor", "_fate", "_retried", "_writes")

    def __init__(self, base: SimDatabase, *, writes: bool, retried: bool) -> None:
        self._base, self._writes, self._retried = base, writes, retried

    def __enter__(self) -> SimCursor:
        base = self._base
        weather, disk = base.weather, base.disk
        weather.before()
        fate = self._fate = weather.fate(self._writes)
        if fate is not None:
            if fate.kind is Kind.CONFLICT and not self._retried:
                fate = self._fate = Fate(Kind.BROKEN, fate.statement)
            if fate.kind is Kind.REFUSED:
                raise fate.error()
        if self._writes:
            disk.transactions += 1
            disk.stamp = weather.stamp(disk.transactions)
            disk.connection.execute("BEGIN IMMEDIATE")
        self._cursor = SimCursor(disk.connection, disk.statements, weather, fate)
        return self._cursor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        weather, disk, fate = self._base.weather, self._base.disk, self._fate
        if error is not None:
            if self._writes:
                disk.connection.rollback()
            return
        if not self._writes:
            weather.after()
            return
        if fate is not None and not fate.kind.after_commit:
            disk.connection.rollback()
            raise fate.error()
        disk.connection.execute("COMMIT")
        if self._cursor.topics:
            weather.announce(self._cursor.topics)
        if fate is not None:
            raise fate.error()
        weather.after()


class SimCursor(SqliteCursor):
    """A cursor whose transaction may break at any statement, and whose clock is the simulation's."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        statements: Mapping[str, str],
        weather: Weather,
        fate: Fate | None,
    ) -> None:
        super().__init__(bare_cursor(connection), statements)
        self._weather, self._fate, self._count = weather, fate, 0

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        if name == "clock":
            return [(self._weather.now_us(),)]
        if self._fate is not None:
            self._break(self._fate)
        return super().rows(name, **parameters)

    def run(self, name: str, /, **parameters: Any) -> int:
        if self._fate is not None:
            self._break(self._fate)
        return super().run(name, **parameters)

    def batch(self, name: str, rows: Sequence[Row]) -> int:
        if self._fate is not None and rows:
            self._break(self._fate)
        return super().batch(name, rows)

    def batch_rows(self, name: str, rows: Sequence[Row]) -> list[Row]:
        if self._fate is not None and rows:
            self._break(self._fate)
        return super().batch_rows(name, rows)

    def _break(self, fate: Fate) -> None:
        """Fail before the statement that fate has chosen."""
        self._count += 1
        if fate.kind.inside and self._count > fate.statement:
            raise fate.error()
