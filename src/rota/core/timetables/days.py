"""Sets of calendar days, asked for the nearest member. A day is a number: 0 is 1970-01-01, a Thursday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from rota.core.localtime import DAY, END

FIRST_DAY = -1  # west of Greenwich it was still 1969 when 1970 began in UTC
LAST_DAY = END // DAY  # east of Greenwich 2200 has begun already

_EPOCH_ORDINAL = 719_163
_LENGTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EACH_WEEK = 0x10204081  # bits 0, 7, 14, 21 and 28: spreads the mask of a week over a month
ALL_MONTHS = 0x1FFE  # bits 1-12
ALL_DAYS = 0xFFFFFFFE  # bits 1-31
ALL_WEEK = 0x7F  # bits 0-6; bit 0 is Monday


class Days(Protocol):
    """A set of days between FIRST_DAY and LAST_DAY."""

    def at_or_after(self, day: int) -> int | None:
        """Return the first member that is not before `day`."""

    def at_or_before(self, day: int) -> int | None:
        """Return the last member that is not after `day`."""

    def count(self, start: int, end: int) -> int:
        """Return the number of members in `[start, end)`."""


def day_number(day: date) -> int:
    """Return the number of a date."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def weekday_of(day: int) -> int:
    """Return 0 for Monday, up to 6 for Sunday."""
    return (day + 3) % 7


@dataclass(frozen=True, slots=True)
class EachNthDay:
    """The day `first` and every `step` days from there."""

    step: int = 1
    first: int = FIRST_DAY

    def at_or_after(self, day: int) -> int | None:
        if day < self.first:
            return self.first
        found = day + (self.first - day) % self.step
        return found if found <= LAST_DAY else None

    def at_or_before(self, day: int) -> int | None:
        day = min(day, LAST_DAY)
        return day - (day - self.first) % self.step if day >= self.first else None

    def count(self, start: int, end: int) -> int:
        start, end = max(start, self.first), min(end, LAST_DAY + 1)
        if start >= end:
            return 0
        return (end - 1 - self.first) // self.step - (start - 1 - self.first) // self.step


class WeekDays:
    """Some days of each week, or of each n-th week. Weeks begin on Monday."""

    __slots__ = ("_ahead", "_behind", "_first", "_mask", "_monday", "_period")

    def __init__(self, mask: int, every: int = 1, first: int = FIRST_DAY) -> None:
        """`mask` has bit 0 for Monday. The week that holds `first` counts; no day before `first` does."""
        self._first, self._period, self._mask = first, 7 * every, mask
        self._monday = first - weekday_of(first)
        members = [day for day in range(7) if mask >> day & 1]
        phases = range(self._period)
        self._ahead = [min((day - phase) % self._period for day in members) for phase in phases]
        self._behind = [min((phase - day) % self._period for day in members) for phase in phases]

    def at_or_after(self, day: int) -> int | None:
        if day < self._first:
            day = self._first
        found = day + self._ahead[(day - self._monday) % self._period]
        return found if found <= LAST_DAY else None

    def at_or_before(self, day: int) -> int | None:
        day = min(day, LAST_DAY)
        found = day - self._behind[(day - self._monday) % self._period]
        return found if found >= self._first else None

    def count(self, start: int, end: int) -> int:
        return self._rank(end) - self._rank(start)

    def _rank(self, day: int) -> int:
        """Return the number of members before `day`, give or take a constant."""
        day = min(max(day, self._first), LAST_DAY + 1)
        periods, phase = divmod(day - self._monday, self._period)
        reached = self._mask & ((1 << phase) - 1)
        return periods * self._mask.bit_count() + reached.bit_count()


