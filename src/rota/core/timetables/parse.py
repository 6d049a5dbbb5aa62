"""One text for every timetable: `*/5 * * * *`, `5m`, `daily 02:00 in Europe/Paris`, `(a) | (b)`, `(a) - (b)`.

combined  = "(" text ")" { "|" "(" text ")" }
          | "(" text ")" "-" ( "(" text ")" | days [ "in" ZONE ] )
days      = DATE [ ".." DATE ] { "," days }
text      = combined | body { option }
body      = [ "cron" ] FIELDS | "@daily" | "every" DURATION | DURATION | "daily" TIMES
          | "weekly" DAYS TIMES { "," DAYS TIMES } | "monthly" DAYS TIMES | [ "once" ] INSTANT
option    = "in" ZONE | "every" N UNIT | "from" DATE | "gap" GAP | "repeat" REPEAT
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rota.core.localtime import zone_name
from rota.core.timetables.base import Timetable
from rota.core.timetables.check import checked_text
from rota.core.timetables.combine import exclusion, union
from rota.core.timetables.cron import cron
from rota.core.timetables.daily import daily, monthly, weekly
from rota.core.timetables.every import every
from rota.core.timetables.once import once
from rota.core.timetables.read import is_time, read_date
from rota.core.timetables.zoned import Zone
from rota.errors import InvalidTimetable

_DEEPEST = 16
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ].*", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(r"(P[\dT].*|\d+ ?[a-z].*)", re.ASCII | re.IGNORECASE)
_OPTION = re.compile(
    r"(.*) (?:in (?P<timezone>[^ ]+)|from (?P<start>[^ ]+)|gap (?P<gap>[^ ]+)|repeat (?P<repeat>[^ ]+)"
    r"|every (?P<every>\d{1,6}) (?P<unit>days?|weeks?|months?))",
    re.ASCII | re.IGNORECASE,
)
_UNITS = {"daily": "day", "weekly": "week", "monthly": "month"}


def parse_timetable(text: str, timezone: Zone = None) -> Timetable:
    """Read a timetable from text, in any of the forms above, and whatever `str()` of a timetable wrote.

    Args:
        text: At most 256 characters, in ASCII.
        timezone: The zone of local times whose text names none.

    Raises:
        InvalidTimetable: The text is not understood, out of range, or can never be due.

    Example:
        >>> parse_timetable("weekly sun 04:00", "Europe/Paris").describe()
        'At 04:00 on Sundays, Europe/Paris'
    """
    line = checked_text(text)
    zone = zone_name(timezone)
    try:
        read = _combined(line, zone, 0)
    except InvalidTimetable as refused:
        raise refused.within(text) from None
    return read if zone is None else read.in_zone(zone)


def _combined(text: str, zone: str | None, depth: int) -> Timetable:
    if not text.startswith("("):
        return _single(" ".join(text.split()), zone)
    if depth == _DEEPEST:
        raise InvalidTimetable(text, "parentheses", "", f"are nested deeper than {_DEEPEST}")
    inner, rest = _parenthesised(text)
    read = _combined(inner, zone, depth + 1)
    while rest:
        sign, rest = rest[0], rest[1:].lstrip(" \t")
        if sign not in "|-" or not rest:
            raise InvalidTimetable(
                text, "text", repr(sign + rest), "is not understood", hint="write (a) | (b) or (a) - (b)"
            )
        if sign == "-" and not rest.startswith("("):
            return _without_days(read, rest)
        inner, rest = _parenthesised(rest)
        other = _combined(inner, zone, depth + 1)
        read = union(read, other) if sign == "|" else exclusion(read, other)
    return read


def _parenthesised(text: str) -> tuple[str, str]:
    """Split `(a) rest` into what is between the first parenthesis and its partner, and the rest."""
    open_now = 0
    for at, character in enumerate(text):
        open_now += (character == "(") - (character == ")")
        if open_now == 0:
            return text[1:at].strip(" \t"), text[at + 1 :].strip(" \t")
        if at == 0 and character != "(":
            break
    raise InvalidTimetable(text, "parentheses", "", "do not match", hint="write (a) | (b) or (a) - (b)")


def _without_days(base: Timetable, text: str) -> Timetable:
    days, _, zone = text.partition(" in ")
    ranges = []
    for item in days.split(","):
        first, _, last = item.strip(" \t").partition("..")
        ranges.append((read_date("exclusion", first), read_date("exclusion", last or first)))
    without = exclusion(base, ranges)  # type: ignore[arg-type]
    return without.in_zone(zone_name(zone.strip(" \t")) or "") if zone else without


def _single(line: str, zone: str | None) -> Timetable:
    word, _, rest = line.partition(" ")
    kind = word.lower()
    if kind in _READERS:
        return _with_options(kind, rest, zone)
    if _INSTANT.fullmatch(line):
        return _with_options("once", line, zone)
    if _DURATION.fullmatch(line):
        return _with_options("every", line, zone)
    if line[:1] in {*"0123456789*@?H"} or len(line.split()) >= 5:
        return _with_options("cron", line, zone)
    raise InvalidTimetable(
        line,
        "text",
        "",
        "is not a timetable",
        hint="write one like '*/5 * * * *', '5m', 'daily 02:00' or '2026-12-24T18:00:00Z'",
    )


def _with_options(kind: str, body: str, zone: str | None) -> Timetable:
    options: dict[str, Any] = {}
    while match := _OPTION.fullmatch(f" {body}"):
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        if found.pop("unit", _UNITS.get(kind, "")).lower().rstrip("s") != _UNITS.get(kind, ""):
            break
        if found.keys() & options.keys():
            raise InvalidTimetable(body, next(iter(found)), "", "is given twice")
        options |= found
        body = match[1].strip()
    if "every" in options:
        options["every"] = int(options["every"])
    for name in ("gap", "repeat"):
        if name in options:
            options[name] = options[name].lower()
    if kind == "once" and zone is not None:
        options.setdefault("timezone", zone)
    try:
        return _READERS[kind](body, options)
    except TypeError:
        unknown = ", ".join(options)
        raise InvalidTimetable(body, "options", unknown, f"do not go with {kind!r}") from None


def _daily(body: str, options: dict[str, Any]) -> Timetable:
    return daily(*_words(body), **options)


def _monthly(body: str, options: dict[str, Any]) -> Timetable:
    """Read `15 12:00`, `1, last fri 09:00, 18:00`: days up to the first time, then times."""
    days: list[str] = []
    times: list[str] = []
    for item in body.split(","):
        words = item.split()
        day = [word for word in words if not is_time(word)]
        if day and times:
            raise InvalidTimetable(
                body, "day", " ".join(day), "comes after a time", hint="write days, then times"
            )
        days += [" ".join(day)] if day else []
        times += [word for word in words if is_time(word)]
    return monthly(days, *times, **options)


def _words(text: str) -> list[str]:
    return [word for word in re.split("[ ,]+", text) if word]


_READERS: dict[str, Callable[[str, dict[str, Any]], Timetable]] = {
    "cron": lambda body, options: cron(body, **options),
    "every": lambda body, options: every(body, **options),
    "daily": _daily,
    "weekly": lambda body, options: weekly(body, **options),
    "monthly": _monthly,
    "once": lambda body, options: once(body, **options),
}
