"""Read the jobs of an APScheduler 3 scheduler: of the object itself, never of what it has pickled.

from rota.importers.apscheduler import from_scheduler
for one in from_scheduler(scheduler):
    print(one.declaration())
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import methodcaller, or_
from typing import Any

from rota.core.timetables import Timetable, every, once
from rota.errors import InvalidValue, RotaError
from rota.importers.foreign import RANGES, Foreign, cron_of

# Names of their fields, and ours.
SAME = {"second": "second", "minute": "minute", "hour": "hour", "day": "day_of_month", "month": "month"}
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "last")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ENTRIES = methodcaller("get_jobs")  # of theirs, whose noun is not ours
JUST_BEFORE = timedelta(microseconds=1)


def from_scheduler(scheduler: Any) -> list[Foreign]:
    """Return the jobs of a scheduler, running or not, by id. A paused one is off."""
    return [from_entry(entry) for entry in sorted(ENTRIES(scheduler), key=lambda entry: str(entry.id))]


def from_entry(entry: Any) -> Foreign:
    """Return one of its jobs."""
    path = entry.func_ref or f"{entry.func.__module__}:{entry.func.__qualname__}"
    task = path.replace(":", ".")
    known: dict[str, Any] = {"name": str(entry.id), "task": task, "args": dict(entry.kwargs or {})}
    notes = [f"positional arguments {entry.args!r}: give them names"] if entry.args else []
    if getattr(entry.trigger, "jitter", None):
        notes.append(f"jitter: {entry.trigger.jitter} s there")
    # A job that waits for the scheduler to start has no such attribute.
    is_on = getattr(entry, "next_run_time", entry.trigger) is not None
    try:
        timetable, options = from_trigger(entry.trigger)
    except RotaError as error:
        return Foreign(**known, is_on=is_on, problem=str(error), notes=tuple(notes))
    return Foreign(**known, timetable=timetable, options=options, is_on=is_on, notes=tuple(notes))


def from_trigger(trigger: Any) -> tuple[Timetable, dict[str, datetime]]:
    """Return a trigger in Rota's words, with `start` and `end` if it has them.

    In their cron triggers all fields have to match, and Monday is 0.

    Raises:
        InvalidValue: Rota can not say it; names the part.
    """
    kind = type(trigger).__name__
    if kind == "CronTrigger":
        return _from_cron(trigger), _span(trigger)
    if kind == "IntervalTrigger":
        span = _span(trigger)
        return every(trigger.interval, start=span.pop("start", None)), span
    if kind == "DateTrigger":
        return once(trigger.run_date.astimezone(UTC)), {}
    if kind == "OrTrigger":
        parts = [from_trigger(part) for part in trigger.triggers]
        if not any(options for _, options in parts):
            return reduce(or_, [timetable for timetable, _ in parts]), {}
    raise InvalidValue("trigger", str(trigger), "it has no counterpart in Rota", "Declare it by hand.")


def _span(trigger: Any) -> dict[str, datetime]:
    given = {"start": trigger.start_date, "end": trigger.end_date}
    return {name: at.astimezone(UTC) for name, at in given.items() if at is not None}


def _from_cron(trigger: Any) -> Timetable:
    values: dict[str, Iterable[int]] = {}
    days: str | None = None
    for one in trigger.fields:
        if one.name in ("year", "week"):
            if str(one) != "*":
                raise InvalidValue(one.name, str(one), "a cron line has no such field", "Use start and end.")
        elif one.name == "day_of_week":
            values["day_of_week"] = {(value + 1) % 7 for value in _values(one, range(7))}
        elif one.name == "day" and (special := _special_day(one)) is not None:
            days = special
        else:
            name = SAME[one.name]
            values[name] = _values(one, RANGES[name])
    weekdays = set(values["day_of_week"])
    if days is not None and len(weekdays) < len(DAYS):
        raise InvalidValue("day", days, "it has a day of the week beside it", "Declare it by hand.")
    if len(weekdays) == len(DAYS):
        del values["day_of_week"]
    return cron_of(values, _zone(trigger.timezone), days=days)


def _values(one: Any, whole: range) -> set[int]:
    """Return the values of a field: its expressions are `*`, `*/n`, `a`, `a-b` and `a-b/n`."""
    found: set[int] = set()
    for part in one.expressions:
        kind = type(part).__name__
        if kind not in ("AllExpression", "RangeExpression", "WeekdayRangeExpression", "MonthRangeExpression"):
            raise InvalidValue(one.name, str(part), "it stands beside other days", "Declare it by hand.")
        first = whole[0] if kind == "AllExpression" else part.first
        last = whole[-1] if kind == "AllExpression" or part.last is None else part.last
        found |= set(range(first, last + 1, getattr(part, "step", None) or 1))
    return found


def _special_day(one: Any) -> str | None:
    """Return `L` or `fri#1` for `last` or `1st fri`; `None` for plain days."""
    if len(one.expressions) != 1:
        return None
    (part,) = one.expressions
    kind = type(part).__name__
    if kind == "LastDayOfMonthExpression":
        return "L"
    if kind != "WeekdayPositionExpression":
        return None
    which, day = ORDINALS[part.option_num], DAYS[part.weekday]
    return f"{day}L" if which == "last" else f"{day}#{ORDINALS.index(which) + 1}"


def _zone(zone: Any) -> str:
    return str(getattr(zone, "key", None) or getattr(zone, "zone", None) or zone)
