"""The occurrences of a schedule: those of its timetable that lie within its `start` and `end`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rota.core.records import Definition, Pause
from rota.core.timetables import Timetable
from rota.core.timetables.written import read_written

TICK = timedelta(microseconds=1)

Stretch = tuple[datetime, datetime]  # the instants after the first, up to and including the second


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive occurrences that are recorded as one: `first` and `last` included."""

    first: datetime
    last: datetime
    count: int


def compiled(name: str, definition: Definition) -> Timetable:
    """Return the timetable of a schedule. Raises `InvalidTimetable` if its text can not be read."""
    return read_written(definition.timetable).for_schedule(name)


def next_occurrence(timetable: Timetable, definition: Definition, after: datetime) -> datetime | None:
    """Return the first occurrence strictly after `after` that lies within `start` and `end`."""
    if definition.start is not None and after < definition.start:
        after = definition.start - TICK
    due = timetable.next_after(after)
    if due is None or (definition.end is not None and due > definition.end):
        return None
    return due


def first_due(name: str, definition: Definition, cursor: datetime, runs_made: int = 0) -> datetime | None:
    """Return when a schedule whose cursor is `cursor` is due next; `None`: never again."""
    if definition.max_runs is not None and runs_made >= definition.max_runs:
        return None
    return next_occurrence(compiled(name, definition), definition, cursor)


def occurrences_in(
    timetable: Timetable, definition: Definition, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the occurrences in `(after, until]`, oldest first."""
    due = next_occurrence(timetable, definition, after)
    while due is not None and due <= until:
        yield due
        due = next_occurrence(timetable, definition, due)


def outside(pause: Pause | None, after: datetime, until: datetime) -> list[Stretch]:
    """Return the parts of `(after, until]` that are outside the pause, oldest first; some may be empty."""
    if pause is None:
        return [(after, until)]
    before = (after, min(pause.start - TICK, until))
    if pause.until is None or pause.until > until:
        return [before]
    return [before, (max(after, pause.start - TICK, pause.until - TICK), until)]


def firing_in(
    timetable: Timetable, definition: Definition, pause: Pause | None, after: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the occurrences in `(after, until]` that are outside the pause, oldest first."""
    for begin, end in outside(pause, after, until):
        if begin < end:
            yield from occurrences_in(timetable, definition, begin, end)


def last_in(
    timetable: Timetable, definition: Definition, after: datetime, until: datetime
) -> datetime | None:
    """Return the last occurrence in `(after, until]`."""
    after, until = _within_life(definition, after, until)
    last = timetable.previous_before(until + TICK)
    return last if last is not None and last > after else None


def span_in(timetable: Timetable, definition: Definition, after: datetime, until: datetime) -> Span | None:
    """Return the occurrences in `(after, until]` as one span, counted without walking them."""
    after, until = _within_life(definition, after, until)
    if after >= until:
        return None
    first, last = timetable.next_after(after), timetable.previous_before(until + TICK)
    if first is None or last is None or first > until:
        return None
    return Span(first, last, timetable.count(after, until))


def _within_life(definition: Definition, after: datetime, until: datetime) -> tuple[datetime, datetime]:
    if definition.start is not None:
        after = max(after, definition.start - TICK)
    if definition.end is not None:
        until = min(until, definition.end)
    return after, until
