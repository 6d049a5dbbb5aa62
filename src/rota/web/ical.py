"""Write calendars as RFC 5545 has them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from rota.operations.feed import Event

MIME = "text/calendar; charset=utf-8"
WIDEST = 75  # octets of a line
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def calendar(
    name: str, about: str, events: Iterable[Event], now: datetime, href: Callable[[str], str]
) -> bytes:
    """Return a calendar called `name`; `href` gives the address of a schedule."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rota//Rota//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{text(name)}",
        f"X-WR-CALDESC:{text(about)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for event in events:
        lines += _event(event, now, href(event.schedule))
    return "".join(f"{folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def _event(event: Event, now: datetime, href: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.id}"
    yield f"DTSTAMP:{instant(now)}"
    yield f"DTSTART:{instant(event.at)}"
    yield f"DURATION:{duration(event.takes)}"
    yield f"SUMMARY:{text(event.schedule)}"
    yield f"DESCRIPTION:{text(event.words)}"
    yield f"URL:{href}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy because of it
    yield "END:VEVENT"


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def duration(span: timedelta) -> str:
    """Write a duration in whole minutes: `PT90M`."""
    return f"PT{max(round(span / timedelta(minutes=1)), 1)}M"


def text(value: str) -> str:
    """Write a text value: escaped, without the control characters that have no place in one."""
    kept = "".join(one for one in value if one in "\n\t" or (one >= " " and one != "\x7f"))
    return kept.translate(_ESCAPED)


def folded(line: str) -> str:
    """Break a line into pieces of at most 75 octets, never within a character."""
    pieces, size = [""], 0
    for one in line:
        width = len(one.encode("utf-8", "replace"))
        if size + width > WIDEST:
            pieces.append(" ")
            size = 1
        pieces[-1] += one
        size += width
    return "\r\n".join(pieces)
