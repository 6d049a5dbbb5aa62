"""Instants as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rota.core.localtime import zone_named
from rota.core.words import parse_duration
from rota.errors import InvalidValue

_AGO = re.compile(r"(.+) ago|-(\D*\d.*)", re.IGNORECASE)
FORMS = "write 2026-03-29T01:00:00Z, a local '2026-03-29 14:00', or a span from now such as 2h or '2h ago'"


def read_instant(field: str, text: str, now: datetime, zone: str) -> datetime:
    """Return the instant that `text` says.

    `now`; ISO with `Z` or an offset; ISO without, in `zone`; a date alone: midnight in `zone`; `2h` and
    `in 2h`: later than now; `2h ago` and `-2h`: earlier.

    Raises:
        InvalidValue: It is none of these.
    """
    text = text.strip()
    if text.lower() == "now":
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _from_span(field, text, now)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone_named(zone))).astimezone(UTC)
    except OverflowError:
        raise InvalidValue(field, text, FORMS) from None


def read_window(
    start: str, until: str, now: datetime, zone: str, fields: tuple[str, str] = ("start", "until")
) -> tuple[datetime | None, datetime | None]:
    """Return from when until when something holds; `None` for an empty text. Raises as `read_instant` does.

    A span counts from now, and of the end from the start, if that is later.
    """
    begin = read_instant(fields[0], start, now, zone) if start else None
    return begin, read_instant(fields[1], until, max(begin or now, now), zone) if until else None


def _from_span(field: str, text: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    span = (ago[1] or ago[2]) if ago else text.lower().removeprefix("in ").removeprefix("+")
    now = now.replace(microsecond=0)
    try:
        return now - parse_duration(span.strip()) if ago else now + parse_duration(span.strip())
    except (InvalidValue, OverflowError):
        raise InvalidValue(field, text, FORMS) from None
