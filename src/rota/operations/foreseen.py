"""What lies ahead of one schedule: its next occurrences, what is left out between them, what clocks do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rota.core.occurrences import TICK, compiled
from rota.core.records import Schedule
from rota.core.timetables import DaysOff, Exclusion, Timetable, Union
from rota.core.timetables.combine import union
from rota.errors import RotaError

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PAUSED, EXCLUDED = "paused", "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """An occurrence ahead, or several that are left out.

    Attributes:
        at: When it is due; of several, the first.
        last: The last of several that are left out; else `at`.
        count: How many.
        left_out: Why it will not run: `paused` or `excluded`; empty: it will.
        mark: What clocks have done since the one before, or do at this one; empty: nothing.
    """

    at: datetime
    last: datetime
    count: int = 1
    left_out: str = ""
    mark: str = ""


def foreseen(schedule: Schedule, upcoming: Sequence[datetime], now: datetime, zone: str) -> list[Foreseen]:
    """Return `upcoming`, the next occurrences of a schedule, with what is left out before each. Pure."""
    clocks, before = ZoneInfo(zone), max(now, schedule.cursor)
    found: list[Foreseen] = []
    pause = schedule.pause
    try:
        own = compiled(schedule.name, schedule.effective)
    except (RotaError, ArithmeticError):  # it is in quarantine, which says why
        return []
    if pause is not None and pause.until is not None and pause.until > before:
        found += _between(own, before, pause.until - TICK, PAUSED)
        before = pause.until - TICK
    whole = without_exclusions(own)
    for at in upcoming:
        if whole != own:
            found += _between(whole, before, at - TICK, EXCLUDED)
        found.append(Foreseen(at=at, last=at, mark=mark_of(at, before, clocks)))
        before = at
    return found


def _between(timetable: Timetable, after: datetime, until: datetime, why: str) -> Iterator[Foreseen]:
    """Yield the occurrences in `(after, until]` as one, counted without walking them."""
    count = timetable.count(after, until)
    first, last = timetable.next_after(after), timetable.previous_before(until + TICK)
    if count and first is not None and last is not None:
        yield Foreseen(at=first, last=last, count=count, left_out=why)


def without_exclusions(timetable: Timetable) -> Timetable:
    """Return a timetable with all that its exclusions leave out."""
    if isinstance(timetable, Exclusion | DaysOff):
        return without_exclusions(timetable.base)
    if isinstance(timetable, Union):
        return union(*map(without_exclusions, timetable.members))
    return timetable


def mark_of(at: datetime, before: datetime, clocks: ZoneInfo) -> str:
    """Say what clocks do at an occurrence, or have done since the one `before` it."""
    local, just_before = at.astimezone(clocks), (at - SECOND).astimezone(clocks)
    step = _offset(local) - _offset(before.astimezone(clocks))
    if _offset(local) > _offset(just_before):
        skipped = just_before + SECOND
        return f"clocks skip {skipped:%H:%M} to {local:%H:%M}: due when they have"
    if step:
        way = "forward" if step > timedelta(0) else "back"
        return f"clocks have gone {way} by {abs(step) // MINUTE} min"
    if local.replace(fold=1).utcoffset() != local.replace(fold=0).utcoffset():
        return f"shown twice: the {'second' if local.fold else 'first'} time"
    return ""


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)
