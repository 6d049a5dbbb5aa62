"""One field of a definition, as a face gives it: text or JSON, checked as declaring checks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rota.core.overriding import with_value
from rota.core.planning import first_due
from rota.core.records import Definition, Json
from rota.core.timetables import Timetable, parse_timetable
from rota.core.timetables.written import read_written, written
from rota.declare.limits import checked_name, checked_payload
from rota.declare.options import LONG_AGO, checked_priority, checked_tags
from rota.errors import InvalidValue

if TYPE_CHECKING:
    from rota.app import Rota

TEXTS = ("timetable", "queue", "description", "jitter", "overlap", "on_crash", "start", "end")
LISTS = ("tags", "retry_on", "give_up_on")


def changed(rota: Rota, definition: Definition, field: str, value: Json) -> Definition:
    """Return `definition` with `value` in the place of one field's, checked as a declaration is.

    Args:
        value: JSON, or what a person typed: `25m`, `3`, `a,b`, `none`, `{"limit": 50}`.

    Raises:
        InvalidValue: There is no such field, or the value can not be used; names the field.
        InvalidArguments: The arguments do not fit the task.
        UnknownTask: The arguments of a task are to be changed that this code does not declare.
    """
    checked_payload("value", {field: value})
    value = typed(field, value)
    if field == "timetable":
        value = written(_timetable(value, rota.timezone))
    after = with_value(definition, field, value)
    if field == "args":
        task = rota.registry.task(after.task)
        after = with_value(after, "args", task.arguments.to_json((), after.args))
    checked_priority(after.priority)
    checked_name("queue", after.queue)
    checked_tags(after.tags)
    if after.start is not None and after.end is not None and after.end < after.start:
        raise InvalidValue(field, value, f"end ({after.end}) would be before start ({after.start})")
    first_due(after.task, after, LONG_AGO)
    return after


def _timetable(value: Json, timezone: str) -> Timetable:
    if isinstance(value, str) and value.startswith(
        "{"
    ):  # as a schedule holds one that is too long for a text
        return read_written(value).in_zone(timezone)
    return parse_timetable(value, timezone)


def typed(field: str, value: Json) -> Json:
    """Return what a person typed as the JSON of that field; anything but text is returned as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if field == "description":
        return value
    if text.lower() in ("none", "null", "never") and field not in ("queue", "timetable", "catch_up", *LISTS):
        return None
    if field in TEXTS:
        return text
    if field in LISTS and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        return text
