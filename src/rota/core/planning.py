"""Decide what becomes of the occurrences of one schedule that have come due. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from rota.core.ids import occurrence_id, record_id, spread
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
from rota.core.timetables import Timetable, parse_timetable
from rota.errors import RotaError

TICK = timedelta(microseconds=1)
MAX_RUNS_PER_TICK = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive occurrences that are recorded as one: `first` and `last` included."""

    first: datetime
    last: datetime
    count: int


def compiled(name: str, definition: Definition) -> Timetable:
    """Return the timetable of a schedule. Raises `InvalidTimetable` if its text can not be read."""
    return parse_timetable(definition.timetable).for_schedule(name)


def next_occurrence(timetable: Timetable, definition: Definition, after: datetime) -> datetime | None:
    """Return the first occurrence strictly after `after` that lies within `start` and `end`."""
    if definition.start is not None and after < definition.start:
        after = definition.start - TICK
    due = timetable.next_after(after)
    if due is None or (definition.end is not None and due > definition.end):
        return None
    return due


def first_due(name: str, definition: Definition, cursor: datetime, runs_made: int = 0) -> datetime | None:
    """Return when a schedule whose cursor is `cursor` is due next; `None`: never again."""
    if definition.max_runs is not None and runs_made >= definition.max_runs:
        return None
    return next_occurrence(compiled(name, definition), definition, cursor)


def plan(schedule: DueSchedule, now: datetime, *, limit: int = MAX_RUNS_PER_TICK) -> Plan:
    """Decide about the occurrences of `schedule` in `(cursor, now]`.

    An occurrence is missed once it is older than the grace of its catch-up policy; a younger one is
    on time. At most `limit` runs are planned, oldest first; the rest stay for the next tick, which
    is due at once. A schedule that can not be evaluated gets a plan that quarantines it.
    """
    try:
        return _plan(schedule, now, limit)
    except (RotaError, ArithmeticError) as error:
        return Plan(
            schedule_id=schedule.id,
            revision=schedule.revision,
            cursor_was=schedule.cursor,
            cursor=schedule.cursor,
            next_due=None,
            state=ScheduleState.QUARANTINED,
            quarantine=str(error),
        )


def _plan(schedule: DueSchedule, now: datetime, limit: int) -> Plan:
    timetable = compiled(schedule.name, schedule.definition)
    pause = schedule.pause
    if pause is not None:
        return _plan_paused(schedule, timetable, pause, now, limit)
    runs, cursor, made, cancel = _decide(schedule, timetable, schedule.cursor, now, limit)
    return _finish(schedule, timetable, now, runs, cursor, made, cancel)


def _plan_paused(schedule: DueSchedule, timetable: Timetable, pause: Pause, now: datetime, limit: int) -> Plan:
    """Record what a pause swallowed, once it has ended; what came before it and after it is decided as ever."""
    before, cursor, made, cancel = _decide(schedule, timetable, schedule.cursor, min(pause.at, now), limit)
    if cursor < min(pause.at, now):  # more is due from before the pause than one tick takes
        return _finish(schedule, timetable, now, before, cursor, made, cancel)
    ended = pause.until is not None and pause.until <= now
    if not ended:
        plan_ = _finish(schedule, timetable, now, before, max(cursor, schedule.cursor), made, cancel)
        return replace(plan_, state=ScheduleState.ACTIVE, next_due=pause.until)
    until = pause.until
    assert until is not None
    swallowed = paused_record(schedule, timetable, max(cursor, schedule.cursor), until - TICK, pause, now)
    resumed = replace(schedule, pause=None, runs_made=schedule.runs_made + made)
    after, cursor, more, cancel_after = _decide(resumed, timetable, max(cursor, until - TICK), now, limit)
    plan_ = _finish(
        schedule, timetable, now, [*before, *swallowed, *after], cursor, made + more, (*cancel, *cancel_after)
    )
    return replace(plan_, resumed=True)


