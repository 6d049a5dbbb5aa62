"""Instants as people type and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rota.operations.instants import read_instant as read_instant
from rota.operations.instants import read_window as read_window


def optional(field: str, text: str | None, now: datetime, zone: str) -> datetime | None:
    """Return `read_instant`, or `None` for `None`."""
    return None if text is None else read_instant(field, text, now, zone)


def local(at: datetime, zone: str) -> str:
    """Write an instant in a zone, with its offset: `Sun 29 Mar 2026 03:00:00 +02:00 CEST`."""
    return _in_zone(at, zone).strftime("%a %d %b %Y %H:%M:%S ") + offset(at, zone)


def brief(at: datetime, zone: str) -> str:
    """Write an instant in a zone, short: `29 Mar 03:00:00`."""
    return _in_zone(at, zone).strftime("%d %b %H:%M:%S")


def offset(at: datetime, zone: str) -> str:
    """Write the offset and the abbreviation that hold in a zone at an instant: `+02:00 CEST`."""
    moment = _in_zone(at, zone)
    written = moment.strftime("%z")
    name = moment.tzname() or ""
    sign_and_time = f"{written[:3]}:{written[3:5]}"
    return sign_and_time if name[:1] in "+-" else f"{sign_and_time} {name}"


def relative(at: datetime, now: datetime) -> str:
    """Say how far away an instant is, in one unit: `in 5 min`, `3 h ago`."""
    span = at - now
    size = abs(span.total_seconds())
    for limit, unit, name in (
        (120, 1, "s"),
        (7200, 60, "min"),
        (172_800, 3600, "h"),
        (float("inf"), 86_400, "d"),
    ):
        if size < limit:
            said = f"{int(size // unit)} {name}"
            break
    return f"in {said}" if span >= timedelta(0) else f"{said} ago"


def clock_change(at: datetime, zone: str) -> str:
    """Say whether clocks of the zone change close to an instant, or `""`."""
    before, after = (_in_zone(at + step, zone).utcoffset() for step in (-_NEAR, _NEAR))
    if before == after or before is None or after is None:
        return ""
    way = "forward" if after > before else "back"
    return f"clocks go {way} about then"


_NEAR = timedelta(hours=1, minutes=30)


def _in_zone(at: datetime, zone: str) -> datetime:
    return at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
