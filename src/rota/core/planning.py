"""Decide what becomes of the occurrences of one schedule that have come due. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from rota.core.ids import occurrence_id, record_id, spread
from rota.core.occurrences import (
    TICK,
    Span,
    Stretch,
    compiled,
    first_due,
    last_in,
    next_occurrence,
    occurrences_in,
    outside,
    span_in,
)
from rota.core.policies import CatchUp, CatchUpRule, Overlap
from rota.core.records import (
    ActiveRun,
    Definition,
    DueSchedule,
    NewRun,
    Origin,
    Pause,
    Plan,
    RunState,
    ScheduleState,
)
from rota.core.timetables import Timetable
from rota.errors import RotaError

__all__ = [
    "MAX_RUNS_PER_TICK",
    "compiled",
    "first_due",
    "looked_at",
    "next_occurrence",
    "paused_record",
    "plan",
    "run_of",
]

MAX_RUNS_PER_TICK = 100

_WHY_MISSED = {
    CatchUpRule.LATEST: "no scheduler was running",
    CatchUpRule.NONE: "no scheduler was running",
    CatchUpRule.ALL: "older than the catch-up window",
    CatchUpRule.ASK: "no scheduler was running; waiting for an operator to decide",
}


def plan(schedule: DueSchedule, now: datetime, *, limit: int = MAX_RUNS_PER_TICK) -> Plan:
    """Decide about the occurrences of `schedule` in `(cursor, now]`.

    An occurrence is missed once it is older than the grace of its catch-up policy; a younger one is
    on time. At most `limit` occurrences are run, or skipped for overlap, oldest first; the rest stay
    for the next tick, which is due at once. What a pause swallowed is recorded when it has ended;
    what came before it and after it is decided as ever. A schedule that can not be evaluated gets a
    plan that quarantines it.
    """
    try:
        timetable = compiled(schedule.name, schedule.definition)
        return _punctual(schedule, timetable, now, limit) or _plan(schedule, timetable, now, limit)
    except Exception as error:  # whatever it is: one broken schedule must not stop the others
        why = str(error) if isinstance(error, RotaError) else f"{type(error).__name__}: {error}"
        return replace(_unchanged(schedule), state=ScheduleState.QUARANTINED, quarantine=why)


def _unchanged(schedule: DueSchedule) -> Plan:
    return Plan(
        schedule_id=schedule.id,
        revision=schedule.revision,
        cursor_was=schedule.cursor,
        cursor=schedule.cursor,
        next_due=None,
    )


def _punctual(schedule: DueSchedule, timetable: Timetable, now: datetime, limit: int) -> Plan | None:
    """Return the plan for what happens nearly always: one occurrence is due, on time, nothing in its way.

    The general way says the same, and takes three times as long. `None`: it is not that simple.
    """
    definition = schedule.definition
    is_in_the_way = schedule.active and definition.overlap.minds_others
    if schedule.pause is not None or is_in_the_way or definition.max_runs is not None or limit < 1:
        return None
    due = next_occurrence(timetable, definition, schedule.cursor)
    if due is None or not _on_time_after(definition.catch_up, now) < due <= now:
        return None
    following = next_occurrence(timetable, definition, due)
    if following is None or following <= now:
        return None
    return Plan(
        schedule_id=schedule.id,
        revision=schedule.revision,
        cursor_was=schedule.cursor,
        cursor=now,
        next_due=following,
        runs=(run_of(schedule, due, now),),
        made=1,
    )


def _plan(schedule: DueSchedule, timetable: Timetable, now: datetime, limit: int) -> Plan:
    definition = schedule.definition
    left = _runs_left(schedule)
    if left == 0:
        return replace(_unchanged(schedule), cursor=max(schedule.cursor, now), state=ScheduleState.FINISHED)
    limit = limit if left is None else min(limit, left)

    stretches = outside(schedule.pause, schedule.cursor, now)
    wanted_after = _wanted_after(timetable, definition, stretches, now)
    wanted = list(islice(_occurrences(timetable, definition, stretches, wanted_after), limit + 1))
    cursor = max(schedule.cursor, stretches[-1][1]) if len(wanted) <= limit else wanted[limit - 1]

    records = _missed(schedule, timetable, stretches, wanted_after, now)
    records += _swallowed(schedule, timetable, cursor, now)
    runs, cancel = _overlapped(schedule, wanted[:limit], now)
    made = sum(run.state is RunState.PENDING for run in runs)

    state, next_due = ScheduleState.ACTIVE, next_occurrence(timetable, definition, cursor)
    if left == made or next_due is None:
        state, next_due = ScheduleState.FINISHED, None
    elif schedule.pause is not None and not _has_ended(schedule.pause, now):
        next_due = looked_at(schedule.pause, next_due)
    return replace(
        _unchanged(schedule),
        cursor=cursor,
        next_due=next_due,
        state=state,
        runs=tuple(sorted([*records, *runs], key=lambda run: run.planned_at or now)),
        cancel=cancel,
        made=made,
        resumed=_is_behind(schedule.pause, cursor, now),
    )


def _runs_left(schedule: DueSchedule) -> int | None:
    most = schedule.definition.max_runs
    return None if most is None else max(most - schedule.runs_made, 0)


# -- pauses


def looked_at(pause: Pause, due: datetime) -> datetime | None:
    """Return when a schedule with a pause has to be looked at, if its next occurrence is at `due`."""
    return due if due < pause.start else pause.until


def _has_ended(pause: Pause, now: datetime) -> bool:
    return pause.until is not None and pause.until <= now


def _is_behind(pause: Pause | None, cursor: datetime, now: datetime) -> bool:
    """Say whether the pause has ended and everything inside it has been decided."""
    return pause is not None and _has_ended(pause, now) and cursor >= (pause.until or now) - TICK


def _swallowed(schedule: DueSchedule, timetable: Timetable, cursor: datetime, now: datetime) -> list[NewRun]:
    """Return the record of what a pause swallowed, once the cursor has left it behind."""
    pause = schedule.pause
    if pause is None or pause.until is None or not _is_behind(pause, cursor, now):
        return []
    return paused_record(schedule, timetable, schedule.cursor, pause.until - TICK, pause, now)


def paused_record(
    schedule: DueSchedule, timetable: Timetable, after: datetime, until: datetime, pause: Pause, now: datetime
) -> list[NewRun]:
    """Return the record of the occurrences in `(after, until]` that a pause swallowed: none or one."""
    span = span_in(timetable, schedule.definition, max(after, pause.start - TICK), until)
    if span is None:
        return []
    why = f"paused by {pause.by}" + (f": {pause.reason}" if pause.reason else "")
    return [_record(schedule, span, RunState.SKIPPED, why, now)]


# -- catching up


def _wanted_after(
    timetable: Timetable, definition: Definition, stretches: Sequence[Stretch], now: datetime
) -> datetime:
    """Return the instant that divides: occurrences up to it are missed, later ones are to run."""
    policy = definition.catch_up
    oldest, on_time = now - policy.window - TICK, _on_time_after(policy, now)
    if policy.rule is CatchUpRule.ALL:
        return oldest
    if policy.rule is CatchUpRule.LATEST and not any(_occurrences(timetable, definition, stretches, on_time)):
        for after, until in reversed(stretches):
            if latest := last_in(timetable, definition, max(after, oldest), until):
                return latest - TICK
    return on_time


def _on_time_after(policy: CatchUp, now: datetime) -> datetime:
    """Return the instant after which an occurrence is on time. What is too old to run never is."""
    return now - min(policy.grace, policy.window) - TICK


def _missed(
    schedule: DueSchedule,
    timetable: Timetable,
    stretches: Sequence[Stretch],
    wanted_after: datetime,
    now: datetime,
) -> list[NewRun]:
    """Return the records of the occurrences up to `wanted_after`, one for each gap."""
    definition = schedule.definition
    why = _WHY_MISSED[definition.catch_up.rule]
    gaps = [span_in(timetable, definition, after, min(until, wanted_after)) for after, until in stretches]
    return [_record(schedule, gap, RunState.MISSED, why, now) for gap in gaps if gap is not None]


def _occurrences(
    timetable: Timetable, definition: Definition, stretches: Sequence[Stretch], after: datetime
) -> Iterator[datetime]:
    """Yield the occurrences of the stretches that are later than `after`, oldest first."""
    for begin, until in stretches:
        yield from occurrences_in(timetable, definition, max(begin, after), until)


# -- overlap


def _overlapped(
    schedule: DueSchedule, wanted: Sequence[datetime], now: datetime
) -> tuple[list[NewRun], tuple[str, ...]]:
    """Apply the overlap policy to the occurrences wanted, oldest first; also return whom to cancel."""
    overlap, on_time = schedule.definition.overlap, _on_time_after(schedule.definition.catch_up, now)
    planned = [run_of(schedule, due, now, is_catch_up=due <= on_time) for due in wanted]
    if overlap is Overlap.CANCEL_RUNNING and planned:
        why = "overlap: a newer occurrence took its place"
        older = [_skipped(schedule, due, why, planned[-1].id, now) for due in wanted[:-1]]
        return [*older, planned[-1]], tuple(one.id for one in schedule.active)
    active = list(schedule.active)
    for index, (due, run) in enumerate(zip(wanted, planned, strict=True)):
        blocker = _blocker(overlap, active)
        if blocker is None:
            active.append(ActiveRun(run.id, RunState.PENDING))
        else:
            why = "overlap: an earlier run is still active"
            planned[index] = _skipped(schedule, due, why, blocker.id, now)
    return planned, ()


def _blocker(overlap: Overlap, active: Sequence[ActiveRun]) -> ActiveRun | None:
    """Return the run that keeps a new one from being made, if any."""
    if overlap is Overlap.SKIP and active:
        return active[0]
    waiting = [one for one in active if one.state is RunState.PENDING]
    if overlap is Overlap.QUEUE_ONE and waiting and len(active) > 1:  # a single one is next, not in the queue
        return waiting[-1]
    return None


# -- runs and records


def run_of(schedule: DueSchedule, due: datetime, now: datetime, *, is_catch_up: bool = False) -> NewRun:
    """Return the run of the occurrence of `schedule` at `due`."""
    definition, lane = schedule.definition, schedule.definition.concurrency
    return NewRun(
        id=occurrence_id(schedule.id, due),
        rota=schedule.rota,
        task=definition.task,
        created_at=now,
        run_at=due + spread(schedule.id, due, definition.jitter),
        origin=Origin.OCCURRENCE,
        args=definition.args,
        policy=definition.policy,
        queue=definition.queue,
        priority=definition.priority,
        schedule_id=schedule.id,
        schedule=schedule.name,
        planned_at=due,
        is_catch_up=is_catch_up,
        serial=definition.overlap is not Overlap.ALLOW,
        lane=lane.key if lane else None,
        lane_limit=lane.limit if lane else 1,
    )


def _skipped(schedule: DueSchedule, due: datetime, why: str, blocked_by: str, now: datetime) -> NewRun:
    record = _record(schedule, Span(due, due, 1), RunState.SKIPPED, why, now)
    return replace(record, blocked_by=blocked_by)


def _record(schedule: DueSchedule, span: Span, state: RunState, reason: str, now: datetime) -> NewRun:
    """Return the record of occurrences that did not become runs."""
    definition = schedule.definition
    return NewRun(
        id=record_id(schedule.id, span.last, state),
        rota=schedule.rota,
        task=definition.task,
        created_at=now,
        run_at=span.last,
        state=state,
        origin=Origin.OCCURRENCE,
        args=definition.args,
        policy=definition.policy,
        queue=definition.queue,
        priority=definition.priority,
        schedule_id=schedule.id,
        schedule=schedule.name,
        planned_at=span.last,
        window_start=span.first,
        count=span.count,
        reason=reason,
    )