def paused_record(
    schedule: DueSchedule, timetable: Timetable, after: datetime, until: datetime, pause: Pause, now: datetime
) -> list[NewRun]:
    """Return the record of the occurrences in `(after, until]` that a pause swallowed: none or one."""
    span = _span(timetable, schedule.definition, after, until)
    if span is None:
        return []
    why = f"paused by {pause.by}" + (f": {pause.reason}" if pause.reason else "")
    return [_record(schedule, span, RunState.SKIPPED, why, now)]


def _finish(
    schedule: DueSchedule,
    timetable: Timetable,
    now: datetime,
    runs: Sequence[NewRun],
    cursor: datetime,
    made: int,
    cancel: Sequence[str],
) -> Plan:
    definition = schedule.definition
    exhausted = definition.max_runs is not None and schedule.runs_made + made >= definition.max_runs
    next_due = None if exhausted else next_occurrence(timetable, definition, cursor)
    return Plan(
        schedule_id=schedule.id,
        revision=schedule.revision,
        cursor_was=schedule.cursor,
        cursor=cursor,
        next_due=next_due,
        state=ScheduleState.FINISHED if next_due is None else ScheduleState.ACTIVE,
        runs=tuple(runs),
        cancel=tuple(cancel),
        made=made,
    )


def _decide(
    schedule: DueSchedule, timetable: Timetable, cursor: datetime, now: datetime, limit: int
) -> tuple[list[NewRun], datetime, int, tuple[str, ...]]:
    """Decide about `(cursor, now]`; returns the runs, the new cursor, how many were made, whom to cancel."""
    definition = schedule.definition
    if definition.max_runs is not None:
        limit = min(limit, definition.max_runs - schedule.runs_made)
    if limit <= 0 or cursor >= now:
        return [], max(cursor, now) if limit <= 0 else cursor, 0, ()
    missed, wanted, cursor = _sort_out(timetable, definition, cursor, now, limit)
    records = [_record(schedule, span, RunState.MISSED, reason, now) for span, reason in missed]
    runs, cancel = _overlapped(schedule, wanted, now)
    made = sum(run.state is RunState.PENDING for run in runs)
    ordered = sorted([*records, *runs], key=lambda run: run.planned_at or now)
    return ordered, cursor, made, cancel


def _sort_out(
    timetable: Timetable, definition: Definition, cursor: datetime, now: datetime, limit: int
) -> tuple[list[tuple[Span, str]], list[tuple[datetime, bool]], datetime]:
    """Return the missed spans with their reasons, the occurrences wanted (is it a catch-up?), and the cursor."""
    policy = definition.catch_up
    grace_start = max(cursor, now - policy.grace - TICK)  # later than this is on time
    missed, caught_up, cursor_late = _late(timetable, definition, policy, cursor, grace_start, now, limit)
    wanted = [(due, True) for due in caught_up]
    if cursor_late < grace_start:
        return missed, wanted, cursor_late
    room = limit - len(wanted)
    on_time = list(islice(_walk(timetable, definition, grace_start, now), room + 1))
    if policy.rule is CatchUpRule.LATEST and wanted and on_time:
        # The most recent one runs, unless a newer one is on time.
        missed = _joined(missed, _span(timetable, definition, caught_up[0] - TICK, caught_up[0]))
        wanted = []
        room = limit
    wanted += [(due, False) for due in on_time[:room]]
    cursor = now if len(on_time) <= room else (on_time[room - 1] if room else grace_start)
    return missed, wanted, cursor


def _late(
    timetable: Timetable,
    definition: Definition,
    policy: CatchUp,
    cursor: datetime,
    until: datetime,
    now: datetime,
    limit: int,
) -> tuple[list[tuple[Span, str]], list[datetime], datetime]:
    """Decide about the missed occurrences in `(cursor, until]`."""
    if cursor >= until:
        return [], [], until
    window_start = min(max(cursor, now - policy.window - TICK), until)
    if policy.rule is CatchUpRule.ALL:
        due = list(islice(_walk(timetable, definition, window_start, until), limit + 1))
        too_old = _span(timetable, definition, cursor, window_start)
        missed = [(too_old, "older than the catch-up window")] if too_old else []
        return missed, due[:limit], until if len(due) <= limit else due[limit - 1]
    caught_up: list[datetime] = []
    if policy.rule is CatchUpRule.LATEST:
        last = _last(timetable, definition, window_start, until)
        caught_up = [last] if last else []
    gap = _span(timetable, definition, cursor, caught_up[0] - TICK if caught_up else until)
    return [(gap, _why_missed(policy.rule))] if gap else [], caught_up, until


