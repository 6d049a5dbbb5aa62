"""The stored form of a timetable, read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rota.core.timetables.base import Json, Timetable
from rota.core.timetables.combine import exclusion, union
from rota.core.timetables.cron import cron
from rota.core.timetables.daily import daily, monthly, weekly
from rota.core.timetables.every import every
from rota.core.timetables.once import once
from rota.core.timetables.read import read_date
from rota.errors import InvalidTimetable, InvalidValue

_DEEPEST = 16


def timetable_from_json(stored: Json) -> Timetable:
    """Return the timetable whose `to_json()` gave `stored`.

    Raises:
        InvalidTimetable: `stored` is no such value: an unknown kind or key, a value out of range, a zone that
            the zone database no longer has, or members nested deeper than 16.
    """
    return _read(stored, 0)


def _read(stored: object, depth: int) -> Timetable:
    if not isinstance(stored, dict) or depth > _DEEPEST:
        problem = "is nested too deeply" if depth > _DEEPEST else "is not a JSON object"
        raise InvalidTimetable(stored, "stored timetable", "", problem)
    kind = stored.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise InvalidTimetable(
            stored,
            "kind",
            repr(kind),
            "is unknown",
            expected=", ".join(_READERS),
            hint="a newer release of Rota may have written it",
        )
    try:
        return reader({key: value for key, value in stored.items() if key != "kind"}, depth + 1)
    except InvalidValue:
        raise
    except (TypeError, KeyError, AttributeError, ValueError, OverflowError) as broken:
        raise InvalidTimetable(stored, "stored timetable", "", f"is broken: {broken}") from broken


def _weekly(stored: Json, depth: int) -> Timetable:
    return weekly(*(f"{day} {at}" for day, at in stored.pop("at")), **stored)


def _union(stored: Json, depth: int) -> Timetable:
    (members,) = _exactly(stored, "members")
    return union(*(_read(member, depth) for member in members))


def _exclusion(stored: Json, depth: int) -> Timetable:
    base, excluded = _exactly(stored, "base", "excluded")
    return exclusion(_read(base, depth), _read(excluded, depth))


def _days_off(stored: Json, depth: int) -> Timetable:
    timezone = stored.pop("timezone", None)
    base, days = _exactly(stored, "base", "days")
    ranges = [(read_date("days", first), read_date("days", last)) for first, last in days]
    without = exclusion(_read(base, depth), ranges)  # type: ignore[arg-type]
    return without if timezone is None else without.in_zone(timezone)


def _exactly(stored: Json, *keys: str) -> list[Any]:
    if set(stored) != set(keys):
        raise KeyError(f"keys {sorted(stored)} instead of {sorted(keys)}")
    return [stored[key] for key in keys]


_READERS: dict[str, Callable[[Json, int], Timetable]] = {
    "cron": lambda stored, depth: cron(**stored),
    "every": lambda stored, depth: every(timedelta(seconds=stored.pop("seconds")), **stored),
    "daily": lambda stored, depth: daily(*stored.pop("times"), **stored),
    "weekly": _weekly,
    "monthly": lambda stored, depth: monthly(stored.pop("days"), *stored.pop("times"), **stored),
    "once": lambda stored, depth: once(**stored),
    "union": _union,
    "exclusion": _exclusion,
    "days_off": _days_off,
}
