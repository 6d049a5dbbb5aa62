"""The form in which a schedule holds its timetable: the text, or JSON where the text would be too long."""

from __future__ import annotations

import json
from functools import lru_cache

from rota.core.timetables.base import Timetable
from rota.core.timetables.check import LONGEST_TEXT
from rota.core.timetables.parse import parse_timetable
from rota.core.timetables.stored import timetable_from_json
from rota.errors import InvalidTimetable


def written(timetable: Timetable) -> str:
    """Return the text of `timetable`; its JSON when the text is longer than `parse_timetable` reads."""
    text = str(timetable)
    return text if len(text) <= LONGEST_TEXT else json.dumps(timetable.to_json(), separators=(",", ":"))


# Many schedules share a few timetables, and each of them is read at every tick.
@lru_cache(maxsize=4096)
def read_written(text: str) -> Timetable:
    """Return the timetable that `written` wrote. Raises `InvalidTimetable`."""
    if not text.startswith("{"):
        return parse_timetable(text)
    try:
        return timetable_from_json(json.loads(text))
    except json.JSONDecodeError as error:
        raise InvalidTimetable(text[:LONGEST_TEXT], "JSON", text[:40], f"is broken: {error}") from error
