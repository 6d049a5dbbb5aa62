"""What to mind about a timetable. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rota.core.timetables import Cron, Timetable
from rota.core.timetables.zoned import Zoned

AHEAD = timedelta(days=366)
STEP = timedelta(hours=36)  # shorter than the time between two clock changes of any zone
SECOND = timedelta(seconds=1)
TOP_OF_THE_HOUR = (
    "It is due at the top of the hour, with much else; H instead of 0 spreads schedules by name."
)


def zone_of(timetable: Timetable) -> str | None:
    """Return the zone of a timetable, or of the first part of one that is made of several."""
    own = getattr(timetable, "timezone", None)
    if isinstance(own, str):
        return own
    return next((zone for zone in map(zone_of, _parts(timetable)) if zone), None)


def _parts(timetable: Timetable) -> list[Timetable]:
    members: Sequence[Timetable] = getattr(timetable, "members", None) or ()
    base: Timetable | None = getattr(timetable, "base", None)
    return [*members, *([base] if base is not None else [])]


def warnings_about(timetable: Timetable, after: datetime) -> list[str]:
    """Return sentences about what may surprise, clock changes of the year after `after` included."""
    found = [] if timetable.upcoming(after, 1) else ["It is never due again."]
    for leaf in _leaves(timetable):
        if isinstance(leaf, Cron):
            found += _about_cron(leaf)
        if isinstance(leaf, Zoned):
            found += _about_clock_changes(leaf, after)
    return list(dict.fromkeys(found))


def _leaves(timetable: Timetable) -> Iterator[Timetable]:
    parts = _parts(timetable)
    if not parts:
        yield timetable
    for part in parts:
        yield from _leaves(part)


def _about_cron(one: Cron) -> Iterator[str]:
    texts = one.text.split()[-3:]
    if one.fields.either:
        yield (
            f"Day of month {texts[0]} and day of week {texts[2]}: either is enough, as in cron."
            " To need both, let one of them start with '*', such as '*/1'."
        )
    elif "*" in (texts[0][0], texts[2][0]) and not {texts[0], texts[2]} & {"*", "?"}:
        yield f"Day of month {texts[0]} and day of week {texts[2]}: both must match, as one starts with '*'."
    if one.fields.minutes == 1 and "H" not in one.text:
        yield TOP_OF_THE_HOUR


def _about_clock_changes(one: Zoned, after: datetime) -> Iterator[str]:
    if one.timezone in (None, "UTC") or (isinstance(one, Cron) and one.wildcard):
        return  # a line with a wildcard follows elapsed time
    zone = ZoneInfo(one.timezone or "UTC")
    # The same rule on clocks that never change: what it wants, whether or not local clocks show it.
    wall = replace(one, timezone="UTC", gap=None, repeat=None)
    for change in _changes(zone, after):
        before = change.astimezone(UTC) + _offset(zone, change - SECOND)
        since = change.astimezone(UTC) + _offset(zone, change)
        for wanted in list(wall.between(min(before, since), max(before, since)))[:1]:
            shown = f"{wanted:%H:%M} on {wanted.day} {wanted:%B %Y}"
            if since > before:
                then = (
                    "not due then"
                    if one.gap == "skip"
                    else f"due once when clocks have changed, at {since:%H:%M}"
                )
                yield f"Clocks skip {shown} in {one.timezone}: it is {then}."
            else:
                which = {"both": "both times", "second": "the second time"}.get(
                    one.repeat or "", "the first time only"
                )
                yield f"Clocks show {shown} twice in {one.timezone}: it is due {which}."


def _changes(zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants within a year after `after` at which clocks of `zone` change."""
    low, end = after.replace(microsecond=0), after + AHEAD
    while low < end:
        high = low + STEP
        if _offset(zone, low) != _offset(zone, high):
            yield _change_between(zone, low, high)
        low = high


def _change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = _offset(zone, low)
    while high - low > SECOND:
        middle = low + (high - low) // 2 // SECOND * SECOND
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
