"""Local time in whole seconds: instants as integers, and the spans between the clock changes of a zone.

Two number lines are used. A *second* counts from 1970-01-01T00:00:00 UTC. A *reading* is what the clocks
of a zone show, counted from 1970-01-01 00:00 on their own face: `reading = second + offset`. Readings jump
when clocks change; seconds never do.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from rota.errors import NaiveInstant, UnknownZone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HORIZON = datetime(2200, 1, 1, tzinfo=UTC)
DAY = 86_400
END = 7_258_118_400  # HORIZON as a second: timetables answer for [0, END)

Gap = Literal["after", "skip"]
Repeat = Literal["first", "second", "both"]

# (start, end, offset, first reading, end of readings): clocks are `offset` ahead of UTC in the seconds
# [start, end), and decide there about the readings [first reading, end of readings). See `LocalClock`.
Span = tuple[int, int, int, int, int]

# Offsets are looked up once per stretch of 2**25 s (388 days) and kept. Within it they are probed every
# 2**17 s (36 hours); the shortest time between two changes of any zone since 1970 is six days.
_STRETCH_BITS = 25
_PROBE_SECONDS = 1 << 17
_FOREVER = 1 << 62
_NO_CLOCK_CHANGES: Span = (-_FOREVER, _FOREVER, 0, -_FOREVER, _FOREVER)


def floor_second(instant: datetime) -> int:
    """Return the second that `instant` falls in. Raises NaiveInstant when it has no zone."""
    try:
        since = instant - EPOCH
    except TypeError:
        raise NaiveInstant(instant) from None
    return since.days * DAY + since.seconds


def ceil_second(instant: datetime) -> int:
    """Return the first second that is not before `instant`. Raises NaiveInstant when it has no zone."""
    second = floor_second(instant)
    return second + 1 if instant.microsecond else second


def instant_at(second: int) -> datetime:
    """Return `second` as an aware datetime in UTC."""
    return datetime.fromtimestamp(second, UTC)


def local_reading(naive: datetime) -> int:
    """Return a naive local date and time as a reading."""
    return floor_second(naive.replace(tzinfo=UTC))


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return the zone called `name`. Raises UnknownZone, with the nearest names."""
    try:
        if name.startswith(("posix", "right/", "localtime")):  # files beside the zones, not zones
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UnknownZone(name, _known_zones()) from None


def zone_name(zone: str | ZoneInfo | None) -> str | None:
    """Return the checked name of a zone given by name or as ZoneInfo; None stays None."""
    if zone is None:
        return None
    name = zone.key if isinstance(zone, ZoneInfo) else zone
    if not isinstance(name, str):
        raise UnknownZone(name, ())
    return zone_named(name).key


@lru_cache(maxsize=1)
def _known_zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


@lru_cache(maxsize=512)
def clock_of(zone: str | None, gap: Gap = "after", repeat: Repeat = "first") -> LocalClock:
    """Return the shared clock of a zone; None is UTC."""
    return LocalClock(None if zone in (None, "UTC") else zone_named(zone), gap, repeat)


class LocalClock:
    """The readings of one zone's clocks, with a rule for those that are skipped or shown twice.

    A rule asks each span of constant offset for the readings that it decides about:

    - *repeat* `first`: a reading that the span before has shown already is left to that span;
      `second`: one that the next span will show again is left to that one; `both`: neither.
    - *gap* `after`: readings that were skipped at the start of the span are decided by it, and happen at
      its first second; `skip`: nobody decides about them.

    So a reading in the window of a span happens at `max(start, reading - offset)`.
    """

    __slots__ = ("_gap", "_stretches", "_zone", "last", "repeat")

    def __init__(self, zone: ZoneInfo | None, gap: Gap, repeat: Repeat) -> None:
        self._zone, self._gap, self.repeat = zone, gap, repeat
        self._stretches: dict[int, tuple[list[int], list[Span]]] = {}
        self.last = _NO_CLOCK_CHANGES if zone is None else self.span_at(0)

    def span_at(self, second: int) -> Span:
        """Return the span that holds `second`, and remember it in `last`."""
        if self._zone is None:
            return _NO_CLOCK_CHANGES
        stretch = second >> _STRETCH_BITS
        if second < _boundary(self._zone, stretch):
            stretch -= 1
        if stretch not in self._stretches:
            self._stretches[stretch] = self._spans_of(self._zone, stretch)
        starts, spans = self._stretches[stretch]
        self.last = span = spans[bisect_right(starts, second) - 1]
        return span

    def _spans_of(self, zone: ZoneInfo, stretch: int) -> tuple[list[int], list[Span]]:
        changes = _changes(zone, stretch)
        spans = [
            (start, end, offset, start + self._opening(before, offset), end + self._closing(offset, after))
            for (_, before), (start, offset), (end, after) in zip(
                changes, changes[1:], changes[2:], strict=False
            )
        ]
        return [span[0] for span in spans], spans

    def _opening(self, before: int, offset: int) -> int:
        """Return the offset at which the window of a span begins."""
        if offset > before:
            return before if self._gap == "after" else offset
        return before if self.repeat == "first" else offset

    def _closing(self, offset: int, after: int) -> int:
        """Return the offset at which the window of a span ends."""
        return min(offset, after) if self.repeat == "second" else offset


@lru_cache(maxsize=4096)
def _boundary(zone: ZoneInfo, stretch: int) -> int:
    """Return the second at which a stretch begins: at least a day away from any change of clocks.

    So a span that a boundary cuts off is longer than any overlap or gap of its readings.
    """
    nominal = stretch << _STRETCH_BITS
    clear = _offset_at(zone, nominal - DAY) == _offset_at(zone, nominal + DAY)
    return nominal if clear else nominal + 3 * DAY


@lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, stretch: int) -> list[tuple[int, int]]:
    """Return (second, new offset) of the changes in a stretch, between its two ends.

    The first entry is the second before the stretch, the next its start, the last the start of the next.
    """
    start, end = _boundary(zone, stretch), _boundary(zone, stretch + 1)
    found = [(start - 1, _offset_at(zone, start - 1)), (start, _offset_at(zone, start))]
    for probe in range(start + _PROBE_SECONDS, end, _PROBE_SECONDS):
        offset = _offset_at(zone, probe)
        if offset != found[-1][1]:
            found.append((_change_between(zone, probe - _PROBE_SECONDS, probe), offset))
    last = _offset_at(zone, end - 1)
    if last != found[-1][1]:
        found.append((_change_between(zone, end - _PROBE_SECONDS, end - 1), last))
    return [*found, (end, _offset_at(zone, end))]


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the second in `(low, high]` at which the zone's offset changes."""
    before = _offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset_at(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)
