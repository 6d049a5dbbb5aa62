"""Ask for runs: enqueue a task, trigger a schedule, fill in the past, try again, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from rota.core.changes import MOST_PLANS, due_form
from rota.core.ids import keyed_id
from rota.core.occurrences import TICK, compiled, occurrences_in
from rota.core.planning import plan, run_of
from rota.core.records import ENDED, AuditLine, Cancelled, Json, NewRun, Origin, Run, Schedule, ScheduleState
from rota.declare.limits import checked_name, checked_payload
from rota.declare.tasks import EnqueueOptions
from rota.errors import InvalidValue, NotEnded
from rota.operations.actor import Actor, Role
from rota.operations.enqueueing import requested
from rota.operations.lookups import run_like, schedule_named, schedules_named
from rota.operations.masking import masked
from rota.operations.results import Backfill, Effect, Result

if TYPE_CHECKING:
    from rota.app import Rota

MOST_BACKFILLED = 10_000


def enqueue(
    rota: Rota,
    task: str,
    args: Mapping[str, Any],
    actor: Actor,
    *,
    delay: str | timedelta | None = None,
    at: datetime | None = None,
    key: str | None = None,
    queue: str | None = None,
    priority: int | None = None,
    dry_run: bool = False,
) -> str:
    """Make a run of a task, and return its id. One `key` makes one run, for ever.

    Args:
        dry_run: Check, and store nothing.

    Raises:
        UnknownTask: The code declares no such task.
        InvalidArguments: The arguments do not fit it.
        InvalidValue: Another value can not be used.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "enqueue")
    known, now = rota.registry.task(task), rota.clock.now()
    options = EnqueueOptions(delay=delay, at=at, key=key, queue=queue, priority=priority)
    values = known.arguments.to_json((), args)
    asked = requested(rota.name, known, [values], options, now, rota.random_bits)
    run = replace(asked.pattern, id=asked.ids[0], args=values, by=actor.name)
    after = masked({"task": task, "args": dict(run.args)})
    return _stored(rota, run, actor.line(rota.name, now, "enqueue", run.id, "", None, after), dry_run)


def _stored(rota: Rota, run: NewRun, line: AuditLine, dry_run: bool) -> str:
    if not dry_run:
        rota.store.enqueue([run], [line])
    return run.id


