"""`daily`, `weekly` and `monthly`: fixed local times on some days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import groupby

from rota.core.localtime import Gap, Repeat
from rota.core.timetables.base import Json, Seconds
from rota.core.timetables.days import FIRST_DAY, Days, EachNthDay, MonthDays, Selectors, WeekDays, day_number
from rota.core.timetables.local import LocalTimes, TimesOfDay
from rota.core.timetables.read import (
    NAMED_WEEKDAYS,
    NTH,
    read_count,
    read_date,
    read_month_day,
    read_time,
    read_weekdays,
)
from rota.core.timetables.sets import merged
from rota.core.timetables.zoned import Zone, Zoned
from rota.core.words import WEEKDAYS, clock_time, join_words, nth_word, ordinal
from rota.errors import InvalidTimetable

TimeOfDay = str | time


def daily(
    *times: TimeOfDay,
    every: int = 1,
    start: date | str | None = None,
    timezone: Zone = None,
    gap: Gap | None = None,
    repeat: Repeat | None = None,
) -> Daily:
    """Due at fixed local times, each day or each n-th day.

    Args:
        times: Such as `"02:00"` or `"14:30:15"`, or naive `datetime.time`.
        every: 1 to 3650: each n-th day, counted from 1970-01-01 or from `start`.
        start: First day; nothing is due before it.
        timezone: Name of the zone, or a ZoneInfo. None takes the rota's.
        gap: A time that clocks skip happens `after` the gap (default), or is left out: `skip`.
        repeat: A time that clocks show twice happens the `first` time (default), the `second`, or `both`.

    Raises:
        InvalidTimetable: A value is not understood or out of range.

    Example:
        >>> daily("02:00", "14:00", timezone="Europe/Paris").describe()
        'Every day at 02:00 and 14:00, Europe/Paris'
    """
    return Daily(
        times=_read_times("daily", times),
        every=read_count("daily", every, 3650),
        start=read_date("daily", start),
        timezone=timezone,  # type: ignore[arg-type]
        gap=gap,
        repeat=repeat,
    )


def weekly(
    *days_and_times: str,
    every: int = 1,
    start: date | str | None = None,
    timezone: Zone = None,
    gap: Gap | None = None,
    repeat: Repeat | None = None,
) -> Weekly:
    """Due at fixed local times on some days of the week, each week or each n-th week.

    Args:
        days_and_times: Such as `"sun 04:00"`, `"mon,wed 09:30"`, `"mon-fri 09:00 17:00"`.
        every: 1 to 104: each n-th week. Weeks begin on Monday; they are counted from the week of 1970-01-01,
            or of `start`.
        start: First day; nothing is due before it.
        timezone: As for `daily`, and so are `gap` and `repeat`.

    Raises:
        InvalidTimetable: A value is not understood or out of range.

    Example:
        >>> weekly("sun 04:00", "mon,wed 09:30").describe()
        'At 09:30 on Mondays and Wednesdays and at 04:00 on Sundays'
    """
    return Weekly(
        at=read_weekdays(", ".join(_texts("weekly", days_and_times))),
        every=read_count("weekly", every, 104),
        start=read_date("weekly", start),
        timezone=timezone,  # type: ignore[arg-type]
        gap=gap,
        repeat=repeat,
    )


def monthly(
    days: int | str | Sequence[int | str],
    *times: TimeOfDay,
    every: int = 1,
    start: date | str | None = None,
    timezone: Zone = None,
    gap: Gap | None = None,
    repeat: Repeat | None = None,
) -> Monthly:
    """Due at fixed local times on some days of the month, each month or each n-th month.

    Args:
        days: One or several of `15`, `"last"`, `-2` (the last but one), `"first mon"` to `"fifth mon"`,
            `"last fri"`, `"first weekday"`, `"last weekday"` (Monday to Friday).
            A month without such a day is passed over: write `"last"` rather than 31.
        times: As for `daily`.
        every: 1 to 120: each n-th month, counted from January 1970 or from the month of `start`.
        start: First day; nothing is due before it.
        timezone: As for `daily`, and so are `gap` and `repeat`.

    Raises:
        InvalidTimetable: A value is not understood or out of range.

    Example:
        >>> monthly("last weekday", "18:00").describe()
        'At 18:00 on the last weekday of the month'
    """
    chosen = days if isinstance(days, list | tuple) else [days]
    if not chosen:
        raise InvalidTimetable(
            "monthly", "days", "", "are missing", hint="write one, as monthly(15, '12:00')"
        )
    return Monthly(
        days=tuple(sorted({read_month_day(day) for day in chosen}, key=_month_order)),
        times=_read_times("monthly", times),
        every=read_count("monthly", every, 120),
        start=read_date("monthly", start),
        timezone=timezone,  # type: ignore[arg-type]
        gap=gap,
        repeat=repeat,
    )


def _read_times(kind: str, times: Sequence[TimeOfDay]) -> tuple[int, ...]:
    if not times:
        raise InvalidTimetable(kind, "time", "", "is missing", expected="HH:MM", hint="write one, as '02:00'")
    return tuple(sorted({read_time(kind, at) for at in times}))


def _texts(kind: str, values: Sequence[object]) -> list[str]:
    for value in values:
        if not isinstance(value, str):
            raise InvalidTimetable(kind, "day and time", repr(value), "is not text", hint="write 'sun 04:00'")
    return [str(value) for value in values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily(Zoned):
    """Due at `times` (seconds of the day, sorted) of each `every`-th day."""

    times: tuple[int, ...]
    every: int = 1
    start: date | None = None

    def __post_init__(self) -> None:
        self._check()

    def _compile(self) -> Seconds:
        first = -self.every if self.start is None else max(day_number(self.start), -1)
        return LocalTimes(EachNthDay(self.every, first), TimesOfDay(self.times), self._clock())

    def __str__(self) -> str:
        return f"daily {_join_times(self.times)}{_cycle(self, 'days')}{self._options()}"

    def describe(self) -> str:
        """Say in English when it is due."""
        days = "Every day" if self.every == 1 else f"Every {_nth(self.every)} day"
        return f"{days} at {_say_times(self.times)}{_since(self)}{self._said_options()}"

    def to_json(self) -> Json:
        """Return the stored form."""
        return {
            "kind": "daily",
            "times": _stored_times(self.times),
            **_stored_cycle(self),
            **self._stored_options(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly(Zoned):
    """Due at each of `at`: (weekday, second of the day), Monday being 0, sorted."""

    at: tuple[tuple[int, int], ...]
    every: int = 1
    start: date | None = None

    def __post_init__(self) -> None:
        self._check()

    def _groups(self) -> list[tuple[list[int], tuple[int, ...]]]:
        """Return (weekdays, times) such that all weekdays of a group have the same times."""
        by_day = [
            (day, tuple(second for _, second in members))
            for day, members in groupby(self.at, lambda item: item[0])
        ]
        shared = list(dict.fromkeys(times for _, times in by_day))
        return [([day for day, own in by_day if own == times], times) for times in shared]

    def _compile(self) -> Seconds:
        first = FIRST_DAY if self.start is None else max(day_number(self.start), FIRST_DAY)
        clock = self._clock()
        return merged(
            [
                LocalTimes(
                    WeekDays(sum(1 << day for day in days), self.every, first), TimesOfDay(times), clock
                )
                for days, times in self._groups()
            ]
        )

    def __str__(self) -> str:
        groups = [
            f"{','.join(NAMED_WEEKDAYS[day] for day in days)} {' '.join(map(clock_time, times))}"
            for days, times in self._groups()
        ]
        return f"weekly {', '.join(groups)}{_cycle(self, 'weeks')}{self._options()}"

    def describe(self) -> str:
        """Say in English when it is due."""
        groups = [f"at {_say_times(times)} on {_say_weekdays(days)}" for days, times in self._groups()]
        said = join_words(groups)
        weeks = "" if self.every == 1 else f" of every {_nth(self.every)} week"
        return f"{said[0].upper()}{said[1:]}{weeks}{_since(self)}{self._said_options()}"

    def to_json(self) -> Json:
        """Return the stored form."""
        at = [[NAMED_WEEKDAYS[day], clock_time(second)] for day, second in self.at]
        return {"kind": "weekly", "at": at, **_stored_cycle(self), **self._stored_options()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly(Zoned):
    """Due at `times` (seconds of the day, sorted) of `days` of each `every`-th month.

    A day is a number 1 to 31, -1 to -31 counted from the end, or (n, weekday): n is 1 to 5, or -1 for the
    last; weekday is 0 for Monday to 6, or 7 for any of Monday to Friday.
    """

    days: tuple[int | tuple[int, int], ...]
    times: tuple[int, ...]
    every: int = 1
    start: date | None = None

    def __post_init__(self) -> None:
        self._check()
        if self.seconds().at_or_after(0) is None:
            raise InvalidTimetable(
                str(self), "days", "", "are never due", hint="no month it counts has such a day"
            )

    def _compile(self) -> Seconds:
        first = FIRST_DAY if self.start is None else max(day_number(self.start), FIRST_DAY)
        days: Days = MonthDays(_selectors(self.days), every=self.every, first=first)
        return LocalTimes(days, TimesOfDay(self.times), self._clock())

    def __str__(self) -> str:
        days = ", ".join(map(_write_month_day, self.days))
        return f"monthly {days} {_join_times(self.times)}{_cycle(self, 'months')}{self._options()}"

    def describe(self) -> str:
        """Say in English when it is due."""
        months = "the month" if self.every == 1 else f"every {_nth(self.every)} month"
        days = join_words([_say_month_day(day) for day in self.days])
        return f"At {_say_times(self.times)} on {days} of {months}{_since(self)}{self._said_options()}"

    def to_json(self) -> Json:
        """Return the stored form."""
        days = [_write_month_day(day) for day in self.days]
        stored = {"kind": "monthly", "days": days, "times": _stored_times(self.times)}
        return {**stored, **_stored_cycle(self), **self._stored_options()}


def _selectors(days: Sequence[int | tuple[int, int]]) -> Selectors:
    plain = [day for day in days if isinstance(day, int)]
    pairs = [day for day in days if isinstance(day, tuple)]
    return Selectors(
        of_month=sum(1 << day for day in plain if day > 0),
        from_last=tuple(-day - 1 for day in plain if day < 0),
        nearest=(1,) if (1, 7) in pairs else (),
        last_weekday=(-1, 7) in pairs,
        nth=tuple((day, n) for n, day in pairs if n > 0 and day < 7),
        last=tuple(day for n, day in pairs if n < 0 and day < 7),
    )


def _month_order(day: int | tuple[int, int]) -> tuple[int, int, int]:
    """Order days: from the start, from the end, then by weekday."""
    if isinstance(day, int):
        return (0, day, 0) if day > 0 else (1, day, 0)
    return (2 if day[0] > 0 else 3, day[0], day[1])


def _write_month_day(day: int | tuple[int, int]) -> str:
    if isinstance(day, int):
        return "last" if day == -1 else str(day)
    return f"{NTH[day[0]]} {(*NAMED_WEEKDAYS, 'weekday')[day[1]]}"


def _say_month_day(day: int | tuple[int, int]) -> str:
    if isinstance(day, int):
        if day > 0:
            return f"the {ordinal(day)}"
        return "the last day" if day == -1 else f"the {ordinal(-day)} last day"
    return f"the {NTH[day[0]]} {(*WEEKDAYS, 'weekday')[day[1]]}"


def _nth(number: int) -> str:
    return nth_word(number) if number <= 5 else ordinal(number)


def _say_weekdays(days: Sequence[int]) -> str:
    return "weekdays" if list(days) == [0, 1, 2, 3, 4] else join_words([f"{WEEKDAYS[day]}s" for day in days])


def _join_times(times: Sequence[int]) -> str:
    return ", ".join(map(clock_time, times))


def _say_times(times: Sequence[int]) -> str:
    return join_words(list(map(clock_time, times)))


def _stored_times(times: Sequence[int]) -> list[str]:
    return list(map(clock_time, times))


def _cycle(timetable: Daily | Weekly | Monthly, unit: str) -> str:
    every = "" if timetable.every == 1 else f" every {timetable.every} {unit}"
    return every if timetable.start is None else f"{every} from {timetable.start}"


def _since(timetable: Daily | Weekly | Monthly) -> str:
    return "" if timetable.start is None else f" from {timetable.start}"


def _stored_cycle(timetable: Daily | Weekly | Monthly) -> Json:
    stored: Json = {} if timetable.every == 1 else {"every": timetable.every}
    return stored if timetable.start is None else {**stored, "start": timetable.start.isoformat()}
