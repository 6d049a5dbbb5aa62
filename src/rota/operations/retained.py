"""What retention keeps and deletes, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from rota.core.records import ENDED, RunQuery
from rota.operations.history import count_runs

if TYPE_CHECKING:
    from rota.app import Rota

DAY = timedelta(days=1)
COUNTED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What history holds.

    Attributes:
        age, keep: The retention in force.
        held: Runs that history holds now.
        daily: Runs made in the last 24 hours; `daily_more`: and more.
        old: Ended runs older than the retention; the next purge deletes them, but for the last `keep` of each
            schedule. `old_more`: and more.
    """

    age: timedelta
    keep: int
    held: int
    daily: int
    daily_more: bool
    old: int
    old_more: bool

    @property
    def expected(self) -> int:
        """Runs that history will hold if every day is like the last one."""
        return round(self.daily * (self.age / DAY))


def retained(rota: Rota) -> Retained:
    """Return what retention does. Reads only."""
    now, history = rota.clock.now(), rota.settings.history
    daily, daily_more = count_runs(rota, RunQuery(since=now - DAY), COUNTED)
    query = RunQuery(until=now - history.age, states=tuple(sorted(ENDED)))
    old, old_more = count_runs(rota, query, COUNTED)
    return Retained(
        age=history.age,
        keep=history.keep,
        held=sum(rota.store.counts(rota.name, now).runs.values()),
        daily=daily,
        daily_more=daily_more,
        old=old,
        old_more=old_more,
    )
