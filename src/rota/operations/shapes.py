"""The JSON form of what operations answer: the same names in `--json`, REST and exports.

Instants are UTC text with a `Z`; a field of seconds ends in `_seconds`; the values of a definition are those
that `override` reads; secrets are masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rota.core.overriding import FIELDS, value_of
from rota.core.records import Attempt, AuditLine, Definition, Failure, Json, Node, Run, SyncPlan, Token, User
from rota.declare.registry import Registry
from rota.declare.tasks import Task
from rota.operations.history import Overview
from rota.operations.masking import masked
from rota.operations.results import Backfill, Bulk, Effect, Explanation, Result, ScheduleDetail, ScheduleView

if TYPE_CHECKING:
    from rota.operations.alerting import Alerts, Tested


def utc(at: datetime | None) -> str | None:
    """Write an instant as `2026-03-29T01:00:00Z`, with a fraction only if it has one."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seconds(span: timedelta | None) -> float | None:
    """Write a duration in seconds."""
    return None if span is None else span.total_seconds()


def schedule(view: ScheduleView) -> dict[str, Json]:
    """Write a schedule as a list shows it."""
    one = view.schedule
    pause = one.pause
    return {
        "name": one.name,
        "id": one.id,
        "state": view.state,
        "source": str(one.source),
        "task": one.effective.task,
        "runner": view.runner,
        "timetable": one.effective.timetable,
        "words": view.words,
        "timezone": view.zone,
        "next_due": utc(view.next_due),
        "queue": one.effective.queue,
        "tags": list(one.effective.tags),
        "description": one.effective.description,
        "pause": pause
        and {"start": utc(pause.start), "by": pause.by, "reason": pause.reason, "until": utc(pause.until)},
        "quarantine": one.quarantine,
        "overrides": [override.field for override in one.overrides],
        "revision": one.revision,
        "cursor": utc(one.cursor),
        "last_success": utc(one.last_success),
        "runs_made": one.runs_made,
        "active_runs": [active.id for active in one.active],
        "last_run": view.last and run(view.last),
    }


def definition(one: Definition) -> dict[str, Json]:
    """Write a definition, field by field."""
    spans = {
        "jitter_seconds": seconds(one.jitter),
        "time_limit_seconds": seconds(one.policy.time_limit.soft),
        "hard_time_limit_seconds": seconds(one.policy.time_limit.hard),
        "start_deadline_seconds": seconds(one.policy.start_deadline),
    }
    others = {field: value_of(one, field) for field in FIELDS if f"{field}_seconds" not in spans}
    return {"task": one.task, **masked(others), **spans}


def detail(one: ScheduleDetail) -> dict[str, Json]:
    """Write everything about a schedule."""
    own = one.view.schedule
    return {
        **schedule(one.view),
        "declared": definition(own.declared),
        "effective": definition(own.effective),
        "overrides": [
            {
                "field": field.field,
                "value": field.override,
                "by": field.author,
                "reason": field.reason,
                "until": utc(field.until),
            }
            for field in one.fields
            if field.overridden
        ],
        "upcoming": [utc(at) for at in one.upcoming],
        "runs": [run(each) for each in one.runs],
        "errors": [{"at": utc(e.at), "run": e.run_id, **_failure(e.failure)} for e in one.errors],
        "audit": [audit_line(line) for line in one.audit],
    }


def run(one: Run) -> dict[str, Json]:
    """Write a run."""
    return {
        "id": one.id,
        "task": one.task,
        "schedule": one.schedule,
        "state": str(one.state),
        "origin": str(one.origin),
        "planned_at": utc(one.planned_at),
        "run_at": utc(one.run_at),
        "created_at": utc(one.created_at),
        "started_at": utc(one.started_at),
        "finished_at": utc(one.finished_at),
        "duration_seconds": seconds(one.finished_at - one.started_at)
        if one.finished_at and one.started_at
        else None,
        "attempt": one.attempt,
        "max_attempts": one.policy.retry.attempts,
        "node": one.node,
        "queue": one.queue,
        "priority": one.priority,
        "args": masked(dict(one.args)),
        "result": masked(one.result),
        "failure": one.failure and _failure(one.failure),
        "reason": one.reason,
        "count": one.count,
        "window_start": utc(one.window_start),
        "is_catch_up": one.is_catch_up,
        "blocked_by": one.blocked_by,
        "parent": one.parent,
        "by": one.by,
        "cancel_by": one.cancel_by,
        "progress": None if one.done is None else {"done": one.done, "total": one.total, "note": one.note},
    }


def attempt(one: Attempt) -> dict[str, Json]:
    """Write an attempt, with its log."""
    return {
        "run": one.run_id,
        "attempt": one.number,
        "node": one.node,
        "started_at": utc(one.started_at),
        "finished_at": utc(one.finished_at),
        "outcome": one.outcome and str(one.outcome),
        "failure": one.failure and _failure(one.failure),
        "log": one.log,
    }


def _failure(one: Failure) -> dict[str, Json]:
    return {"kind": one.kind, "message": one.message, "traceback": one.traceback}


def audit_line(one: AuditLine) -> dict[str, Json]:
    """Write an audit line."""
    return {**asdict(one), "at": utc(one.at), "before": masked(one.before), "after": masked(one.after)}


