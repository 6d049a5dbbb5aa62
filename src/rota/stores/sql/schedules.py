"""The verbs about schedules: what is due, what was decided about it, and what operators look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rota import failpoints
from rota.core.ids import from_us, to_us
from rota.core.records import (
    ActiveRun,
    AuditLine,
    DueSchedule,
    Override,
    PastError,
    Plan,
    Schedule,
    ScheduleQuery,
    ScheduleState,
)
from rota.stores.sql import rows as rows_
from rota.stores.sql.cancelling import stop_runs
from rota.stores.sql.database import (
    RUNS,
    SCHEDULES,
    Cursor,
    Database,
    Row,
    write,
)
from rota.stores.sql.history import LAST_US, add_audit
from rota.stores.sql.texts import as_id, clean

KEPT_ERRORS = 5
SHOWN_ACTIVE = 20  # of a schedule whose overlap policy does not mind them
PAUSED = "paused"
BY_OVERLAP = "overlap: a newer occurrence"


def due(database: Database, rota: str, now: datetime, limit: int, skip: int) -> list[DueSchedule]:
    readable: list[DueSchedule] = []
    broken: list[Row] = []
    with database.read() as cursor:
        for row in cursor.rows("due", rota=clean(rota), now_us=to_us(now), limit=limit, skip=skip):
            try:
                readable.append(rows_.due_of(row))
            except (ValueError, TypeError) as problem:
                broken.append((row[0], row[4], rows_.unreadable_reason(problem)))
        # Of the others a backlog, however long, is nobody's business: it would be read at each look.
        active = _active(cursor, [one.id for one in readable if one.definition.overlap.minds_others])
    if broken:
        write(database, lambda cursor: cursor.batch("quarantine", broken))
    return [replace(one, active=tuple(active[one.id])) if one.id in active else one for one in readable]


def next_due(database: Database, rota: str) -> datetime | None:
    with database.read() as cursor:
        ((value,),) = cursor.rows("next_due", rota=clean(rota))
    return rows_.instant(value)


def record(database: Database, plans: Sequence[Plan], now: datetime) -> list[str]:
    if not plans:
        return []
    # In one order for all: who inserts the same run twice then waits, and never in a circle.
    rows = sorted(_plan_row(plan, now) for plan in plans)
    return write(database, lambda cursor: _record(cursor, plans, rows, now))


def _record(cursor: Cursor, plans: Sequence[Plan], rows: Sequence[Row], now: datetime) -> list[str]:
    applied = {row[0] for row in cursor.batch_rows("record_plan", rows)}
    ours = [plan for plan in plans if plan.schedule_id in applied]
    # Runs of a schedule that is set aside are not made: it could not be evaluated.
    runs = [rows_.new_run_row(run) for plan in ours if plan.quarantine is None for run in plan.runs]
    runs.sort(key=_first)
    cursor.batch("add_run", runs)
    stop_runs(cursor, [run_id for plan in ours for run_id in plan.cancel], BY_OVERLAP, now)
    if any(row[3] == "pending" for row in runs):
        cursor.notify((RUNS,))
    failpoints.hit("record.before_commit")
    return [plan.schedule_id for plan in ours]


def _first(row: Row) -> Any:
    return row[0]


def _plan_row(plan: Plan, now: datetime) -> Row:
    quarantine = plan.quarantine
    state = ScheduleState.QUARANTINED if quarantine is not None else plan.state
    next_due_us = rows_.us(plan.next_due) if state is ScheduleState.ACTIVE else None
    return (
        plan.schedule_id,
        plan.revision,
        to_us(plan.cursor_was),
        to_us(plan.cursor if quarantine is None else plan.cursor_was),
        next_due_us,
        str(state),
        None if quarantine is None else clean(quarantine),
        plan.made if quarantine is None else 0,
        plan.resumed and quarantine is None,
        to_us(now),
    )


def declared(database: Database, rota: str, names: Sequence[str]) -> list[Schedule]:
    with database.read() as cursor:
        return _whole(cursor, cursor.rows("declared", rota=clean(rota), names=list(map(clean, names))))


def schedules(database: Database, query: ScheduleQuery) -> list[Schedule]:
    paused = query.state == PAUSED
    parameters: dict[str, Any] = {
        "rota": query.rota,
        "state": None if paused else query.state,
        "paused_us": (LAST_US if query.now is None else to_us(query.now)) if paused else None,
        "source": query.source,
        "tag": rows_.TAG_EDGE + query.tag + rows_.TAG_EDGE if query.tag else None,
        "task": query.task,
        "queue": query.queue,
        "text": rows_.search_text(query.text) if query.text else None,
        "after": query.after,
        "is_overridden": query.is_overridden,
    }
    texts: dict[str, Any] = {
        key: clean(str(value)) if isinstance(value, str) else value for key, value in parameters.items()
    }
    names = [clean(name) for name in query.names] or None
    tasks = None if query.tasks is None else [clean(task) for task in query.tasks]
    statement = {"-name": "schedules_backwards", "next": "schedules_by_due"}.get(query.order, "schedules")
    if query.order == "next":
        texts["after_due_us"] = LAST_US if query.after_due is None else to_us(query.after_due)
    with database.read() as cursor:
        return _whole(cursor, cursor.rows(statement, names=names, tasks=tasks, limit=query.limit, **texts))


def odd(database: Database, rota: str, limit: int) -> list[Schedule]:
    with database.read() as cursor:
        found = cursor.rows("odd_schedules", rota=clean(rota), limit=limit)
        seen = {row[0] for row in found}
        overridden = cursor.rows("overridden_schedules", rota=clean(rota), limit=limit)
        return _whole(cursor, [*found, *(row for row in overridden if row[0] not in seen)])


def ending(database: Database, rota: str, now: datetime, limit: int) -> list[Schedule]:
    with database.read() as cursor:
        return _whole(cursor, cursor.rows("ending", rota=clean(rota), now_us=to_us(now), limit=limit))


def _whole(cursor: Cursor, found: Sequence[Row]) -> list[Schedule]:
    """Return schedules with their overrides and active runs."""
    if not found:
        return []
    schedules = [rows_.schedule_of(row) for row in found]
    overrides = _overrides(cursor.rows("overrides", ids=[one.id for one in schedules]))
    active = _active(cursor, [one.id for one in schedules if one.effective.overlap.minds_others])
    others = [one.id for one in schedules if not one.effective.overlap.minds_others]
    if others:
        active |= rows_.active_by_schedule(cursor.rows("some_active_runs", ids=others, most=SHOWN_ACTIVE))
    return [
        replace(one, overrides=overrides.get(one.id, ()), active=tuple(active.get(one.id, ())))
        if one.id in overrides or one.id in active
        else one
        for one in schedules
    ]


def _active(cursor: Cursor, ids: Sequence[str]) -> dict[str, list[ActiveRun]]:
    return rows_.active_by_schedule(cursor.rows("active_runs", ids=ids)) if ids else {}


def _overrides(found: Iterable[Row]) -> dict[str, tuple[Override, ...]]:
    overrides: dict[str, tuple[Override, ...]] = {}
    for row in found:
        try:
            overrides[row[0]] = (*overrides.get(row[0], ()), rows_.override_of(row))
        except (ValueError, TypeError, KeyError):
            continue  # it can not be shown; the effective definition holds what it did
    return overrides


def add_schedule(database: Database, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> bool:
        added = cursor.batch("add_schedule", [rows_.schedule_row(schedule, 0, schedule.revision)])
        if added:
            cursor.batch("add_override", [rows_.override_row(schedule.id, one) for one in schedule.overrides])
            add_audit(cursor, audit)
            cursor.notify((SCHEDULES,))
        return bool(added)

    return write(database, work)


def remove_schedule(database: Database, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> bool:
        removed = cursor.run("drop_schedule", id=schedule.id, revision=schedule.revision)
        if removed:
            cursor.run("drop_overrides", ids=[schedule.id])
            cursor.run("drop_errors", id=schedule.id)
            cursor.run("drop_success", id=schedule.id)
            add_audit(cursor, audit)
            cursor.notify((SCHEDULES,))
        return bool(removed)

    return write(database, work)


def past_errors(database: Database, schedule_id: str) -> list[PastError]:
    known = as_id(schedule_id)
    if known is None:
        return []
    with database.read() as cursor:
        found = cursor.rows("past_errors", id=known, limit=KEPT_ERRORS)
    return [
        PastError(at=from_us(at), run_id=run_id, failure=rows_.FAILURES.value(text))
        for at, run_id, text in found
    ]
