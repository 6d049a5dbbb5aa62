"""Rows to records and back. The order of the columns is that of the blocks in `statements.sql`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from rota.core.ids import from_us, to_us
from rota.core.policies import RunPolicy
from rota.core.records import (
    ENDED,
    ActiveRun,
    AlikeRuns,
    Claimed,
    Definition,
    DueSchedule,
    Failure,
    NewRun,
    Node,
    Origin,
    Override,
    Pause,
    Run,
    RunState,
    Schedule,
    ScheduleState,
    Source,
)
from rota.stores.sql.database import Row
from rota.stores.sql.texts import (
    Coder,
    KeptCoder,
    as_id,
    clean,
    clean_or_none,
    from_json,
    object_from_json,
    object_to_json,
    to_json,
)

POLICIES = KeptCoder(RunPolicy, RunPolicy())
DEFINITIONS = KeptCoder(Definition, Definition(task="", timetable=""))  # read at each tick
PAUSES = Coder(Pause)
FAILURES = KeptCoder(Failure, None)  # a page of errors has the same over and over
NODES = Coder(Node)
STATES = {str(state): state for state in RunState}
MICROSECOND_DAY = 86_400_000_000
ARGS = 5  # their place among the columns of `add_run`
TAG_EDGE = "\x1f"  # between tags, so that a whole tag is looked for


def us(instant: datetime | None) -> int | None:
    return None if instant is None else to_us(instant)


def instant(value: int | None) -> datetime | None:
    return None if value is None else from_us(value)


def new_run_row(run: NewRun) -> Row:
    """Return the columns of `add_run`."""
    deadline = run.policy.start_deadline
    created_us = to_us(run.created_at)
    run_at_us = created_us if run.run_at is run.created_at else to_us(run.run_at)
    planned = run.planned_at
    return (
        run.id,
        clean(run.rota),
        clean(run.task),
        str(run.state),
        str(run.origin),
        object_to_json(run.args),
        POLICIES.text(run.policy),
        clean(run.queue),
        run.priority,
        created_us,
        run_at_us,
        None
        if deadline is None
        else deadline.days * MICROSECOND_DAY + deadline.seconds * 1_000_000 + deadline.microseconds,
        run.schedule_id,
        clean_or_none(run.schedule),
        None if planned is None else to_us(planned),
        us(run.window_start),
        run.count,
        clean_or_none(run.reason),
        run.is_catch_up,
        run.serial,
        clean_or_none(run.lane),
        run.lane_limit,
        run.serial or run.lane is not None,
        None if run.blocked_by is None else as_id(run.blocked_by),
        None if run.parent is None else as_id(run.parent),
        clean_or_none(run.by),
        created_us if run.state in ENDED else None,
    )


def alike_run_rows(runs: AlikeRuns) -> list[Row]:
    """Return the columns of `add_run` for each."""
    _, *rest = new_run_row(runs.pattern)
    head, tail = tuple(rest[: ARGS - 1]), tuple(rest[ARGS:])
    return [
        (run_id, *head, object_to_json(args), *tail) for run_id, args in zip(runs.ids, runs.args, strict=True)
    ]


# A batch has few different instants: its runs were made together, and are claimed at once.
_batch_instant = lru_cache(maxsize=1024)(from_us)


def claimed_of(row: Row) -> Claimed:
    created_us, run_at_us = row[7], row[8]
    created = _batch_instant(created_us)
    planned_us, success_us = row[12], row[16]
    return Claimed(
        id=row[0],
        token=row[1],
        attempt=row[2],
        task=row[3],
        args=object_from_json(row[4]),
        policy=POLICIES.value(row[5]),
        queue=row[6],
        created_at=created,
        run_at=created if run_at_us == created_us else _batch_instant(run_at_us),
        started_at=_batch_instant(row[9]),
        schedule_id=row[10],
        schedule=row[11],
        planned_at=None if planned_us is None else _batch_instant(planned_us),
        last_success=None if success_us is None else _batch_instant(success_us),
        is_catch_up=bool(row[13]),
        cancel_requested=row[14] is not None,
    )


def run_of(row: Row) -> Run:
    return Run(
        id=row[0],
        rota=row[1],
        task=row[2],
        state=STATES[row[3]],
        origin=Origin(row[4]),
        args=object_from_json(row[5]),
        policy=POLICIES.value(row[6]),
        queue=row[7],
        priority=row[8],
        created_at=from_us(row[9]),
        run_at=from_us(row[10]),
        schedule_id=row[11],
        schedule=row[12],
        planned_at=instant(row[13]),
        window_start=instant(row[14]),
        count=row[15],
        reason=row[16],
        is_catch_up=bool(row[17]),
        attempt=row[18],
        token=row[19],
        node=row[20],
        lease_until=instant(row[21]),
        started_at=instant(row[22]),
        finished_at=instant(row[23]),
        result=None if row[24] is None else from_json(row[24]),
        failure=failure_of(row[25]),
        done=row[26],
        total=row[27],
        note=row[28],
        cancel_by=row[29],
        blocked_by=row[30],
        parent=row[31],
        by=row[32],
        serial=bool(row[33]),
        lane=row[34],
        lane_limit=row[35],
    )


def failure_of(text: str | None) -> Failure | None:
    return None if text is None else FAILURES.value(text)


def failure_text(failure: Failure | None) -> str | None:
    if failure is None:
        return None
    return FAILURES.text(
        Failure(
            kind=clean(failure.kind),
            message=clean(failure.message),
            traceback=clean(failure.traceback),
            names=tuple(map(clean, failure.names)),
        )
    )


def schedule_row(schedule: Schedule, revision_was: int, revision: int) -> Row:
    """Return the columns of `add_schedule` and `change_schedule`."""
    effective = schedule.effective
    is_active = schedule.state is ScheduleState.ACTIVE
    return (
        schedule.id,
        revision_was,
        clean(schedule.rota),
        clean(schedule.name),
        str(schedule.source),
        str(schedule.state),
        DEFINITIONS.text(schedule.declared),
        DEFINITIONS.text(effective),
        clean(effective.task),
        clean(effective.queue),
        TAG_EDGE + "".join(clean(tag) + TAG_EDGE for tag in effective.tags),
        search_text(f"{schedule.name}\n{effective.task}\n{effective.description}"),
        None if schedule.pause is None else PAUSES.text(schedule.pause),
        clean_or_none(schedule.quarantine),
        schedule.generation,
        revision,
        to_us(schedule.cursor),
        us(schedule.next_due) if is_active else None,
        schedule.runs_made,
        to_us(schedule.created_at),
        to_us(schedule.updated_at),
        None if schedule.pause is None else to_us(schedule.pause.start),
    )


def search_text(text: str) -> str:
    """Return `text` so that it is found whatever the case. Each database would fold it differently."""
    return clean(text).casefold()


def due_of(row: Row) -> DueSchedule:
    return DueSchedule(
        id=row[0],
        rota=row[1],
        name=row[2],
        definition=DEFINITIONS.value(row[3]),
        revision=row[4],
        cursor=from_us(row[5]),
        runs_made=row[6],
        pause=None if row[7] is None else PAUSES.value(row[7]),
    )


def schedule_of(row: Row) -> Schedule:
    """Return a schedule, without its overrides and active runs. A broken one is shown as quarantined."""
    problems: list[str] = []
    unreadable = Definition(task=row[17], timetable="", queue=row[18])
    declared = _read(row[5], DEFINITIONS, problems) or unreadable
    effective = _read(row[6], DEFINITIONS, problems) or unreadable
    schedule = Schedule(
        id=row[0],
        rota=row[1],
        name=row[2],
        source=Source(row[3]),
        state=ScheduleState(row[4]),
        declared=declared,
        effective=effective,
        pause=None if row[7] is None else _read(row[7], PAUSES, problems),
        quarantine=row[8],
        generation=row[9],
        revision=row[10],
        cursor=from_us(row[11]),
        next_due=instant(row[12]),
        last_success=instant(row[13]),
        runs_made=row[14],
        created_at=from_us(row[15]),
        updated_at=from_us(row[16]),
    )
    if problems and schedule.state is not ScheduleState.RETIRED:
        return replace(schedule, state=ScheduleState.QUARANTINED, quarantine=unreadable_reason(problems[0]))
    return schedule


def unreadable_reason(problem: object) -> str:
    return clean(f"its stored definition can not be read: {problem}")


def _read(text: str, coder: Coder[Any], problems: list[str]) -> Any:
    try:
        return coder.value(text)
    except (ValueError, TypeError) as error:
        problems.append(str(error))
        return None


def override_row(schedule_id: str, override: Override) -> Row:
    """Return the columns of `add_override`."""
    return (
        schedule_id,
        override.field,
        to_json(override.value),
        clean(override.author),
        clean(override.reason),
        to_us(override.created_at),
        us(override.until),
    )


def override_of(row: Row) -> Override:
    return Override(
        field=row[1],
        value=from_json(row[2]),
        author=row[3],
        reason=row[4],
        created_at=from_us(row[5]),
        until=instant(row[6]),
    )


def active_by_schedule(rows: Iterable[Row]) -> dict[str, list[ActiveRun]]:
    """Return the active runs of each schedule, in the order of `rows`."""
    active: defaultdict[str, list[ActiveRun]] = defaultdict(list)
    for schedule_id, run_id, state in rows:
        active[schedule_id].append(ActiveRun(run_id, STATES[state]))
    return active
