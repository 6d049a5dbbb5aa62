"""What a calendar shows: the occurrences of the coming 30 days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.ids import occurrence_id
from rota.core.occurrences import compiled
from rota.core.records import Schedule, ScheduleQuery
from rota.errors import RotaError
from rota.operations.schedules import runs_left, spans_to_run, will_run
from rota.operations.strips import half_and_most, last_runs, length

if TYPE_CHECKING:
    from rota.app import Rota

AHEAD = timedelta(days=30)
SCHEDULES, MOST = 500, 2000  # what is looked at, and occurrences in a feed
SELDOM = 120  # occurrences in these 30 days: what is due more often fills a calendar and tells nothing
RUNS = 20  # of each schedule, for how long one takes
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Event:
    """An occurrence ahead; `id` is that of the run it will make, `takes` how long half of the runs take."""

    id: str
    schedule: str
    words: str
    at: datetime
    takes: timedelta


@dataclass(frozen=True, slots=True)
class Feed:
    """Events, earliest first, and how many schedules are left out because they are due too often."""

    events: tuple[Event, ...]
    too_often: int


def feed(rota: Rota, query: ScheduleQuery | None = None) -> Feed:
    """Return what is due in 30 days: of 500 schedules, the first 2,000 occurrences, if that is seldom.

    Those that the query names are shown however often they are due.
    """
    query = replace(query or ScheduleQuery(), rota=rota.name, order="next", limit=SCHEDULES)
    found, now = rota.store.schedules(query), rota.clock.now()
    counts = {one.id: _count(one, now) for one in found}
    shown = [one for one in found if counts[one.id] and (query.names or counts[one.id] <= SELDOM)]
    runs = last_runs(rota, shown, RUNS)
    events: list[Event] = []
    for one in shown:
        median = half_and_most(map(length, runs[one.id]))
        events += _events(one, now, max(median[0], SHORTEST) if median else SHORTEST)
    events.sort(key=lambda event: (event.at, event.schedule))
    return Feed(tuple(events[:MOST]), sum(bool(count) for count in counts.values()) - len(shown))


def _count(one: Schedule, now: datetime) -> int:
    """Return how often a schedule will be due, counted without walking there."""
    try:
        count = sum(span.count for span in spans_to_run(one, now, now + AHEAD))
    except (RotaError, ArithmeticError):  # the doctor says why, and its quarantine
        return 0
    return min(count, runs_left(one, count))


def _events(one: Schedule, now: datetime, takes: timedelta) -> Iterator[Event]:
    words = compiled(one.name, one.effective).describe()
    for at in islice(will_run(one, now, now + AHEAD), runs_left(one, MOST)):
        yield Event(occurrence_id(one.id, at), one.name, words, at, takes)
