"""What lies ahead of one schedule: its next occurrences, what is left out between them, what clocks do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rota.core.occurrences import TICK, compiled
from rota.core.records import Pause, Schedule, ScheduleState
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
    try:
        own = compiled(schedule.name, schedule.effective)
    except (RotaError, ArithmeticError):  # it is in quarantine, which says why
        return []
    whole = without_exclusions(own)
    for at in (*upcoming, None):
        if pause := _pause_between(schedule, own, before, at):
            begin = max(before, pause.start - TICK)
            if whole != own:
                found += _between(whole, before, begin, EXCLUDED)
            found += _inside(own, begin, pause)
            before = begin if pause.until is None else max(begin, pause.until - TICK)
        if at is None:
            break
        if whole != own:
            found += _between(whole, before, at - TICK, EXCLUDED)
        found.append(Foreseen(at=at, last=at, mark=mark_of(at, before, clocks)))
        before = at
    return found


def _pause_between(
    schedule: Schedule, timetable: Timetable, before: datetime, at: datetime | None
) -> Pause | None:
    """Return the pause of a schedule, if it takes what is between two that will run, or after the last."""
    pause = schedule.pause
    if pause is None or schedule.state is not ScheduleState.ACTIVE:
        return None
    if at is not None:
        return pause if pause.until is not None and before < pause.until <= at else None
    if pause.until is None and pause.start <= before:  # nothing lies ahead, until it is resumed
        return None
    following = timetable.next_after(before)
    return pause if following is not None and pause.holds(following) else None


def _inside(timetable: Timetable, after: datetime, pause: Pause) -> Iterator[Foreseen]:
    """Yield the occurrences later than `after` that a pause takes; of one without an end, the first."""
    if pause.until is not None:
        yield from _between(timetable, after, pause.until - TICK, PAUSED)
    elif (first := timetable.next_after(after)) is not None:
        yield Foreseen(at=first, last=first, left_out=PAUSED)


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
