"""What can go wrong at one use of the store."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum

from rota.errors import StoreUnavailable
from rota.stores.sql.database import Conflict

URL = "sqlite:///:memory:"


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing after this line happens."""


class Kind(Enum):
    """How a use of the store goes wrong."""

    REFUSED = "refused"  # nothing is begun
    BROKEN = "broken between statements"  # the connection is lost: rolled back
    CONFLICT = "serialization failure"  # another transaction was preferred: rolled back
    NOT_COMMITTED = "commit failed"  # rolled back, and the process is told so
    UNKNOWN = "commit unknown"  # committed, and the answer is lost
    KILLED_INSIDE = "killed between statements"
    KILLED_BEFORE = "killed before commit"
    KILLED_AFTER = "killed after commit"

    @property
    def inside(self) -> bool:
        """Say whether it happens at a statement."""
        return self in (Kind.BROKEN, Kind.CONFLICT, Kind.KILLED_INSIDE)

    @property
    def after_commit(self) -> bool:
        return self in (Kind.UNKNOWN, Kind.KILLED_AFTER)


WEIGHTS = {
    Kind.REFUSED: 3,
    Kind.BROKEN: 4,
    Kind.CONFLICT: 4,
    Kind.NOT_COMMITTED: 2,
    Kind.UNKNOWN: 5,
    Kind.KILLED_INSIDE: 1,
    Kind.KILLED_BEFORE: 1,
    Kind.KILLED_AFTER: 2,
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What goes wrong with one use, and before which of its statements, counted from 0."""

    kind: Kind
    statement: int = 0

    def error(self) -> BaseException:
        if self.kind in (Kind.KILLED_INSIDE, Kind.KILLED_BEFORE, Kind.KILLED_AFTER):
            return Killed(self.kind.value)
        if self.kind is Kind.CONFLICT:
            return Conflict(self.kind.value)
        return StoreUnavailable(URL, self.kind.value)


class Faults:
    """Draws fates, and counts what has happened.

    Args:
        rate: Part of the uses of the store that go wrong.
    """

    def __init__(self, chance: random.Random, rate: float) -> None:
        self._chance, self.rate = chance, rate
        self.counts: Counter[str] = Counter()

    def draw(self, *, writes: bool, may_die: bool) -> Fate | None:
        if self._chance.random() >= self.rate:
            return None
        kinds = [one for one in WEIGHTS if may_die or not one.value.startswith("killed")]
        if not writes:
            kinds = [Kind.REFUSED, Kind.BROKEN]
        (kind,) = self._chance.choices(kinds, [WEIGHTS[one] for one in kinds])
        self.counts[kind.value] += 1
        return Fate(kind, self._chance.choice((0, 0, 1, 1, 2, 3, 5)))
