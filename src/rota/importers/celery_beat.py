"""Read the tables of django-celery-beat, in the project that has them."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

from rota.core.timetables import Timetable, every, once
from rota.errors import InvalidValue, MissingExtra, RotaError
from rota.importers.foreign import Foreign, cron_of

UNITS = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}
OWN = "celery.backend_cleanup"  # made by Celery itself; Rota has no results of Celery's to delete


def from_celery_beat(alias: str = "default") -> list[Foreign]:
    """Return the periodic tasks, by name.

    Args:
        alias: Of the database that holds them.

    Raises:
        MissingExtra: django-celery-beat is not installed here, or not set up.
    """
    try:
        from django_celery_beat.models import PeriodicTask
    except Exception as error:  # not installed, no settings, apps not loaded: each has its own class
        problem = f"django_celery_beat can not be loaded: {error}"
        raise MissingExtra("this import, by manage.py rota import,", "django", problem) from error
    rows = PeriodicTask.objects.using(alias).select_related("interval", "crontab", "solar", "clocked")
    return [from_periodic_task(row) for row in rows.order_by("name") if row.name != OWN]


def from_periodic_task(row: Any) -> Foreign:
    """Return one row of the table of periodic tasks."""
    positional, named = json.loads(row.args or "[]"), json.loads(row.kwargs or "{}")
    notes = [f"positional arguments {positional!r}: give them names"] if positional else []
    if row.expire_seconds:
        notes.append(f"expires after {row.expire_seconds} s there: start_deadline says so here")
    options = {
        "start": row.start_time and row.start_time.astimezone(UTC),
        "end": row.expires and row.expires.astimezone(UTC),
        "queue": row.queue,
        "max_runs": 1 if row.one_off else None,
    }
    known: dict[str, Any] = {
        "name": row.name,
        "task": row.task,
        "args": named,
        "options": {name: value for name, value in options.items() if value is not None},
        "is_on": row.enabled,
        "notes": tuple(notes),
    }
    try:
        return Foreign(**known, timetable=_timetable(row))
    except RotaError as error:
        return Foreign(**known, problem=str(error))


def _timetable(row: Any) -> Timetable:
    """Return when a row is due. All fields of a crontab have to match, each row in its own zone."""
    if row.crontab is not None:
        # Celery has read the texts already, and in one way: sets of numbers, Sunday being 0.
        read = row.crontab.schedule
        values = {
            "minute": read.minute,
            "hour": read.hour,
            "day_of_month": read.day_of_month,
            "month": read.month_of_year,
            "day_of_week": read.day_of_week,
        }
        return cron_of(values, str(row.crontab.timezone))
    if row.interval is not None and row.interval.period in UNITS:
        last = row.last_run_at.astimezone(UTC).replace(microsecond=0) if row.last_run_at else None
        return every(UNITS[row.interval.period] * row.interval.every, start=last)
    if row.clocked is not None:
        return once(row.clocked.clocked_time.astimezone(UTC))
    raise InvalidValue("schedule", str(row.scheduler), "it has no counterpart in Rota", "Declare it by hand.")
