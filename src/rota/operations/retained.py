"""What retention keeps and deletes, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import ENDED, RunQuery
from rota.operations.history import count_runs, hours_until, summed

if TYPE_CHECKING:
    from rota.app import Rota

DAY = timedelta(days=1)
COUNTED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What history holds.

    Attributes:
        age, keep: The retention in force.
        held: Runs that history holds now.
        daily: Runs made in the last 24 hours; of many those that ended in the last 24 hours of the clock.
        old: Ended runs older than the retention; `old_more`: and more.
        removable: Those of them that the next purge deletes: all but the last `keep` of each schedule. `None`
            if there are too many to be counted.
    """

    age: timedelta
    keep: int
    held: int
    daily: int
    old: int
    old_more: bool
    removable: int | None

    @property
    def expected(self) -> int:
        """Runs that history will hold if every day is like the last one."""
        return round(self.daily * (self.age / DAY))


def retained(rota: Rota) -> Retained:
    """Return what retention does. Reads only."""
    now, history = rota.clock.now(), rota.settings.history
    daily, is_cut = count_runs(rota, RunQuery(since=now - DAY), COUNTED)
    if is_cut:
        daily = sum(summed(rota.store.ended(rota.name, hours_until(now)[0])).values())
    before = now - history.age
    query = RunQuery(until=before, states=tuple(sorted(ENDED)))
    old, old_more = count_runs(rota, query, COUNTED)
    return Retained(
        age=history.age,
        keep=history.keep,
        held=sum(rota.store.counts(rota.name, now).runs.values()),
        daily=daily,
        old=old,
        old_more=old_more,
        removable=None if old_more else _removable(rota, before),
    )


def _removable(rota: Rota, before: datetime) -> int:
    return rota.store.purge(rota.name, before, rota.settings.history.keep, COUNTED, dry_run=True)