class Selectors(NamedTuple):
    """Which days of a month. Each part adds days; `month_mask` says how they combine.

    Attributes:
        of_month: Bits 1-31.
        of_week: Bits 0-6, Monday first.
        from_last: Days before the last day of the month: 0 is the last day itself.
        nearest: Days of the month whose nearest weekday (Monday to Friday) in the same month is meant.
        last_weekday: The last Monday to Friday of the month.
        nth: (weekday, n): the n-th such weekday of the month.
        last: Weekdays of which the last of the month is meant.
    """

    of_month: int = 0
    of_week: int = 0
    from_last: tuple[int, ...] = ()
    nearest: tuple[int, ...] = ()
    last_weekday: bool = False
    nth: tuple[tuple[int, int], ...] = ()
    last: tuple[int, ...] = ()

    @property
    def plain(self) -> bool:
        """Say whether only fixed bits are set, with nothing that depends on the month."""
        return not (self.from_last or self.nearest or self.last_weekday or self.nth or self.last)

    def days_of_month(self, weekday: int, length: int) -> int:
        """Return the bits 1-31 chosen by day of month, in a month that begins on `weekday`."""
        mask = self.of_month
        for back in self.from_last:
            mask |= 1 << max(length - back, 0)
        for day in self.nearest:
            mask |= 1 << _nearest_weekday(day, weekday, length) if day <= length else 0
        if self.last_weekday:
            mask |= 1 << _nearest_weekday(length, weekday, length)
        return mask & ~1

    def days_of_week(self, weekday: int, length: int) -> int:
        """Return the bits 1-31 chosen by day of week, in a month that begins on `weekday`."""
        week = self.of_week
        mask = ((week >> weekday | week << (7 - weekday)) & ALL_WEEK) * _EACH_WEEK << 1
        for day, n in self.nth:
            mask |= 1 << (1 + (day - weekday) % 7 + 7 * (n - 1))
        for day in self.last:
            mask |= 1 << (length - (weekday + length - 1 - day) % 7)
        return mask


def _nearest_weekday(day: int, first_weekday: int, length: int) -> int:
    weekday = (first_weekday + day - 1) % 7
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


class MonthDays:
    """Some days of some months."""

    __slots__ = ("_by_weekday", "_either", "_every", "_first", "_first_month", "_months", "_selectors")

    def __init__(
        self,
        selectors: Selectors,
        *,
        months: int = ALL_MONTHS,
        either: bool = True,
        every: int = 1,
        first: int = FIRST_DAY,
    ) -> None:
        """Choose days by month and by week: any of them if `either`, those in both if not.

        Only each `every`-th month counts, from the month that holds `first`; no day before `first` does.
        """
        self._selectors, self._months, self._either = selectors, months, either
        self._every, self._first = every, first
        self._by_weekday = self._plain_masks() if selectors.plain else ()
        begin = date_of(max(first, 0))
        self._first_month = begin.year * 12 + begin.month - 1

    def _mask(self, year: int, month: int, first: int, length: int) -> int:
        """Return the bits 1-31 of the members in a month whose first day is `first`."""
        if not self._months >> month & 1:
            return 0
        if self._every > 1 and (year * 12 + month - 1 - self._first_month) % self._every:
            return 0
        weekday = (first + 3) % 7
        mask = self._by_weekday[weekday] if self._by_weekday else self._chosen(weekday, length)
        return mask & ((2 << length) - 1)

    def _chosen(self, weekday: int, length: int) -> int:
        by_month = self._selectors.days_of_month(weekday, length)
        by_week = self._selectors.days_of_week(weekday, length)
        return by_month | by_week if self._either else by_month & by_week

    def _plain_masks(self) -> tuple[int, ...]:
        """Return the mask of a month for each weekday it can begin on, when its length does not matter."""
        return tuple(self._chosen(weekday, 31) for weekday in range(7))

    def at_or_after(self, day: int) -> int | None:
        if day < self._first:
            day = self._first
        today = date_of(day)
        year, month, first = today.year, today.month, day - today.day + 1
        skipped = today.day
        while first <= LAST_DAY:
            length = _length(year, month)
            mask = self._mask(year, month, first, length) >> skipped << skipped
            if mask:
                found = first + (mask & -mask).bit_length() - 2
                return found if found <= LAST_DAY else None
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            first, skipped = first + length, 0
        return None

    def at_or_before(self, day: int) -> int | None:
        day = min(day, LAST_DAY)
        today = date_of(day)
        year, month, first, kept = today.year, today.month, day - today.day + 1, today.day
        while first + kept > self._first:
            mask = self._mask(year, month, first, _length(year, month)) & ((2 << kept) - 1)
            if mask:
                found = first + mask.bit_length() - 2
                return found if found >= self._first else None
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
            kept = _length(year, month)
            first -= kept
        return None

    def count(self, start: int, end: int) -> int:
        start, end = max(start, self._first), min(end, LAST_DAY + 1)
        if start >= end:
            return 0
        today = date_of(start)
        year, month, first, total = today.year, today.month, start - today.day + 1, 0
        while first < end:
            length = _length(year, month)
            mask = self._mask(year, month, first, length) & ((2 << min(length, end - first)) - 1)
            total += (mask >> max(start - first + 1, 0)).bit_count()
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            first += length
        return total


def _length(year: int, month: int) -> int:
    if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return _LENGTHS[month]
