"""`a | b` and `a - b`: timetables made of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from rota.core.localtime import clock_of
from rota.core.timetables.base import Compiled, DateRange, Json, Seconds, Timetable
from rota.core.timetables.days import day_number
from rota.core.timetables.sets import Without, WithoutDays, merged, seconds_of
from rota.core.words import join_words
from rota.errors import InvalidTimetable


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
