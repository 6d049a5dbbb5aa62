"""A slow timetable, by definition: walk every step of UTC time, read the wall clock, apply the rule.

Shares nothing with the implementation: no calendar arithmetic, no spans, no search. It asks zoneinfo what
the clocks show at each step, and then:

- a time that is shown is due when it matches, at its first showing, at its last, or at both;
- a time that clocks jump over is due, if it matches, at the first step after the jump, or never.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)
FAR = 27 * 3600  # no clock has ever been changed by more


@dataclass(frozen=True)
class Wall:
    """What the clocks of a zone show in `[start, end)`, at every `step` seconds.

    Attributes:
        shown: (second, reading) in the order of time.
        skipped: (second after the jump, readings that were jumped over).
        first: Readings to the second of their first showing; `last` to that of their last.
    """

    start: int
    end: int
    shown: list[tuple[int, int]]
    skipped: list[tuple[int, range]]
    first: dict[int, int]
    last: dict[int, int]


def wall(zone: ZoneInfo, start: int, end: int, step: int = 60) -> Wall:
    """Look at the wall clock from `start` to `end`, and far enough around to know what it showed before."""
    shown, skipped = [], []
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    before = None
    for second in range(start - FAR // step * step, end + FAR, step):
        local = datetime.fromtimestamp(second, zone).replace(tzinfo=None)
        reading = int((local - EPOCH).total_seconds())
        if before is not None and reading > before + step and start <= second < end:
            skipped.append((second, range(before + step, reading, step)))
        first.setdefault(reading, second)
        last[reading] = second
        if start <= second < end:
            shown.append((second, reading))
        before = reading
    return Wall(start, end, shown, skipped, first, last)


def matching(walls: Wall, due: Callable[[int], bool]) -> tuple[list[tuple[int, int]], set[int]]:
    """Return the shown (second, reading) that `due` accepts, and the seconds after a jump over one."""
    shown = [(second, reading) for second, reading in walls.shown if due(reading)]
    return shown, {second for second, readings in walls.skipped if any(map(due, readings))}


def occurrences(walls: Wall, due: Callable[[int], bool], gap: str, repeat: str) -> list[int]:
    """Return the seconds in the window at which a local time that `due` accepts happens."""
    return choose(walls, *matching(walls, due), gap, repeat)


def choose(walls: Wall, shown: list[tuple[int, int]], jumped: set[int], gap: str, repeat: str) -> list[int]:
    """Apply the rule to what `matching` found."""
    found = {
        second
        for second, reading in shown
        if second == {"first": walls.first[reading], "second": walls.last[reading], "both": second}[repeat]
    }
    return sorted(found | jumped if gap == "after" else found)


@dataclass(frozen=True)
class Line:
    """A cron line as plain sets, and whether a day must match both its fields or either.

    `last` and `nearest` are days that depend on the month; `nth` and `final` are days of the week, Sunday 0.
    """

    hours: frozenset[int] = frozenset(range(24))
    minutes: frozenset[int] = frozenset(range(60))
    seconds: frozenset[int] = frozenset({0})
    days: frozenset[int] = frozenset(range(1, 32))
    months: frozenset[int] = frozenset(range(1, 13))
    week: frozenset[int] = frozenset(range(7))
    either: bool = False
    last: frozenset[int] = frozenset()
    nearest: frozenset[int] = frozenset()
    last_weekday: bool = False
    nth: frozenset[tuple[int, int]] = frozenset()
    final: frozenset[int] = frozenset()

    def __call__(self, reading: int) -> bool:
        """Say whether the line matches a reading of the wall clock."""
        on_time = (
            reading % 60 in self.seconds
            and reading // 60 % 60 in self.minutes
            and reading // 3600 % 24 in self.hours
        )
        if not on_time:
            return False
        local = EPOCH + timedelta(seconds=reading)
        return local.month in self.months and self.on(local)

    def on(self, day: datetime) -> bool:
        """Say whether the day fields match."""
        length = monthrange(day.year, day.month)[1]
        weekday = day.isoweekday() % 7
        by_month = (
            day.day in self.days
            or length - day.day in self.last
            or any(near <= length and day.day == nearest(day.year, day.month, near) for near in self.nearest)
            or (self.last_weekday and day.day == nearest(day.year, day.month, length))
        )
        by_week = (
            weekday in self.week
            or (weekday, (day.day + 6) // 7) in self.nth
            or (weekday in self.final and day.day + 7 > length)
        )
        return by_month or by_week if self.either else by_month and by_week


def nearest(year: int, month: int, day: int) -> int:
    """Return the Monday to Friday of the month that is nearest to `day`."""
    length = monthrange(year, month)[1]
    working = [d for d in range(1, length + 1) if datetime(year, month, d).weekday() < 5]
    return min(working, key=lambda d: (abs(d - day), d))


def iso(seconds: list[int]) -> list[str]:
    """Write seconds as instants, for a readable failure."""
    return [datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for second in seconds]
