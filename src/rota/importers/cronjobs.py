"""Read the setting `CRONJOBS` of django-crontab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rota.core.timetables import cron
from rota.errors import InvalidValue, RotaError
from rota.importers.foreign import Foreign

SETTING = "CRONJOBS"


def from_cronjobs(entries: Iterable[Sequence[Any]], zone: str) -> list[Foreign]:
    """Return the entries as they stand: `(line, function)`, with a suffix or with args, kwargs and suffix.

    Args:
        zone: Of the machine whose cron reads the lines.
    """
    found: list[Foreign] = []
    for entry in entries:
        one = _from_entry(entry, zone)
        repeated = sum(other.task == one.task for other in found)
        name = f"{one.task}-{repeated + 1}" if repeated else one.task
        found.append(replace(one, name=name))
    return found


def _from_entry(entry: Sequence[Any], zone: str) -> Foreign:
    try:
        line, function, *more = entry
        suffix = more.pop() if more and isinstance(more[-1], str) else ""
        positional = list(more[0]) if more else []
        named = dict(more[1]) if len(more) > 1 else {}
    except (TypeError, ValueError):
        problem = str(InvalidValue(SETTING, entry, "an entry is (line, function, ...)"))
        return Foreign(name=str(entry)[:100], task="", problem=problem)
    notes = []
    if positional:
        notes.append(f"positional arguments {positional!r}: give them names")
    if suffix:
        notes.append(f"{suffix!r} is not needed: the output is the log of the run")
    known: dict[str, Any] = {"name": function, "task": function, "args": named, "notes": tuple(notes)}
    try:
        return Foreign(**known, timetable=cron(line, timezone=zone))
    except RotaError as error:
        return Foreign(**known, problem=str(error))
