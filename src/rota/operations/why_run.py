"""What became of a run, in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rota.core.records import Attempt, Origin, Run, RunState
from rota.core.words import say_duration
from rota.operations.shapes import utc

ON_TIME = timedelta(seconds=5)


def run_sentence(
    run: Run, attempts: Sequence[Attempt], earlier: Sequence[Run], now: datetime, *, unserved: bool
) -> tuple[str, str]:
    """Return a verdict in a word, and the sentence.

    Args:
        earlier: Runs of its schedule that were made before.
        unserved: No live worker serves its queue.
    """
    if run.state is RunState.SKIPPED:
        blocker = f" (run {run.blocked_by})" if run.blocked_by else ""
        return "skipped", f"It did not run: skipped, {run.reason}{blocker}.{_span(run)}"
    if run.state is RunState.MISSED:
        gap = f"between {utc(run.window_start or run.planned_at)} and {utc(run.created_at)}"
        return "missed", f"It did not run: missed, {run.reason} ({gap}).{_span(run)}"
    if run.state is RunState.EXPIRED:
        limit = run.policy.start_deadline
        within = f" within {said(limit)}" if limit else ""
        return "expired", f"It did not run: expired, as it could not be started{within} of {utc(run.run_at)}."
    if run.state is RunState.PENDING:
        yet = "started" if run.attempt == 0 else "ended"
        return "pending", f"It has not {yet}: {_waiting(run, earlier, now, unserved)}."
    started = _first_start(run, attempts)
    if run.state is RunState.CANCELLED and started is None:
        return "cancelled", f"It did not run: cancelled by {run.cancel_by or 'someone'} before it started."
    verb = {
        RunState.RUNNING: "It is running",
        RunState.SUCCEEDED: "It ran",
        RunState.FAILED: "It ran and failed",
        RunState.CANCELLED: f"It ran until it was cancelled by {run.cancel_by or 'someone'}",
    }[run.state]
    verdict = {RunState.SUCCEEDED: "ran"}.get(run.state, str(run.state))
    return verdict, f"{verb}: {_start(run, started, earlier, attempts)}.{_error(run)}"


def run_facts(run: Run, attempts: Sequence[Attempt]) -> dict[str, object]:
    """Return what the sentence was read from."""
    started = _first_start(run, attempts)
    late = max(started - run.planned_at, timedelta(0)) if started and run.planned_at else None
    facts = {
        "run": run.id,
        "state": str(run.state),
        "origin": str(run.origin),
        "planned_at": utc(run.planned_at),
        "decided_at": utc(run.created_at),
        "run_at": utc(run.run_at),
        "started_at": utc(started),
        "finished_at": utc(run.finished_at),
        "late_seconds": late.total_seconds() if late is not None else None,
        "attempts": len(attempts) or None,
        "node": run.node,
        "queue": run.queue,
        "reason": run.reason,
        "blocked_by": run.blocked_by,
        "cancel_by": run.cancel_by,
        "by": run.by,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _first_start(run: Run, attempts: Sequence[Attempt]) -> datetime | None:
    starts = [one.started_at for one in attempts if one.started_at is not None]
    return min(starts) if starts else run.started_at


def _start(run: Run, started: datetime | None, earlier: Sequence[Run], attempts: Sequence[Attempt]) -> str:
    at = f"started at {utc(started)}"
    if started is None or run.planned_at is None:
        return at
    late = started - run.planned_at
    if late <= ON_TIME:
        return f"on time, {at}"
    return f"{said(late)} late, {at}, because {_why_late(run, started, earlier, attempts)}"


def _why_late(run: Run, started: datetime, earlier: Sequence[Run], attempts: Sequence[Attempt]) -> str:
    if run.origin is Origin.BACKFILL:
        return f"it was filled in later, by {run.by}"
    if run.origin is Origin.RETRY:
        return f"it is a retry of run {run.parent}, by {run.by}"
    causes = []
    planned = run.planned_at or run.run_at
    if run.created_at - planned > ON_TIME and run.is_catch_up:
        causes.append(f"no scheduler was running when it was due; it was caught up at {utc(run.created_at)}")
    elif run.created_at - planned > ON_TIME:
        causes.append(f"the scheduler came to it only at {utc(run.created_at)}")
    jitter = min(run.run_at, started) - planned
    if jitter > ON_TIME and not any(one.number > 1 for one in attempts):
        causes.append(f"its jitter put it off by {said(jitter)}")
    ready = max(run.run_at, run.created_at)
    if started - ready > ON_TIME:
        blocker = _blocker(run, earlier, ready)
        if blocker is not None:
            ended = f"until {utc(blocker.finished_at)}" if blocker.finished_at else "and still is"
            causes.append(f"run {blocker.id} of the same schedule was active {ended}")
        else:
            causes.append(f"no worker of queue {run.queue!r} was free for {said(started - ready)}")
    return ", and ".join(causes) or "the start took its time"


def _blocker(run: Run, earlier: Sequence[Run], ready: datetime) -> Run | None:
    """Return the run that was active when this one could have started, if it had to wait its turn."""
    if not run.serial:
        return None
    for one in earlier:
        if (
            one.started_at
            and one.started_at <= ready
            and (one.finished_at is None or one.finished_at > ready)
        ):
            return one
    return None


def _waiting(run: Run, earlier: Sequence[Run], now: datetime, unserved: bool) -> str:
    if run.attempt > 0 and run.run_at > now:
        return f"attempt {run.attempt} failed, and the next may start at {utc(run.run_at)}"
    if run.run_at > now:
        return f"it may start at {utc(run.run_at)}, after its jitter or delay"
    blocker = _blocker(run, earlier, now)
    if blocker is not None:
        return f"it waits for run {blocker.id} of the same schedule, which is active"
    if unserved:
        return f"no live worker serves its queue {run.queue!r}. Start one: `rota worker --queues {run.queue}`"
    return f"it waits for a free worker since {utc(max(run.run_at, run.created_at))}"


def _error(run: Run) -> str:
    tries = f" after {run.attempt} attempts" if run.attempt > 1 else ""
    if run.state is RunState.FAILED and run.failure is not None:
        return f" Its error{tries}: {run.failure.kind}: {run.failure.message[:300]}"
    if run.state is RunState.FAILED:
        return f" The reason{tries}: {run.reason or 'none is stored'}."
    return f" It took {run.attempt} attempts." if run.attempt > 1 else ""


def _span(run: Run) -> str:
    if run.count <= 1 or run.window_start is None:
        return ""
    return (
        f" The record stands for {run.count} occurrences, {utc(run.window_start)} to {utc(run.planned_at)}."
    )


def said(span: timedelta) -> str:
    """Say a duration in words: two units at most, whole seconds."""
    whole = timedelta(seconds=max(round(span.total_seconds()), 0))
    for unit in (timedelta(days=1), timedelta(hours=1)):
        if whole >= unit * 2:
            smaller = timedelta(hours=1) if unit == timedelta(days=1) else timedelta(minutes=1)
            whole -= whole % smaller
            break
    return say_duration(whole) or "0 seconds"
