"""`once("2026-12-24T18:00:00Z")`: one occurrence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from rota.core.localtime import DAY, END, ceil_second, clock_of, instant_at, local_reading, zone_name
from rota.core.timetables.base import Compiled, Json, Seconds
from rota.core.timetables.check import checked_text
from rota.core.timetables.days import EachNthDay
from rota.core.timetables.every import Beat
from rota.core.timetables.local import LocalTimes, TimesOfDay
from rota.core.timetables.zoned import Zone
from rota.errors import InvalidTimetable, NaiveInstant

_AFTER_ALL = 2 * END  # a step that leads out of all time: the first occurrence is the only one


def once(at: datetime | str, timezone: Zone = None) -> Once:
    """Due once.

    Args:
        at: An aware datetime, or ISO text. A text with an offset or `Z` is an instant; one without is a
            local time, and needs `timezone`. A fraction is rounded up to a whole second.
        timezone: The zone of a local time. Its clocks are asked when the time is computed, so a new release
            of the zone database moves the instant with it. A time that is skipped is due after the gap; one
            that is shown twice is due the first time.

    Raises:
        InvalidTimetable: The text is no ISO date and time, or is outside 1970-2199, or has no zone.
        NaiveInstant: A datetime has no zone.

    Example:
        >>> str(once("2026-12-24 19:00", "Europe/Paris"))
        'once 2026-12-24T19:00:00 in Europe/Paris'
    """
    if isinstance(at, str):
        return _once_from_text(checked_text(at), zone_name(timezone))
    if not isinstance(at, datetime):
        raise InvalidTimetable(at, "instant", "", "is not a datetime or ISO text")
    if at.tzinfo is None and timezone is None:
        raise NaiveInstant(at)
    return _once(str(at), at, zone_name(timezone))


def _once_from_text(text: str, zone: str | None) -> Once:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or len(text) < 16:  # a date alone would mean midnight, which nobody wrote
        raise InvalidTimetable(
            text,
            "instant",
            "",
            "is not an ISO date and time",
            expected="ISO 8601",
            hint="write 2026-12-24T18:00:00Z",
        )
    return _once(text, at, zone)


def _once(text: str, at: datetime, zone: str | None) -> Once:
    if not 1970 <= at.year <= 2199:
        raise InvalidTimetable(text, "year", at.year, "is out of range 1970-2199", expected="1970-2199")
    if at.tzinfo is None:
        if zone is None:
            raise InvalidTimetable(
                text,
                "instant",
                "",
                "has no zone",
                hint="end it with Z or an offset such as +01:00, or give timezone=",
            )
        return Once(instant_at(ceil_second(at.replace(tzinfo=UTC))).replace(tzinfo=None), zone)
    second = ceil_second(at)
    if not 0 <= second < END:
        raise InvalidTimetable(text, "year", at.year, "is out of range 1970-2199", expected="1970-2199")
    return Once(instant_at(second))


@dataclass(frozen=True, slots=True)
class Once(Compiled):
    """Due once, `at` an instant in UTC, or `at` a naive local time of the zone `timezone`."""

    at: datetime
    timezone: str | None = None
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def _compile(self) -> Seconds:
        if self.timezone is None:
            return Beat(_AFTER_ALL, ceil_second(self.at))
        day, second = divmod(local_reading(self.at), DAY)
        return LocalTimes(EachNthDay(_AFTER_ALL, day), TimesOfDay((second,)), clock_of(self.timezone))

    def __str__(self) -> str:
        return f"once {self._written()}" + ("" if self.timezone is None else f" in {self.timezone}")

    def _written(self) -> str:
        return self.at.isoformat().replace("+00:00", "Z")

    def describe(self) -> str:
        """Say in English when it is due."""
        return (
            f"Once, at {self.at:%H:%M:%S} on {self.at.day} {self.at:%B %Y}, {self.timezone or 'UTC'}".replace(
                ":00 on", " on"
            )
        )

    def to_json(self) -> Json:
        """Return the stored form."""
        stored: Json = {"kind": "once", "at": self._written()}
        return stored if self.timezone is None else {**stored, "timezone": self.timezone}
