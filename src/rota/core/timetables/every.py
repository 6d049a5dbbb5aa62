"""`every("5m")`: a fixed length of elapsed time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rota.core.localtime import END, EPOCH, ceil_second, floor_second, instant_at
from rota.core.timetables.base import Compiled, Json, Seconds
from rota.core.timetables.check import checked_text
from rota.core.words import format_duration, parse_duration, say_duration
from rota.errors import InvalidTimetable, InvalidValue

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=3650)


def every(interval: str | timedelta, start: datetime | str | None = None) -> Every:
    """Due each time `interval` has elapsed, whatever clocks do.

    The beat is anchored to 1970-01-01T00:00:00Z, or to `start`, so a restart never shifts it: `every("5m")`
    is due at :00, :05, :10 ... UTC. With `start`, that instant is the first occurrence.

    Args:
        interval: From 1 second to 3650 days, in whole seconds: `"5m"`, `"1h30m"`, `"PT5M"`, a timedelta.
        start: An aware datetime, or its ISO text with an offset. A fraction is rounded up to a second.

    Raises:
        InvalidTimetable: The interval is out of range or not understood, or `start` is before 1970.
        NaiveInstant: `start` has no zone.

    Example:
        >>> every("15m").describe()
        'Every 15 minutes'
    """
    if isinstance(interval, str):
        text = checked_text(interval)
        try:
            interval = parse_duration(text.lower().removeprefix("every").strip(" \t"))
        except InvalidValue as refused:
            raise InvalidTimetable(
                text, "interval", "", "is not understood", hint=refused.expected, expected=refused.expected
            ) from None
    if isinstance(start, str):
        start = _instant(start)
    return Every(interval, EPOCH if start is None else instant_at(ceil_second(start)))


def _instant(text: str) -> datetime:
    try:
        instant: datetime | None = datetime.fromisoformat(checked_text(text))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidTimetable(
            text,
            "start",
            "",
            "is not an ISO date and time with an offset",
            expected="ISO 8601 with an offset",
            hint="write 2026-01-01T00:00:00Z",
        )
    return instant


@dataclass(frozen=True, slots=True)
class Every(Compiled):
    """Due at `start` and each `interval` after it."""

    interval: timedelta
    start: datetime = EPOCH
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        interval = self.interval
        if not isinstance(interval, timedelta):
            raise InvalidTimetable(interval, "interval", "", "is not a duration", hint="write one like '5m'")
        if not SHORTEST <= interval <= LONGEST or interval.microseconds:
            raise InvalidTimetable(
                str(interval),
                "interval",
                "",
                "is out of range 1 second to 3650 days, in whole seconds",
                expected="1 second to 3650 days, in whole seconds",
            )
        if not 0 <= floor_second(self.start) < END:
            raise InvalidTimetable(str(self), "start", self.start.isoformat(), "is out of range 1970-2199")

    def _compile(self) -> Seconds:
        return Beat(self.interval // SHORTEST, floor_second(self.start))

    def describe(self) -> str:
        """Say in English when it is due."""
        said = say_duration(self.interval)
        said = f"Every {said.removeprefix('1 ') if said.count(' ') == 1 else said}"
        return said if self.start == EPOCH else f"{said} from {_iso(self.start)}"

    def __str__(self) -> str:
        said = f"every {format_duration(self.interval)}"
        return said if self.start == EPOCH else f"{said} from {_iso(self.start)}"

    def to_json(self) -> Json:
        """Return the stored form."""
        stored: Json = {"kind": "every", "seconds": self.interval // SHORTEST}
        return stored if self.start == EPOCH else {**stored, "start": _iso(self.start)}


def _iso(instant: datetime) -> str:
    return instant_at(floor_second(instant)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Beat:
    """The second `first`, and every `step` seconds from there."""

    step: int
    first: int = 0

    def at_or_after(self, second: int) -> int | None:
        if second <= self.first:
            return self.first
        found = second + (self.first - second) % self.step
        return found if found < END else None

    def at_or_before(self, second: int) -> int | None:
        second = min(second, END - 1)
        return second - (second - self.first) % self.step if second >= self.first else None

    def count(self, start: int, end: int) -> int:
        start = max(start, self.first)
        if start >= end:
            return 0
        return (end - 1 - self.first) // self.step - (start - 1 - self.first) // self.step
