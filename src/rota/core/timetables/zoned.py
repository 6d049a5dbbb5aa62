"""What the timetables of local time share: a zone, and a rule for its clock changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self, get_args
from zoneinfo import ZoneInfo

from rota.core.localtime import Gap, LocalClock, Repeat, clock_of, zone_name
from rota.core.timetables.base import Compiled, Json, Seconds
from rota.errors import InvalidTimetable

Zone = str | ZoneInfo | None
_SAID = {
    "after": ", times that clocks skip happen after the gap",
    "skip": ", times that clocks skip are left out",
    "first": ", times shown twice happen the first time",
    "second": ", times shown twice happen the second time",
    "both": ", times shown twice happen both times",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoned(Compiled):
    """A timetable of local times.

    Attributes:
        timezone: Name of the zone. None takes the rota's zone, and is UTC until `in_zone` fills it in.
        gap: What becomes of a time that clocks skip: `after` the gap, or `skip`. None: as the kind says.
        repeat: Which showing of a time that clocks show twice: `first`, `second` or `both`. None: likewise.
    """

    timezone: str | None = None
    gap: Gap | None = None
    repeat: Repeat | None = None
    _seconds: Seconds | None = field(default=None, init=False, repr=False, compare=False)

    def _check(self) -> None:
        if self.timezone is not None:
            object.__setattr__(self, "timezone", zone_name(self.timezone))
        for name, value, choices in (
            ("gap", self.gap, get_args(Gap)),
            ("repeat", self.repeat, get_args(Repeat)),
        ):
            if value is not None and value not in choices:
                raise InvalidTimetable(
                    str(self),
                    name,
                    repr(value),
                    f"is not one of {', '.join(choices)}",
                    expected=", ".join(choices),
                )

    def _clock(self) -> LocalClock:
        return clock_of(self.timezone, self.gap or "after", self.repeat or "first")

    def in_zone(self, timezone: str) -> Self:
        """Return this timetable with `timezone` filled in, unless it has a zone."""
        return self if self.timezone is not None else replace(self, timezone=timezone)

    def _options(self) -> str:
        """Write the zone and the rule as `parse_timetable` reads them, with a blank before each."""
        named = (("in", self.timezone), ("gap", self.gap), ("repeat", self.repeat))
        return "".join(f" {word} {value}" for word, value in named if value is not None)

    def _said_options(self) -> str:
        """Say the zone, and a rule that was chosen, with a comma before each."""
        zone = "" if self.timezone is None else f", {self.timezone}"
        return zone + _SAID.get(self.gap or "", "") + _SAID.get(self.repeat or "", "")

    def _stored_options(self) -> Json:
        named = (("timezone", self.timezone), ("gap", self.gap), ("repeat", self.repeat))
        return {name: value for name, value in named if value is not None}
