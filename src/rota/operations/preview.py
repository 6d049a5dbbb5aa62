"""What a timetable means, before anybody uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.occurrences import TICK, compiled
from rota.core.records import Json
from rota.core.timetables import Timetable, parse_timetable
from rota.operations.advice import warnings_about, zone_of
from rota.operations.lookups import schedule_named
from rota.operations.shapes import utc

if TYPE_CHECKING:
    from rota.app import Rota

SPAN, MOST = timedelta(days=7), 1000
AHEAD, MOST_COMPARED = timedelta(days=30), 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another timetable would change in the next 30 days, or in what its first 5,000 occurrences span.

    Attributes:
        added, removed: Occurrences that only the new one, or only the one in force, has.
        same: How many both have.
        until: The end of what was compared.
    """

    added: tuple[datetime, ...]
    removed: tuple[datetime, ...]
    same: int
    until: datetime


def difference(rota: Rota, name: str, text: str) -> Difference:
    """Say how a timetable differs from that of a schedule, from now on. Reads only.

    Raises:
        UnknownSchedule: There is none of this name.
        InvalidTimetable: `text` is none.
    """
    now, definition = rota.clock.now(), schedule_named(rota, name).effective
    new, old = parse_timetable(text, rota.timezone), compiled(name, definition)
    until = now + AHEAD
    found = [list(islice(one.between(now + TICK, until), MOST_COMPARED + 1)) for one in (new, old)]
    for one in found:
        if len(one) > MOST_COMPARED:
            until = min(until, one[MOST_COMPARED])
    after, before = ({at for at in one if at <= until} for one in found)
    return Difference(
        added=tuple(sorted(after - before)),
        removed=tuple(sorted(before - after)),
        same=len(after & before),
        until=until,
    )


def preview(rota: Rota, text: str, timezone: str | None = None, count: int = 10) -> dict[str, Json]:
    """Say in words what a timetable means, when it is due next, how often, and what to mind.

    Raises:
        InvalidTimetable: `text` is none; names the part.
    """
    timetable = parse_timetable(text, timezone or rota.timezone)
    now = rota.clock.now()
    return {
        "timetable": str(timetable),
        "words": timetable.describe(),
        "timezone": zone_of(timetable) or timezone or rota.timezone,
        "upcoming": [utc(at) for at in timetable.upcoming(now, count)],
        "runs_per_day": runs_per_day(timetable, now),
        "warnings": warnings_about(timetable, now),
    }


def runs_per_day(timetable: Timetable, now: datetime) -> float:
    """Return how often a timetable is due in a day: over its next week, or its next 1,000 occurrences."""
    found = list(islice(timetable.between(now, now + SPAN), MOST))
    span = found[-1] - now if len(found) == MOST else SPAN
    return round(len(found) * (timedelta(days=1) / span), 2)