def node(one: Node) -> dict[str, Json]:
    """Write a node."""
    return {
        "id": one.id,
        "host": one.host,
        "pid": one.pid,
        "version": one.version,
        "roles": list(one.roles),
        "queues": list(one.queues),
        "slots": one.slots,
        "running": one.running,
        "generation": one.generation,
        "clock_offset_seconds": seconds(one.clock_offset),
        "started_at": utc(one.started_at),
        "seen_at": utc(one.seen_at),
        "draining": one.draining,
        "drain_by": one.drain_by,
        "drain_timeout_seconds": seconds(one.patience),
    }


def task(registry: Registry, one: Task[..., Any]) -> dict[str, Json]:
    """Write a task, with the JSON Schema of its arguments."""
    return {
        "name": one.name,
        "description": one.options.description,
        "runner": one.runner,
        "queue": one.options.queue,
        "tags": list(one.options.tags),
        "declared_at": one.place,
        "schedules": sorted(
            name for name, placed in registry.schedules.items() if placed.declared.definition.task == one.name
        ),
        "arguments": one.arguments.schema(),
    }


def user(one: User) -> dict[str, Json]:
    """Write a user, without the password's hash."""
    return {"name": one.name, "role": one.role, "created_at": utc(one.created_at)}


def token(one: Token) -> dict[str, Json]:
    """Write a token, but neither its secret nor its hash."""
    return {
        "id": one.id,
        "label": one.label,
        "role": one.role,
        "user": one.user,
        "created_at": utc(one.created_at),
        "expires_at": utc(one.expires_at),
        "used_at": utc(one.used_at),
    }


def alerts(one: Alerts) -> dict[str, Json]:
    """Write the channels of alerts, and what they were told last."""
    return {
        "channels": [
            {
                "name": each.name,
                "address": each.address,
                "schedule": each.schedule,
                "looked_at": utc(each.looked_at),
                "going_on": each.going_on,
                "sent_at": utc(each.sent_at),
                "sent_by": each.sent_by or None,
                "told": list(each.told),
                "problem": each.problem or None,
                "problem_run": each.problem_run or None,
            }
            for each in one.channels
        ],
        "on": list(one.on),
        "hosts": list(one.hosts),
        "web_url": one.web_url or None,
    }


def tested(one: Tested) -> dict[str, Json]:
    """Write how the test of a channel went."""
    return {
        "channel": one.channel,
        "address": one.address,
        "sent": not one.problem,
        "problem": one.problem or None,
    }


def sync_plan(plan: SyncPlan, *, dry_run: bool) -> dict[str, Json]:
    """Write what a sync does, or did."""
    lines = [{"verb": line.verb, "schedule": line.name, "detail": line.detail} for line in plan.lines]
    return {
        "dry_run": dry_run,
        "generation": plan.generation.number,
        "changes": [line for line in lines if line["verb"] != "keep"],
        "unchanged": sum(line.verb == "keep" for line in plan.lines),
    }


def result(one: Result) -> dict[str, Json]:
    """Write what an operation on several subjects does, or did."""
    return {
        "action": one.action,
        "dry_run": one.dry_run,
        "changed": [_effect(e, one.revisions) for e in one.effects if e.done],
        "unchanged": [_effect(e, one.revisions) for e in one.effects if not e.done],
    }


def _effect(one: Effect, revisions: Mapping[str, int]) -> dict[str, Json]:
    written = {"subject": one.subject, "detail": one.detail}
    return {**written, "revision": revisions[one.subject]} if one.subject in revisions else written


def bulk(one: Bulk) -> dict[str, Json]:
    """Write what an action on all runs that match does, or did; of the runs only the newest are named."""
    return {
        "action": one.action,
        "dry_run": one.dry_run,
        "at": utc(one.at),
        "changed": one.changed,
        "states": {str(state): count for state, count in one.states.items()},
        "unchanged": one.unchanged,
        "reasons": dict(one.left),
        "runs": [run.id for run in one.shown],
    }


def backfilled(one: Backfill) -> dict[str, Json]:
    """Write what a backfill makes, or made."""
    return {
        "schedule": one.schedule,
        "dry_run": one.dry_run,
        "runs": [{"planned_at": utc(due), "id": run_id} for due, run_id in one.runs],
        "existing": one.existing,
        "more": one.more,
    }


def explanation(one: Explanation) -> dict[str, Json]:
    """Write why an occurrence ran, ran late, or did not run."""
    return {
        "schedule": one.schedule,
        "at": utc(one.at),
        "verdict": one.verdict,
        "sentence": one.sentence,
        "facts": dict(one.facts),
        "previous": utc(one.previous),
        "next": utc(one.next),
        "run": one.run and run(one.run),
    }


def overview(one: Overview) -> dict[str, Json]:
    """Write how the rota stands."""
    return {
        "now": utc(one.now),
        "schedules": dict(one.counts.schedules),
        "runs": dict(one.counts.runs),
        "oldest_pending": utc(one.counts.oldest_pending),
        "last_24_hours": {str(state): count for state, count in one.recent.items()},
        "next_due": utc(one.next_due),
        "nodes": [node(each) for each in one.nodes],
        "trouble": [run(each) for each in one.trouble],
    }
