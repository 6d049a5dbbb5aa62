"""The port to a database: named statements in a transaction, and nothing of any driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from rota.errors import RotaError, StoreUnavailable
from rota.ports import Wakeup

Row = tuple[Any, ...]
T = TypeVar("T")

SCHEDULES, RUNS, CANCEL = TOPICS = ("schedules", "runs", "cancel")
TRIES = 5


class Cursor(Protocol):
    """Executes named statements. A list given as a parameter comes as the database's own list."""

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        """Return the rows of a statement."""
        ...

    def run(self, name: str, /, **parameters: Any) -> int:
        """Return how many rows a statement changed."""
        ...

    def batch(self, name: str, rows: Sequence[Row]) -> int:
        """Run a statement for each row, at once; return how many rows were changed."""
        ...

    def batch_rows(self, name: str, rows: Sequence[Row]) -> list[Row]:
        """Run a statement for each row, at once; return the first values of the rows it took, in no order."""
        ...

    def notify(self, topics: Iterable[str]) -> None:
        """Wake the nodes that wait for one of `topics`, once this is committed."""
        ...


class Database(Protocol):
    """Where statements are executed. All of its errors are `StoreUnavailable` or `Conflict`, or bugs."""

    url: str

    def transaction(self) -> AbstractContextManager[Cursor]:
        """Commit at the end, roll back on an error. Sees what was committed before each statement."""
        ...

    def read(self, *, by_index: bool = False) -> AbstractContextManager[Cursor]:
        """Read only. Never waits for a writer.

        With `by_index`, rows are found by an index, whatever the planner believes of the table: for a
        walk in order that stops early.
        """
        ...

    def single(self) -> AbstractContextManager[Cursor]:
        """One writing statement, which is a transaction of its own."""
        ...

    def borrowed(self, connection: Any) -> Cursor:
        """Return a cursor on a connection that the caller owns, inside the caller's transaction."""
        ...

    def migrate(self, *, dry_run: bool) -> list[str]:
        """Apply the schema steps that are missing, and return their names."""
        ...

    def version(self) -> str:
        """Return a text that differs after every commit, of this process or another."""
        ...

    def wakeup(self) -> Wakeup: ...
    def close(self) -> None: ...


class Conflict(RotaError):
    """The database chose this transaction as the victim of a deadlock or of a serialization failure."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"the transaction lost against another one: {problem}")


class Abandoned(RotaError):
    """A verb found that something has changed since: all it did is rolled back."""

    def __init__(self) -> None:
        super().__init__("something has changed since: nothing was written")


def write(database: Database, work: Callable[[Cursor], T]) -> T:
    """Do `work` in one transaction; once more if another transaction was preferred to it.

    Nothing of the lost one was written, so that repeating it is safe.
    """
    problem = ""
    for _ in range(TRIES):
        try:
            with database.transaction() as cursor:
                return work(cursor)
        except Conflict as conflict:
            problem = conflict.problem
    raise StoreUnavailable(database.url, f"{TRIES} times in a row, {problem}")


def write_or_abandon(database: Database, work: Callable[[Cursor], object]) -> bool:
    """Do `work` in one transaction, and say whether it was done; `Abandoned` undoes it."""
    try:
        write(database, work)
    except Abandoned:
        return False
    return True
