"""`cron("30 2 * * *")`: cron lines, read and computed as Debian's cron does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from rota.core.localtime import Gap, LocalClock, Repeat, clock_of
from rota.core.timetables.base import Json, Seconds
from rota.core.timetables.check import checked_text
from rota.core.timetables.days import ALL_DAYS, ALL_MONTHS, ALL_WEEK, Days, EachNthDay, MonthDays, WeekDays
from rota.core.timetables.fields import CronFields, has_hash, read_fields, resolve_hashes
from rota.core.timetables.local import LocalTimes, TimesOfDay
from rota.core.timetables.zoned import Zone, Zoned
from rota.errors import InvalidTimetable

ALIASES = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
_UP_TO_28 = 0x1FFFFFFE


def cron(text: str, timezone: Zone = None, gap: Gap | None = None, repeat: Repeat | None = None) -> Cron:
    """Due when local time matches a cron line.

    Args:
        text: Five fields (minute, hour, day of month, month, day of week), six with seconds FIRST, or a name
            such as `@daily`. Numbers, names, ranges, lists, steps, `L`, `L-n`, `nW`, `LW`, `d#n`, `dL`,
            `?` and `H`.
        timezone: Name of the zone, or a ZoneInfo. None takes the rota's.
        gap: What becomes of times that clocks skip: `after` the gap they happen once, or `skip`.
            By default `after`; `skip` for a wildcard line, one whose minute or hour starts with `*`.
        repeat: Which of two showings: `first`, `second` or `both`.
            By default `first`; `both` for a wildcard line.

    Raises:
        InvalidTimetable: The text is not understood, out of range, or can never be due.

    Example:
        >>> cron("30 2 * * *", "Europe/Paris").describe()
        'At 02:30 every day, Europe/Paris'
    """
    return Cron(_normal(text), timezone=timezone, gap=gap, repeat=repeat)  # type: ignore[arg-type]


def _normal(text: object) -> str:
    line = " ".join(checked_text(text).upper().split())
    if line.startswith("@"):
        if line not in ALIASES:
            known = ", ".join(alias.lower() for alias in ALIASES)
            raise InvalidTimetable(
                text, "name", line.lower(), "is unknown", expected=known, hint=f"one of {known}"
            )
        return ALIASES[line]
    return line


@dataclass(frozen=True, slots=True)
class Cron(Zoned):
    """Due when local time matches the cron line `text`, which is in upper case with single spaces."""

    text: str

    def __post_init__(self) -> None:
        if self.text.__class__ is not str or "  " in self.text:
            object.__setattr__(self, "text", _normal(self.text))
        try:
            _checked_fields(self.text)
        except InvalidTimetable as refused:
            raise refused.within(self.text) from None
        if self.timezone is not None or self.gap is not None or self.repeat is not None:
            self._check()

    @property
    def fields(self) -> CronFields:
        """The fields, read; `H` stands for what the empty name hashes to."""
        return _checked_fields(self.text)

    @property
    def wildcard(self) -> bool:
        """Whether minute or hour starts with `*`: the line then follows elapsed time at clock changes."""
        return self.fields.wildcard

    def for_schedule(self, name: str) -> Cron:
        """Return this line with each `H` replaced by the number that `name` hashes to."""
        if not has_hash(self.text):
            return self
        texts = self.text.split()
        six = len(texts) == 6
        resolved = resolve_hashes(texts if six else ["0", *texts], name)
        return replace(self, text=" ".join(resolved if six else resolved[1:]))

    def _clock(self) -> LocalClock:
        usual: tuple[Gap, Repeat] = ("skip", "both") if self.wildcard else ("after", "first")
        return clock_of(self.timezone, self.gap or usual[0], self.repeat or usual[1])

    def _compile(self) -> Seconds:
        fields = self.fields
        times = times_matching(fields.hours, fields.minutes, fields.seconds)
        return LocalTimes(days_matching(fields), times, self._clock())

    def __str__(self) -> str:
        return f"cron {self.text}{self._options()}"

    def describe(self) -> str:
        """Say in English when it is due."""
        from rota.core.timetables.english import describe_cron

        said = describe_cron(self.fields) + self._said_options()
        return f"{said} (H stands for another number in each schedule)" if has_hash(self.text) else said

    def to_json(self) -> Json:
        """Return the stored form."""
        return {"kind": "cron", "text": self.text, **self._stored_options()}


@lru_cache(maxsize=1024)
def _checked_fields(line: str) -> CronFields:
    texts = line.split(" ")
    if len(texts) == 5:
        texts.insert(0, "0")
    elif len(texts) != 6:
        raise InvalidTimetable(
            line,
            "number of fields",
            len(texts),
            "is out of range 5-6",
            expected="5-6",
            hint="write minute hour day-of-month month day-of-week, with seconds before them if wanted",
        )
    fields = read_fields(resolve_hashes(texts, "") if has_hash(line) else texts)
    if not _surely_due(fields) and days_matching(fields).at_or_after(0) is None:
        raise InvalidTimetable(
            line,
            "day-of-month",
            texts[3],
            "is never due",
            expected="a day that comes in one of the months",
            hint="no month it names has such a day, in any year from 1970 to 2199",
        )
    return fields


def _surely_due(fields: CronFields) -> bool:
    """Say whether the days can come, at a glance; False means that it takes a search to know."""
    days = fields.days
    early = days.of_month & _UP_TO_28
    return bool(early or days.of_week) if fields.either else bool(early and days.of_week)


def days_matching(fields: CronFields) -> Days:
    """Return the days of a cron line, in the cheapest form."""
    days = fields.days
    if days.plain and not fields.either and fields.months == ALL_MONTHS and days.of_month == ALL_DAYS:
        return EachNthDay() if days.of_week == ALL_WEEK else WeekDays(days.of_week)
    return MonthDays(days, months=fields.months, either=fields.either)


@lru_cache(maxsize=256)
def times_matching(hours: int, minutes: int, seconds: int) -> TimesOfDay:
    """Return the times of day of a cron line; equal ones are shared."""
    of_hour = _members(minutes)
    return TimesOfDay(
        tuple(hour * 3600 + minute * 60 for hour in _members(hours) for minute in of_hour),
        tuple(_members(seconds)),
    )


def _members(mask: int) -> list[int]:
    return [number for number in range(mask.bit_length()) if mask >> number & 1]
