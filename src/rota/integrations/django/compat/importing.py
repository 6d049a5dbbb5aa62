"""Decide what becomes of the rows of home-made tables, and do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from rota.core.records import ScheduleState
from rota.core.timetables import Timetable, every
from rota.declare.tasks import EnqueueOptions
from rota.errors import RotaError, UnknownSchedule
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.configs import NEEDS, InvalidTaskConfig, config_of, timetable_of
from rota.integrations.django.compat.declaring import queue_of
from rota.integrations.django.compat.retryable import make_retry
from rota.integrations.django.compat.tables import RetryRow, ScheduledRow
from rota.operations.actor import Actor
from rota.operations.lookups import schedule_named
from rota.operations.requesting import trigger
from rota.operations.schedules import upcoming

SHOWN = 3  # fires of each system


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """What is made of one row.

    Attributes:
        verb: `same`, `differs`, `run now`, `retry`, `leave` or `problem`.
        subject: Path of the function.
        fires: The next fires of the old system and of Rota, if they differ.
        act: Does it; `None`: nothing is to be done. Doing it again changes nothing.
    """

    verb: str
    subject: str
    detail: str = ""
    fires: tuple[tuple[datetime | None, datetime | None], ...] = ()
    act: Callable[[], str] | None = None


def scheduled_lines(
    rota: DjangoRota, table: str, rows: Iterable[ScheduledRow], zone: str, actor: Actor
) -> Iterator[ImportLine]:
    """Yield what becomes of scheduled tasks: the code declares them, so that rows are compared with it.

    Args:
        zone: In which the old system reads hours and minutes.
    """
    now = rota.clock.now()
    for row in rows:
        name = row.function_path
        if row.status == "inactive":
            yield ImportLine(verb="leave", subject=name, detail="it is inactive")
            continue
        try:
            is_retired = schedule_named(rota, name).state is ScheduleState.RETIRED
        except UnknownSchedule:
            is_retired = True
        if is_retired:
            detail = "no SCHEDULED_TASKS in force has this function; run sync_tasks first"
            yield ImportLine(verb="problem", subject=name, detail=detail)
            continue
        yield _compared(rota, row, zone, now)
        if row.next_run_time is not None and row.next_run_time <= now:
            yield _owed(rota, table, row, actor)


def _compared(rota: DjangoRota, row: ScheduledRow, zone: str, now: datetime) -> ImportLine:
    new = upcoming(rota, row.function_path, SHOWN)
    try:
        old = list(islice(old_fires(row, zone, now), SHOWN))
    except InvalidTaskConfig as error:
        problem = "; ".join(map(str, error.problems))
        return ImportLine(verb="problem", subject=row.function_path, detail=problem)
    if old == new:
        return ImportLine(verb="same", subject=row.function_path)
    return ImportLine(verb="differs", subject=row.function_path, fires=tuple(zip(old, new, strict=False)))


def old_fires(row: ScheduledRow, zone: str, now: datetime) -> Iterator[datetime]:
    """Yield when the old system would run a row next, from `now`.

    Minutes and hours are added to the run before; all else is wall time in `zone`.

    Raises:
        InvalidTaskConfig: A field of the row can not be used.
    """
    kind = str(row.fields.get("schedule_type"))
    used = {name: row.fields.get(name) for name in ("schedule_type", *NEEDS.get(kind, ()))}
    config = config_of({"func": old_fires, **used})
    start = row.next_run_time
    if config.schedule_type in ("minutes", "hourly"):
        unit = timedelta(minutes=1) if config.schedule_type == "minutes" else timedelta(hours=1)
        # A timetable knows nothing finer than seconds; the cron line looks once a minute.
        start = (start or now).replace(microsecond=0)
        timetable: Timetable = every(unit * (config.schedule_interval or 1), start=start)
    else:
        timetable = timetable_of(config, zone)
    due = timetable.next_after(now)
    while due is not None:
        yield due
        due = timetable.next_after(due)


def _owed(rota: DjangoRota, table: str, row: ScheduledRow, actor: Actor) -> ImportLine:
    """Return the line for a run that the old system owes: it would be lost."""
    assert row.next_run_time is not None
    key = f"import {table} {row.id} {row.next_run_time.isoformat()}"

    def act() -> str:
        return trigger(rota, row.function_path, actor, key=key, reason="owed by the old system")

    detail = f"it has been due since {row.next_run_time:%Y-%m-%d %H:%M} UTC"
    return ImportLine(verb="run now", subject=row.function_path, detail=detail, act=act)


def retry_lines(rota: DjangoRota, table: str, rows: Iterable[RetryRow]) -> Iterator[ImportLine]:
    """Yield what becomes of retries: those that are not over become runs, with the tries that are left."""
    for row in rows:
        left = row.max_retries - row.retry_count
        if row.status in ("completed", "inactive") or left < 1:
            yield ImportLine(verb="leave", subject=row.function_path, detail=f"it is {row.status}")
            continue
        try:
            yield _retried(rota, table, row, left)
        except RotaError as error:
            yield ImportLine(verb="problem", subject=row.function_path, detail=str(error))


def _retried(rota: DjangoRota, table: str, row: RetryRow, left: int) -> ImportLine:
    task = rota.registry.task(row.function_path)
    values = task.arguments.to_json((), row.arguments)
    queue = queue_of(row.tag)
    if queue not in rota.registry.queues():
        queue = task.options.queue  # one that workers serve
    options = EnqueueOptions(at=row.next_run_time, queue=queue, key=f"import {table} {row.id}")
    delay = timedelta(minutes=row.retry_delay_minutes)

    def act() -> str:
        reason = f"was retry {row.id} of {table}"
        return make_retry(rota, task, values, options, retries=left, delay=delay, reason=reason)

    return ImportLine(verb="retry", subject=row.function_path, detail=f"{left} more tries", act=act)
