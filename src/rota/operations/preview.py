"""What a timetable means, before anybody uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rota.core.occurrences import TICK, compiled
from rota.core.records import Json
from rota.core.timetables import Timetable, parse_timetable
from rota.operations.advice import TOP_OF_THE_HOUR, warnings_about, zone_of
from rota.operations.crowd import FEW, MINUTE, crowd_at
from rota.operations.lookups import schedule_named
from rota.operations.shapes import utc

if TYPE_CHECKING:
    from rota.app import Rota

DAY = timedelta(days=1)
SPAN, MOST = 7 * DAY, 1000
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

    def times(self, most: int) -> list[tuple[datetime, bool]]:
        """Return the first `most` instants that differ, in order, each with whether it is new."""
        found = [(at, True) for at in self.added] + [(at, False) for at in self.removed]
        return sorted(found)[:most]


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


def preview(
    rota: Rota, text: str, timezone: str | None = None, count: int = 10, name: str | None = None
) -> dict[str, Json]:
    """Say in words what a timetable means, when it is due next, how often, and what to mind.

    Args:
        name: The schedule it is for: it is no crowd to itself.

    Raises:
        InvalidTimetable: `text` is none; names the part.
    """
    timetable = parse_timetable(text, timezone or rota.timezone)
    now = rota.clock.now()
    upcoming, zone = timetable.upcoming(now, count), zone_of(timetable) or timezone or rota.timezone
    return {
        "timetable": str(timetable),
        "words": timetable.describe(),
        "timezone": zone,
        "upcoming": [utc(at) for at in upcoming],
        "runs_per_day": runs_per_day(timetable, now),
        "warnings": _warnings(rota, timetable, upcoming, zone, name),
    }


def _warnings(
    rota: Rota, timetable: Timetable, upcoming: Sequence[datetime], zone: str, name: str | None
) -> list[str]:
    """Return what to mind, the others that are due at its next occurrence included."""
    found = warnings_about(timetable, rota.clock.now())
    # What is due every minute has no other one to go to.
    is_dense = len(upcoming) > 1 and upcoming[1] - upcoming[0] <= MINUTE
    crowd = crowd_at(rota, upcoming[0], name) if upcoming and not is_dense else None
    if crowd is None or crowd.others < FEW:
        return found
    many = f"{'at least ' if crowd.is_more else ''}{crowd.others}"
    local = crowd.at.astimezone(ZoneInfo(zone))
    where = "at the top of the hour" if not local.minute else f"at {local:%H:%M}"
    told = f"It is due {where} with {many} others; another minute spreads the load."
    return [told, *(one for one in found if one != TOP_OF_THE_HOUR)]


def runs_per_day(timetable: Timetable, now: datetime) -> float:
    """Return how often a timetable is due in a day: over its next week, or its next 1,000 occurrences."""
    found = list(islice(timetable.between(now, now + SPAN), MOST))
    if len(found) < MOST:
        return round(len(found) * (DAY / SPAN), 2)
    return round((MOST - 1) * (DAY / (found[-1] - found[0])), 2)