def trigger(
    rota: Rota,
    name: str,
    actor: Actor,
    args: Mapping[str, Any] | None = None,
    key: str | None = None,
    reason: str = "",
    *,
    dry_run: bool = False,
) -> str:
    """Run a schedule now, beside its timetable, paused or not, and return the id of the run.

    The run has the schedule's definition: its queue, policy and concurrency; it waits its turn as an
    occurrence would.

    Args:
        args: Instead of the schedule's arguments.
        key: One key makes one run, for ever.
        dry_run: Check, and store nothing.

    Raises:
        UnknownSchedule: There is none of this name.
        InvalidArguments: `args` do not fit the task.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "trigger")
    schedule, now = schedule_named(rota, name), rota.clock.now()
    run = replace(
        run_of(due_form(schedule), now, now),
        id=keyed_id(rota.name, checked_name("key", key)) if key is not None else rota.new_id(),
        origin=Origin.MANUAL,
        planned_at=None,
        run_at=now,
        by=actor.name,
        reason=reason or None,
    )
    if args is not None:
        run = replace(run, args=_checked_args(rota, run.task, args))
    line = actor.line(
        rota.name, now, "trigger", name, reason, None, {"run": run.id, "args": masked(dict(run.args))}
    )
    return _stored(rota, run, line, dry_run)


def trigger_many(
    rota: Rota, names: Sequence[str], actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Result:
    """Run schedules now, each once; see `trigger`. All of them exist, or none is run."""
    wanted = list(dict.fromkeys(names))
    schedules_named(rota, wanted)
    made = {name: trigger(rota, name, actor, reason=reason, dry_run=dry_run) for name in wanted}
    effects = [Effect(name, True, f"run {run_id}") for name, run_id in made.items()]
    return Result(action="trigger", dry_run=dry_run, effects=tuple(effects))


def retry_many(
    rota: Rota, run_ids: Sequence[str], actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Result:
    """Retry runs, each once; see `retry`. One that has not ended is left alone."""
    effects = []
    for run_id in dict.fromkeys(run_ids):
        try:
            made = retry(rota, run_id, actor, reason=reason, dry_run=dry_run)
            effects.append(Effect(run_id, True, f"run {made}"))
        except NotEnded as error:
            effects.append(Effect(run_id, False, f"it is {error.state}"))
    return Result(action="retry", dry_run=dry_run, effects=tuple(effects))


def cancel_many(
    rota: Rota, run_ids: Sequence[str], actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Result:
    """Cancel runs, each once; see `cancel`."""
    done = cancel(rota, list(dict.fromkeys(run_ids)), actor, reason, dry_run=dry_run)
    effects = [
        *(Effect(one, True, "cancelled") for one in done.at_once),
        *(Effect(one, True, "asked to stop") for one in done.asked),
        *(Effect(one, False, "it had ended") for one in done.ended),
        *(Effect(one, False, "there is none") for one in done.unknown),
    ]
    return Result(action="cancel", dry_run=dry_run, effects=tuple(effects))


def _checked_args(rota: Rota, task: str, args: Mapping[str, Any]) -> dict[str, Json]:
    return rota.registry.task(task).arguments.to_json((), args)


def backfill(
    rota: Rota,
    name: str,
    start: datetime,
    end: datetime,
    actor: Actor,
    *,
    dry_run: bool = False,
    limit: int = 1000,
    reason: str = "",
) -> Backfill:
    """Run the occurrences in `[start, end)` that have no run: missed, skipped, or before its time.

    They are those of the definition in force. What nobody has decided yet is decided first, as a tick
    does, by the policies of the schedule. Nothing is doubled: the run of an occurrence has one id,
    whoever makes it. They start as soon as they may, oldest first.

    Args:
        limit: At most so many are looked at; from 1 to 10,000.

    Raises:
        InvalidValue: `end` is in the future or not after `start`, an instant has no zone, or `limit` is
            out of range.
        UnknownSchedule: There is none of this name.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "backfill")
    now = rota.clock.now()
    _check_span(start, end, now, limit)
    schedule = schedule_named(rota, name) if dry_run else decided(rota, name, now)
    runs, more = _backfilled(schedule, start, end, actor, now, limit)
    if dry_run:
        new = {run.id for run in runs} - rota.store.known_runs([run.id for run in runs])
    else:
        span = {"start": start.isoformat(), "end": end.isoformat(), "occurrences": len(runs)}
        lines = [actor.line(rota.name, now, "backfill", name, reason, None, span)]
        new = set(rota.store.enqueue(runs, lines)) if runs else set()
    made = tuple((run.planned_at or now, run.id) for run in runs if run.id in new)
    return Backfill(schedule=name, dry_run=dry_run, runs=made, existing=len(runs) - len(made), more=more)


def decided(rota: Rota, name: str, now: datetime) -> Schedule:
    """Decide what has come due of a schedule, as a tick does, and return it.

    A run that is made of an occurrence ahead of the cursor would be made again once it is purged, and be
    taken for an older one by the overlap policy.
    """
    for _ in range(MOST_PLANS):
        schedule = schedule_named(rota, name)
        if schedule.state is not ScheduleState.ACTIVE or not schedule.next_due or schedule.next_due > now:
            break
        rota.store.record([plan(due_form(schedule), now)], now)
    return schedule


def _check_span(start: datetime, end: datetime, now: datetime, limit: int) -> None:
    for field, value in (("start", start), ("end", end)):
        if value.tzinfo is None:
            raise InvalidValue(field, value, "it has no zone", "Give an aware datetime.")
    if end <= start:
        raise InvalidValue("end", end.isoformat(), f"it must be after start ({start.isoformat()})")
    if end > now:
        raise InvalidValue("end", end.isoformat(), f"it must not be in the future (it is {now.isoformat()})")
    if isinstance(limit, bool) or not 1 <= limit <= MOST_BACKFILLED:
        raise InvalidValue("limit", limit, f"it must be from 1 to {MOST_BACKFILLED}")