def _why_missed(rule: CatchUpRule) -> str:
    if rule is CatchUpRule.ASK:
        return "no scheduler was running; waiting for an operator to decide"
    return "no scheduler was running"


def _joined(missed: list[tuple[Span, str]], late: Span | None) -> list[tuple[Span, str]]:
    """Add `late` to the gap it ends."""
    if late is None:
        return missed
    if not missed:
        return [(late, _why_missed(CatchUpRule.LATEST))]
    gap, reason = missed[-1]
    return [*missed[:-1], (Span(gap.first, late.last, gap.count + late.count), reason)]


def _walk(timetable: Timetable, definition: Definition, after: datetime, until: datetime):  # type: ignore[no-untyped-def]
    """Yield the occurrences in `(after, until]`, oldest first."""
    due = next_occurrence(timetable, definition, after)
    while due is not None and due <= until:
        yield due
        due = next_occurrence(timetable, definition, due)


def _bounds(definition: Definition, after: datetime, until: datetime) -> tuple[datetime, datetime]:
    if definition.start is not None:
        after = max(after, definition.start - TICK)
    if definition.end is not None:
        until = min(until, definition.end)
    return after, until


def _last(timetable: Timetable, definition: Definition, after: datetime, until: datetime) -> datetime | None:
    after, until = _bounds(definition, after, until)
    last = timetable.previous_before(until + TICK)
    return last if last is not None and last > after else None


def _span(timetable: Timetable, definition: Definition, after: datetime, until: datetime) -> Span | None:
    """Return the occurrences in `(after, until]` as one span, counted without walking them."""
    after, until = _bounds(definition, after, until)
    if after >= until:
        return None
    first, last = timetable.next_after(after), timetable.previous_before(until + TICK)
    if first is None or last is None or first > until:
        return None
    return Span(first, last, timetable.count(after, until))


def _record(schedule: DueSchedule, span: Span, state: RunState, reason: str, now: datetime) -> NewRun:
    return NewRun(
        id=record_id(schedule.id, span.last, state),
        rota=schedule.rota,
        task=schedule.definition.task,
        created_at=now,
        run_at=span.last,
        state=state,
        origin=Origin.OCCURRENCE,
        args=schedule.definition.args,
        policy=schedule.definition.policy,
        queue=schedule.definition.queue,
        priority=schedule.definition.priority,
        schedule_id=schedule.id,
        schedule=schedule.name,
        planned_at=span.last,
        window_start=span.first,
        count=span.count,
        reason=reason,
    )


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


def _overlapped(
    schedule: DueSchedule, wanted: Sequence[tuple[datetime, bool]], now: datetime
) -> tuple[list[NewRun], tuple[str, ...]]:
    """Apply the overlap policy to the occurrences wanted, oldest first."""
    overlap = schedule.definition.overlap
    active = list(schedule.active)
    runs: list[NewRun] = []
    cancel: list[str] = []
    for due, is_catch_up in wanted:
        run = run_of(schedule, due, now, is_catch_up=is_catch_up)
        blocker = _blocker(overlap, active)
        if blocker is not None:
            span = Span(due, due, 1)
            skipped = _record(schedule, span, RunState.SKIPPED, "overlap: an earlier run is still active", now)
            runs.append(replace(skipped, blocked_by=blocker.id))
            continue
        if overlap is Overlap.CANCEL_RUNNING:
            cancel += [one.id for one in active]
            active = []
        active.append(ActiveRun(run.id, RunState.PENDING))
        runs.append(run)
    return runs, tuple(cancel)


def _blocker(overlap: Overlap, active: Sequence[ActiveRun]) -> ActiveRun | None:
    """Return the run that keeps a new one from being made, if any."""
    if overlap is Overlap.SKIP and active:
        return active[0]
    if overlap is Overlap.QUEUE_ONE:
        return next((one for one in active if one.state is RunState.PENDING), None) if len(active) > 1 else None
    return None
