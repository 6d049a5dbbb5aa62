"""`a | b` and `a - b`: timetables made of others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from rota.core.localtime import DAY, END, LocalClock, clock_of, floor_second, instant_at
from rota.core.timetables.base import Compiled, DateRange, Json, Seconds, Timetable
from rota.core.timetables.days import day_number
from rota.core.timetables.every import Beat
from rota.core.timetables.local import LocalTimes
from rota.core.words import join_words
from rota.errors import InvalidTimetable

# A search for what an exclusion leaves gives up after so many excluded occurrences in a row.
MOST_EXCLUDED_IN_A_ROW = 200_000
_SHORT_SEARCH = 2_000  # and so many when declared, which costs a few milliseconds at most


def union(*members: Timetable) -> Timetable:
    """Return a timetable that is due when any member is."""
    flat: list[Timetable] = []
    for member in members:
        flat += member.members if isinstance(member, Union) else [member]
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else Union(distinct)


def exclusion(base: Timetable, excluded: Timetable | DateRange | Iterable[DateRange]) -> Timetable:
    """Return a timetable that is due when `base` is, but not when or where `excluded` says."""
    if isinstance(excluded, Timetable):
        return Exclusion(base, excluded)
    if isinstance(base, Union):  # each member excludes days of its own zone
        return union(*(exclusion(member, excluded) for member in base.members))
    ranges = _ranges(excluded)
    if isinstance(base, DaysOff):
        return replace(base, days=_joined([*base.days, *ranges]))
    return DaysOff(base, _joined(ranges), getattr(base, "timezone", None))


def _ranges(excluded: object) -> list[tuple[date, date]]:
    if isinstance(excluded, date):
        return [_range(excluded, excluded)]
    if isinstance(excluded, tuple) and len(excluded) == 2:
        first, last = excluded
        if isinstance(first, date) and isinstance(last, date):
            return [_range(first, last)]
    if isinstance(excluded, str) or not isinstance(excluded, Iterable):
        raise InvalidTimetable(
            excluded, "exclusion", "", "is not a date, (first, last), a list of them, or a timetable"
        )
    return [found for item in excluded for found in _ranges(item)]


def _range(first: date, last: date) -> tuple[date, date]:
    for day in (first, last):
        if isinstance(day, datetime) or not 1970 <= day.year <= 2199:
            raise InvalidTimetable(
                str(day), "date", "", "is not a date from 1970 to 2199", expected="1970-2199"
            )
    if first > last:
        raise InvalidTimetable(
            f"{first}..{last}", "dates", "", "run backwards", hint=f"write {last}..{first}"
        )
    return first, last


def _joined(ranges: Sequence[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """Sort ranges and join those that touch."""
    joined: list[tuple[date, date]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def seconds_of(timetable: Timetable) -> Seconds:
    """Return any timetable as whole seconds."""
    return timetable.seconds() if isinstance(timetable, Compiled) else Asked(timetable)


@dataclass(frozen=True, slots=True)
class Asked:
    """The occurrences of a timetable that answers with datetimes only. They must be whole seconds."""

    timetable: Timetable

    def at_or_after(self, second: int) -> int | None:
        if second >= END:
            return None
        found = self.timetable.next_after(instant_at(max(second, 0) - 1))
        return None if found is None else floor_second(found)

    def at_or_before(self, second: int) -> int | None:
        if second < 0:
            return None
        found = self.timetable.previous_before(instant_at(min(second, END - 1) + 1))
        return None if found is None else floor_second(found)

    def count(self, start: int, end: int) -> int:
        return sum(1 for _ in self.timetable.between(instant_at(start), instant_at(end)))


def merged(members: Sequence[Seconds]) -> Seconds:
    """Return the union of members."""
    return members[0] if len(members) == 1 else Merged(tuple(members))


@dataclass(frozen=True, slots=True)
class Merged:
    """Occurrences of any of the members; one that several share is one."""

    members: tuple[Seconds, ...]

    def at_or_after(self, second: int) -> int | None:
        return min(
            (at for at in (m.at_or_after(second) for m in self.members) if at is not None), default=None
        )

    def at_or_before(self, second: int) -> int | None:
        return max(
            (at for at in (m.at_or_before(second) for m in self.members) if at is not None), default=None
        )

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)


def _walk_count(seconds: Seconds, start: int, end: int) -> int:
    total, found = 0, seconds.at_or_after(start)
    while found is not None and found < end:
        total, found = total + 1, seconds.at_or_after(found + 1)
    return total


class Without:
    """Occurrences of `base` that are none of `excluded`."""

    __slots__ = ("_base", "_excluded", "_nothing", "_whole_days")

    def __init__(self, base: Seconds, excluded: Seconds) -> None:
        self._base, self._excluded = base, excluded
        self._nothing = isinstance(base, Beat) and isinstance(excluded, Beat) and _contains(excluded, base)
        self._whole_days: LocalTimes | None = None
        if isinstance(base, LocalTimes) and isinstance(excluded, LocalTimes) and excluded.covers(base):
            self._whole_days = excluded

    def _run_of(self, second: int) -> tuple[int, int]:
        """Return (first, end) around an excluded `second` such that all of `base` in it is excluded."""
        if self._whole_days:
            first, end = self._whole_days.days_around(second)
            return min(first, second), max(end, second + 1)
        return second, second + 1

    def _search(self, second: int, tries: int) -> tuple[int | None, bool]:
        """Return the first occurrence that is not before `second`, and whether the search came to its end."""
        for _ in range(tries):
            found = None if self._nothing else self._base.at_or_after(second)
            if found is None or self._excluded.at_or_after(found) != found:
                return found, True
            second = self._run_of(found)[1]
        return None, False

    def at_or_after(self, second: int) -> int | None:
        return self._search(second, MOST_EXCLUDED_IN_A_ROW)[0]

    def at_or_before(self, second: int) -> int | None:
        for _ in range(0 if self._nothing else MOST_EXCLUDED_IN_A_ROW):
            found = self._base.at_or_before(second)
            if found is None or self._excluded.at_or_before(found) != found:
                return found
            second = self._run_of(found)[0] - 1
        return None

    def surely_empty(self) -> bool:
        """Say whether a short search is enough to know that nothing is left."""
        return self._search(0, _SHORT_SEARCH) == (None, True)

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)


def _contains(larger: Beat, smaller: Beat) -> bool:
    """Say whether each second of a beat is one of another."""
    return (
        smaller.step % larger.step == 0
        and (smaller.first - larger.first) % larger.step == 0
        and smaller.first >= larger.first
    )


class WithoutDays:
    """Occurrences of `base` that do not fall on the local days in `ranges` of day numbers."""

    __slots__ = ("_base", "_clock", "_firsts", "_lasts")

    def __init__(self, base: Seconds, ranges: Sequence[tuple[int, int]], clock: LocalClock) -> None:
        self._base, self._clock = base, clock
        self._firsts, self._lasts = [first for first, _ in ranges], [last for _, last in ranges]

    def _excluded_around(self, second: int) -> tuple[int, int] | None:
        """Return the excluded seconds around `second`, as far as clocks do not change; None if it is not."""
        start, end, offset, _, _ = self._clock.span_at(second)
        day = (second + offset) // DAY
        index = bisect_right(self._firsts, day) - 1
        if index < 0 or day > self._lasts[index]:
            return None
        first, last = self._firsts[index] * DAY - offset, (self._lasts[index] + 1) * DAY - offset
        return max(start, first), min(end, last)

    def at_or_after(self, second: int) -> int | None:
        found = self._base.at_or_after(second)
        while found is not None and (excluded := self._excluded_around(found)):
            found = self._base.at_or_after(excluded[1])
        return found

    def at_or_before(self, second: int) -> int | None:
        found = self._base.at_or_before(second)
        while found is not None and (excluded := self._excluded_around(found)):
            found = self._base.at_or_before(excluded[0] - 1)
        return found

    def count(self, start: int, end: int) -> int:
        return _walk_count(self, start, end)


@dataclass(frozen=True, slots=True)
class Union(Compiled):
    """Due when any member is."""

    members: tuple[Timetable, ...]
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.members:
            raise InvalidTimetable("union", "members", "", "are missing")

    def _compile(self) -> Seconds:
        return merged([seconds_of(member) for member in self.members])

    def in_zone(self, timezone: str) -> Timetable:
        """Return this union with `timezone` filled in for members without a zone."""
        return union(*(member.in_zone(timezone) for member in self.members))

    def for_schedule(self, name: str) -> Timetable:
        """Return this union with each `H` of its members resolved."""
        return union(*(member.for_schedule(name) for member in self.members))

    def __str__(self) -> str:
        return " | ".join(f"({member})" for member in self.members)

    def describe(self) -> str:
        """Say in English when it is due."""
        return "; and ".join(_lower_first(member.describe(), at) for at, member in enumerate(self.members))

    def to_json(self) -> Json:
        """Return the stored form."""
        return {"kind": "union", "members": [member.to_json() for member in self.members]}


@dataclass(frozen=True, slots=True)
class Exclusion(Compiled):
    """Due when `base` is, except at the occurrences of `excluded`."""

    base: Timetable
    excluded: Timetable
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if Without(seconds_of(self.base), seconds_of(self.excluded)).surely_empty():
            raise InvalidTimetable(str(self), "exclusion", "", "leaves nothing that is due")

    def _compile(self) -> Seconds:
        return Without(seconds_of(self.base), seconds_of(self.excluded))

    def in_zone(self, timezone: str) -> Timetable:
        """Return this exclusion with `timezone` filled in on both sides where none was given."""
        return Exclusion(self.base.in_zone(timezone), self.excluded.in_zone(timezone))

    def for_schedule(self, name: str) -> Timetable:
        """Return this exclusion with each `H` resolved, on both sides."""
        return Exclusion(self.base.for_schedule(name), self.excluded.for_schedule(name))

    def __str__(self) -> str:
        return f"({self.base}) - ({self.excluded})"

    def describe(self) -> str:
        """Say in English when it is due."""
        return f"{self.base.describe()}; except {_lower_first(self.excluded.describe())}"

    def to_json(self) -> Json:
        """Return the stored form."""
        return {"kind": "exclusion", "base": self.base.to_json(), "excluded": self.excluded.to_json()}


@dataclass(frozen=True, slots=True)
class DaysOff(Compiled):
    """Due when `base` is, except on local days in `days`: ranges (first, last), both included.

    `timezone` says where those days are: the zone of `base`, if it has one.
    """

    base: Timetable
    days: tuple[tuple[date, date], ...]
    timezone: str | None = None
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seconds().at_or_after(0) is None:
            raise InvalidTimetable(str(self), "exclusion", "", "leaves nothing that is due")

    def _compile(self) -> Seconds:
        ranges = [(day_number(first), day_number(last)) for first, last in self.days]
        return WithoutDays(seconds_of(self.base), ranges, clock_of(self.timezone, "skip", "both"))

    def in_zone(self, timezone: str) -> Timetable:
        """Return this exclusion with `timezone` filled in, for the base and for the days."""
        return DaysOff(self.base.in_zone(timezone), self.days, self.timezone or timezone)

    def for_schedule(self, name: str) -> Timetable:
        """Return this exclusion with each `H` of its base resolved."""
        return replace(self, base=self.base.for_schedule(name))

    def __str__(self) -> str:
        days = ", ".join(str(first) if first == last else f"{first}..{last}" for first, last in self.days)
        own = self.timezone is not None and getattr(self.base, "timezone", None) != self.timezone
        return f"({self.base}) - {days}{f' in {self.timezone}' if own else ''}"

    def describe(self) -> str:
        """Say in English when it is due."""
        days = [str(first) if first == last else f"{first} to {last}" for first, last in self.days]
        return f"{self.base.describe()}; except on {join_words(days)}"

    def to_json(self) -> Json:
        """Return the stored form."""
        days = [[first.isoformat(), last.isoformat()] for first, last in self.days]
        stored: Json = {"kind": "days_off", "base": self.base.to_json(), "days": days}
        return stored if self.timezone is None else {**stored, "timezone": self.timezone}


def _lower_first(text: str, at: int = 1) -> str:
    return text[0].lower() + text[1:] if at else text
