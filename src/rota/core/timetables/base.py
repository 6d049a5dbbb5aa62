"""What every timetable can do. A timetable is anything with `next_after`; the rest follows from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Protocol

from rota.core.localtime import DAY, END, EPOCH, HORIZON, ceil_second, floor_second, instant_at
from rota.errors import NaiveInstant

Json = dict[str, Any]
DateRange = date | tuple[date, date]


class Seconds(Protocol):
    """The occurrences of a timetable as whole seconds since 1970: what a timetable is compiled to.

    All are in `[0, END)`, that is from 1970-01-01 up to 2200-01-01, UTC.
    """

    def at_or_after(self, second: int) -> int | None:
        """Return the first occurrence that is not before `second`."""

    def at_or_before(self, second: int) -> int | None:
        """Return the last occurrence that is not after `second`."""

    def count(self, start: int, end: int) -> int:
        """Return the number of occurrences in `[start, end)`."""


class Timetable:
    """A pure rule that says when.

    Occurrences are whole seconds in UTC, from 1970-01-01 up to, not including, 2200-01-01.
    A timetable keeps no position: every question carries its own instant, which must be aware.
    A new kind needs `next_after` alone; one that can do better overrides the others too.
    """

    __slots__ = ()

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first occurrence strictly after `instant`, or None if there is none before 2200.

        Raises:
            NaiveInstant: `instant` has no zone.
        """
        raise NotImplementedError

    def previous_before(self, instant: datetime) -> datetime | None:
        """Return the last occurrence strictly before `instant`, or None if there is none since 1970."""
        latest, reach = min(instant, HORIZON), timedelta(hours=1)
        while True:
            earliest = latest - reach if latest - EPOCH > reach else EPOCH
            found = deque(self.between(earliest, instant), maxlen=1)
            if found or earliest == EPOCH:
                return found[0] if found else None
            reach *= 4

    def upcoming(self, after: datetime, count: int) -> list[datetime]:
        """Return the first `count` occurrences strictly after `after`; fewer if the timetable ends."""
        return list(islice(self._walk(after), count))

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the occurrences in `[start, end)`: `start` itself counts, `end` does not."""
        if start < HORIZON:
            for found in self._walk(max(start, EPOCH).astimezone(UTC) - _TICK):
                if found >= end:
                    return
                yield found

    def count(self, after: datetime, until: datetime) -> int:
        """Return the number of occurrences in `(after, until]`: `after` does not count, `until` does."""
        return sum(1 for _ in takewhile(lambda found: found <= until, self._walk(after)))

    def _walk(self, after: datetime) -> Iterator[datetime]:
        found = self.next_after(after)
        while found is not None:
            yield found
            found = self.next_after(found)

    def in_zone(self, timezone: str) -> Timetable:
        """Return this timetable with `timezone` filled in where none was given."""
        return self

    def for_schedule(self, name: str) -> Timetable:
        """Return this timetable with each `H` replaced by the value that `name` hashes to."""
        return self

    def describe(self) -> str:
        """Say in English when it is due."""
        return str(self)

    def to_json(self) -> Json:
        """Return the stored form: plain JSON that `timetable_from_json` reads back."""
        raise NotImplementedError

    def __or__(self, other: Timetable) -> Timetable:
        """Due when either is due."""
        from rota.core.timetables.combine import union

        return union(self, other) if isinstance(other, Timetable) else NotImplemented

    def __sub__(self, excluded: Timetable | DateRange | Iterable[DateRange]) -> Timetable:
        """Due when this is due, except at occurrences of another timetable or on local days."""
        from rota.core.timetables.combine import exclusion

        return exclusion(self, excluded)


class Compiled(Timetable):
    """A timetable that answers in whole seconds. A subclass has a slot `_seconds` and says how to fill it.

    Compiling waits for the first question, so that declaring thousands of timetables stays cheap.
    """

    __slots__ = ()
    _seconds: Seconds | None

    def _compile(self) -> Seconds:
        raise NotImplementedError

    def seconds(self) -> Seconds:
        """Return the compiled form, which is made at the first call."""
        seconds = self._seconds
        if seconds is None:
            seconds = self._compile()
            object.__setattr__(self, "_seconds", seconds)  # a memo: no part of the value
        return seconds

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first occurrence strictly after `instant`, or None if there is none before 2200.

        Raises:
            NaiveInstant: `instant` has no zone.
        """
        try:
            since = instant - EPOCH
        except TypeError:
            raise NaiveInstant(instant) from None
        seconds = self._seconds or self.seconds()
        found = seconds.at_or_after(since.days * DAY + since.seconds + 1)
        return None if found is None else _from_timestamp(found, UTC)

    def previous_before(self, instant: datetime) -> datetime | None:
        """Return the last occurrence strictly before `instant`, or None if there is none since 1970."""
        found = self.seconds().at_or_before(ceil_second(instant) - 1)
        return None if found is None else instant_at(found)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the occurrences in `[start, end)`: `start` itself counts, `end` does not."""
        last = ceil_second(end)
        at_or_after = self.seconds().at_or_after
        found = at_or_after(ceil_second(start))
        while found is not None and found < last:
            yield instant_at(found)
            found = at_or_after(found + 1)

    def count(self, after: datetime, until: datetime) -> int:
        """Return the number of occurrences in `(after, until]`: `after` does not count, `until` does."""
        start, end = max(floor_second(after) + 1, 0), min(floor_second(until) + 1, END)
        return self.seconds().count(start, end) if start < end else 0

    def __reduce__(self) -> tuple[Callable[[Json], Timetable], tuple[Json]]:
        from rota.core.timetables.stored import timetable_from_json

        return timetable_from_json, (self.to_json(),)


_from_timestamp = datetime.fromtimestamp
_TICK = timedelta(microseconds=1)
