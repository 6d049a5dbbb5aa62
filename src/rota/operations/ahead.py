"""What is due soon: only the schedules that are, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.occurrences import compiled, firing_in
from rota.core.records import DueSchedule
from rota.errors import RotaError

if TYPE_CHECKING:
    from rota.app import Rota

SCHEDULES = 500
EACH = 300  # occurrences of one schedule
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Planned:
    """An occurrence that lies ahead."""

    at: datetime
    schedule: str


@dataclass(frozen=True, slots=True)
class Coming:
    """What lies ahead of one schedule.

    Attributes:
        at: Its next occurrence.
        count: How many there are; no more than `EACH` are counted.
    """

    at: datetime
    schedule: str
    count: int


def coming(rota: Rota, until: datetime, most: int) -> tuple[list[Coming], int]:
    """Return what lies ahead of each schedule up to `until`, the one that is due next first.

    Args:
        most: So many schedules; of the others not more than the next occurrence is computed.

    Returns:
        Them, and how many schedules more there are, of the first 500.
    """
    now = rota.clock.now()
    due = {one.name: one for one in rota.store.due(rota.name, until, SCHEDULES)}
    first = [next(_of(one, now, until), None) for one in due.values()]
    found = sorted((one for one in first if one is not None), key=lambda one: (one.at, one.schedule))
    counted = [
        Coming(one.at, one.schedule, sum(1 for _ in _of(due[one.schedule], now, until)))
        for one in found[:most]
    ]
    return counted, len(found) - len(counted)


def ahead(rota: Rota, until: datetime, most: int | None = None) -> list[Planned]:
    """Return the occurrences up to `until` that will run, earliest first; of the first 500 schedules.

    Args:
        most: Only so many; those behind them are not computed.
    """
    now = rota.clock.now()
    each = [_of(due, now, until) for due in rota.store.due(rota.name, until, SCHEDULES)]
    return list(islice(merge(*each, key=lambda one: (one.at, one.schedule)), most))


def soonest(rota: Rota) -> Planned | None:
    """Return the occurrence that is next of all, however far away."""
    due = rota.store.next_due(rota.name)
    if due is None:
        return None
    return next(iter(ahead(rota, max(due, rota.clock.now() + HOUR), 1)), None)


def _of(due: DueSchedule, now: datetime, until: datetime) -> Iterator[Planned]:
    definition, after = due.definition, max(now, due.cursor)
    most = EACH if definition.max_runs is None else min(EACH, definition.max_runs - due.runs_made)
    try:
        timetable = compiled(due.name, definition)
        for at in islice(firing_in(timetable, definition, due.pause, after, until), max(most, 0)):
            yield Planned(at, due.name)
    except (RotaError, ArithmeticError):  # the doctor says why, and its quarantine
        return