def _backfilled(
    schedule: Schedule, start: datetime, end: datetime, actor: Actor, now: datetime, limit: int
) -> tuple[list[NewRun], bool]:
    form, definition = due_form(schedule), schedule.effective
    timetable = compiled(schedule.name, definition)
    found = list(islice(occurrences_in(timetable, definition, start - TICK, end - TICK), limit + 1))
    # A start deadline counts from `run_at`: from now, or what is filled in would expire at once.
    runs = [
        replace(run_of(form, due, now, is_catch_up=True), origin=Origin.BACKFILL, run_at=now, by=actor.name)
        for due in found[:limit]
    ]
    return runs, len(found) > limit


def retry(
    rota: Rota,
    run_id: str,
    actor: Actor,
    args: Mapping[str, Any] | None = None,
    reason: str = "",
    *,
    dry_run: bool = False,
) -> str:
    """Make a new run of what an ended run was to do, and return its id. The old one stays as it is.

    Args:
        run_id: Its id, or the end of it; see `rota.operations.lookups.run_like`.
        args: Instead of the old run's arguments.
        dry_run: Check, and store nothing.

    Raises:
        UnknownRun: There is none.
        NotEnded: It is pending or running.
        InvalidArguments: `args` do not fit the task.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "retry")
    old, now = run_like(rota, run_id), rota.clock.now()
    if old.state not in ENDED:
        raise NotEnded(old.id, str(old.state))
    run = again(old, rota.new_id(), actor, now, reason)
    if args is not None:
        run = replace(run, args=_checked_args(rota, old.task, args))
    checked_payload("arguments", run.args)
    return _stored(rota, run, retry_line(rota, run, actor, now, reason), dry_run)


def again(old: Run, run_id: str, actor: Actor, now: datetime, reason: str) -> NewRun:
    """Return a run that does what `old` was to do. Pure."""
    return NewRun(
        id=run_id,
        rota=old.rota,
        task=old.task,
        created_at=now,
        run_at=now,
        origin=Origin.RETRY,
        args=old.args,
        policy=old.policy,
        queue=old.queue,
        priority=old.priority,
        schedule_id=old.schedule_id,
        schedule=old.schedule,
        planned_at=old.planned_at,
        serial=old.serial,
        lane=old.lane,
        lane_limit=old.lane_limit,
        parent=old.id,
        by=actor.name,
        reason=reason or None,
    )


def retry_line(rota: Rota, run: NewRun, actor: Actor, now: datetime, reason: str) -> AuditLine:
    """Return what the audit keeps of a retry: the run that was retried, and `run` which does it again."""
    after = {"run": run.id, "args": masked(dict(run.args))}
    return actor.line(rota.name, now, "retry", run.parent or "", reason, None, after)


def cancel(
    rota: Rota, run_ids: Sequence[str], actor: Actor, reason: str = "", *, dry_run: bool = False
) -> Cancelled:
    """Cancel runs: those that wait at once, those that run are asked to stop.

    Args:
        run_ids: Ids, or ends of ids; see `rota.operations.lookups.run_like`.

    Raises:
        UnknownRun: One does not exist; nothing was done.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "cancel")
    runs = [run_like(rota, one) for one in run_ids]
    now = rota.clock.now()
    if dry_run:
        return Cancelled(
            at_once=tuple(run.id for run in runs if run.state not in ENDED and run.started_at is None),
            asked=tuple(run.id for run in runs if run.state not in ENDED and run.started_at is not None),
            ended=tuple(run.id for run in runs if run.state in ENDED),
        )
    lines = [
        actor.line(rota.name, now, "cancel", run.id, reason, str(run.state))
        for run in runs
        if run.state not in ENDED
    ]
    return rota.store.cancel([run.id for run in runs], actor.name, now, lines)
