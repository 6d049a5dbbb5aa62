"""What a change makes of a schedule: each function returns the schedule as it shall be. Pure.

Before a definition is replaced, or a pause begins or ends, the occurrences that have already come due
are decided by the definition that was in force (`_settled`). So no run is made for an instant of a
replaced definition, none inside a pause, and none of the past is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rota.core.overriding import with_value
from rota.core.planning import compiled, first_due, looked_at, paused_record, plan
from rota.core.records import (
    ActiveRun,
    Change,
    Definition,
    DueSchedule,
    NewRun,
    Override,
    Pause,
    RunState,
    Schedule,
    ScheduleState,
    Source,
)
from rota.errors import InvalidValue, RotaError

MOST_PLANS = 1000  # how many times the past of one schedule is planned before a change waits for the tick
SILENT = (ScheduleState.RETIRED, ScheduleState.QUARANTINED, ScheduleState.FINISHED)


@dataclass(frozen=True, slots=True)
class _Settled:
    """A schedule of which every occurrence up to now is decided, and what that brought with it."""

    schedule: Schedule
    runs: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()


def due_form(schedule: Schedule) -> DueSchedule:
    """Return what planning needs of `schedule`."""
    return DueSchedule(
        id=schedule.id,
        rota=schedule.rota,
        name=schedule.name,
        definition=schedule.effective,
        revision=schedule.revision,
        cursor=schedule.cursor,
        runs_made=schedule.runs_made,
        pause=schedule.pause,
        active=schedule.active,
    )


def redefined(
    schedule: Schedule,
    now: datetime,
    *,
    declared: Definition | None = None,
    overrides: Sequence[Override] | None = None,
    generation: int | None = None,
    source: Source | None = None,
    name: str | None = None,
) -> Change:
    """Give `schedule` another definition, other overrides or another name.

    Overrides that have reached their end are dropped. A finished or quarantined schedule becomes active
    again if it has occurrences left, and so does a retired one if it is declared again; what came due
    while it was silent stays undone.
    One of which an override does not fit what is declared now is quarantined.
    """
    settled = _settled(schedule, now)
    stays_retired = schedule.state is ScheduleState.RETIRED and declared is None
    kept = tuple(
        one
        for one in (schedule.overrides if overrides is None else overrides)
        if one.until is None or one.until > now
    )
    declared = declared or schedule.declared
    after = replace(
        settled.schedule,
        name=name or schedule.name,
        declared=declared,
        effective=declared,
        overrides=kept,
        generation=schedule.generation if generation is None else generation,
        source=source or schedule.source,
    )
    try:
        after = replace(after, effective=effective(declared, kept))
        after = after if stays_retired else _rearmed(after, now)
    except RotaError as error:
        state = ScheduleState.RETIRED if stays_retired else ScheduleState.QUARANTINED
        after = replace(after, state=state, quarantine=f"override: {error}", next_due=None)
    return _change(schedule, replace(settled, schedule=after), now)


def retired(schedule: Schedule, now: datetime, generation: int) -> Change:
    """Stop a schedule that the code no longer declares. Its history and its overrides stay."""
    settled = _settled(schedule, now)
    after = replace(settled.schedule, state=ScheduleState.RETIRED, next_due=None, generation=generation)
    return _change(schedule, replace(settled, schedule=after), now)


def paused(
    schedule: Schedule,
    now: datetime,
    by: str,
    reason: str,
    until: datetime | None = None,
    start: datetime | None = None,
) -> Change:
    """Stop `schedule` from firing until `until`, or until it is resumed: now, or from `start` on.

    A `start` that has passed is now. Until a later one, the schedule fires as ever.

    Raises:
        InvalidValue: `until` has passed, or is not after `start`.
    """
    if until is not None and until <= now:
        raise InvalidValue("until", until.isoformat(), f"it must be later than now ({now.isoformat()})")
    start = now if start is None else max(start, now)
    if until is not None and until <= start:
        raise InvalidValue(
            "until", until.isoformat(), f"it must be later than the start ({start.isoformat()})"
        )
    settled = _settled(schedule, now)
    pause = Pause(start=start, by=by, reason=reason, until=until)
    after = replace(settled.schedule, pause=pause, next_due=None)
    if after.state not in SILENT:
        due = first_due(after.name, after.effective, after.cursor, after.runs_made)
        after = replace(after, next_due=None if due is None else looked_at(pause, due))
    return _change(schedule, replace(settled, schedule=after), now)


def resumed(schedule: Schedule, now: datetime) -> Change:
    """End the pause of `schedule`. What came due meanwhile is recorded as skipped, and never runs."""
    settled = _settled(schedule, now)
    after = replace(settled.schedule, pause=None)
    after = after if schedule.state is ScheduleState.RETIRED else _rearmed(after, now)
    return _change(schedule, replace(settled, schedule=after), now)


def skipping_next(schedule: Schedule, now: datetime, by: str, reason: str) -> Change:
    """Leave out the next occurrence of `schedule`, by pausing it until just after.

    Raises:
        InvalidValue: It has no next occurrence, or is paused.
    """
    if schedule.pause is not None and schedule.pause.has_begun(now):
        raise InvalidValue("schedule", schedule.name, "it is paused, so nothing is due to be skipped")
    if schedule.pause is not None:
        problem = f"a pause is planned from {schedule.pause.start.isoformat()} on, and it has one at a time"
        raise InvalidValue("schedule", schedule.name, problem, "Resume it first.")
    due = first_due(schedule.name, schedule.effective, now, schedule.runs_made)
    if due is None or schedule.state in SILENT:
        raise InvalidValue("schedule", schedule.name, "it has no next occurrence")
    return paused(schedule, now, by, reason or "next occurrence skipped", due + timedelta(microseconds=1))


def effective(declared: Definition, overrides: Sequence[Override]) -> Definition:
    """Return `declared` with the values of `overrides` in the place of its own.

    Raises:
        InvalidValue: A value does not fit what is declared.
    """
    for one in overrides:
        declared = with_value(declared, one.field, one.value)
    return declared


def _settled(schedule: Schedule, now: datetime) -> _Settled:
    """Decide everything that has come due by the definition in force."""
    if schedule.state in SILENT:
        return _Settled(schedule)
    runs: list[NewRun] = []
    cancel: list[str] = []
    for _ in range(MOST_PLANS):
        decided = plan(due_form(schedule), now)
        runs += decided.runs
        cancel += decided.cancel
        schedule = replace(
            schedule,
            cursor=max(schedule.cursor, decided.cursor),
            next_due=decided.next_due,
            state=decided.state,
            runs_made=schedule.runs_made + decided.made,
            pause=None if decided.resumed else schedule.pause,
            quarantine=decided.quarantine,
            active=(*schedule.active, *_pending(decided.runs)),
        )
        if schedule.next_due is None or schedule.next_due > now:
            break
    pause = schedule.pause
    if pause is not None and pause.has_begun(now) and schedule.state is ScheduleState.ACTIVE:
        # Now, by this definition and this pause: both may be others when the pause ends.
        form, timetable = due_form(schedule), compiled(schedule.name, schedule.effective)
        runs += paused_record(form, timetable, form.cursor, now, pause, now)
        schedule = replace(schedule, cursor=max(schedule.cursor, now))
    return _Settled(schedule, tuple(runs), tuple(cancel))


def _pending(runs: Sequence[NewRun]) -> list[ActiveRun]:
    return [ActiveRun(run.id, RunState.PENDING) for run in runs if run.state is RunState.PENDING]


def _rearmed(schedule: Schedule, now: datetime) -> Schedule:
    """Set state and `next_due` from the definition, as from now: the past stays decided."""
    cursor = max(schedule.cursor, now)
    try:
        due = first_due(schedule.name, schedule.effective, cursor, schedule.runs_made)
    except (RotaError, ArithmeticError) as error:
        return replace(schedule, state=ScheduleState.QUARANTINED, quarantine=str(error), next_due=None)
    state = ScheduleState.FINISHED if due is None else ScheduleState.ACTIVE
    if schedule.pause is not None and due is not None:
        due = looked_at(schedule.pause, due)
    return replace(schedule, state=state, quarantine=None, cursor=cursor, next_due=due)


def _change(before: Schedule, settled: _Settled, now: datetime) -> Change:
    after = replace(settled.schedule, revision=before.revision + 1, updated_at=now)
    return Change(
        revision=before.revision,
        after=after,
        cursor_was=before.cursor,
        runs=settled.runs,
        cancel=settled.cancel,
    )
