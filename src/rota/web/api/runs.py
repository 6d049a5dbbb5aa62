"""Runs: look at history, cancel, retry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from rota.core.records import ENDED, RunQuery, RunState
from rota.operations import history, requesting, shapes
from rota.operations.actor import Role
from rota.operations.bulk import bulk as all_matching
from rota.operations.shapes import utc
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.faults import Fault
from rota.web.inputs import in_range
from rota.web.routing import Routes

ROUTES = Routes()
ALL, ONE = "/api/v1/runs", "/api/v1/runs/<run_id>"
LOG_PIECE = 64 * 1024  # characters


@ROUTES.get(ALL, Role.VIEWER, query=asked.RunFilter, answer=t.RunPage)
def list_(call: Call, query: asked.RunFilter) -> Any:
    """List runs, newest first. Where few match, a page may be short, and be followed by another one."""
    before = None if query.after is None else position_of(query.after)
    found = history.search(call.rota, replace(_filter(query), before=before, limit=query.limit))
    return {"items": list(map(shapes.run, found.runs)), "next": found.next and position(found.next)}


def position(end: tuple[datetime, str]) -> str:
    """Write where a page ends."""
    at, run_id = end
    return f"{utc(at)}_{run_id}"


def position_of(text: str) -> tuple[datetime, str]:
    """Read where a page ends. Raises `Fault`."""
    at, _, run_id = text.partition("_")
    try:
        instant = in_range("after", datetime.fromisoformat(at))
    except ValueError:
        instant = None
    if instant is None or not run_id:
        raise Fault(
            400, "invalid", f"after: {text!r} is not the end of a page", "after", "Take it from `next`."
        )
    return instant, run_id


def _filter(given: asked.RunFilter | asked.MatchingRuns) -> RunQuery:
    """Return which runs are meant."""
    return RunQuery(
        schedule=given.schedule,
        task=given.task,
        queue=given.queue,
        states=tuple(map(_state, given.state)),
        since=given.since,
        until=given.until,
    )


def _state(text: str) -> RunState:
    try:
        return RunState(text)
    except ValueError:
        known = f"Choose of {', '.join(RunState)}."
        raise Fault(400, "invalid", f"state: {text!r} is none", "state", known) from None


@ROUTES.post("/api/v1/bulk/runs", Role.OPERATOR, body=asked.ManyRuns, answer=t.Result)
def bulk(call: Call, body: asked.ManyRuns) -> Any:
    """Cancel or retry many runs; with `dry_run` only say what it would do."""
    act = requesting.cancel_many if body.action == "cancel" else requesting.retry_many
    return shapes.result(act(call.rota, body.ids, call.actor, body.reason, dry_run=body.dry_run))


@ROUTES.post("/api/v1/bulk/runs/matching", Role.OPERATOR, body=asked.MatchingRuns, answer=t.Bulk)
def bulk_matching(call: Call, body: asked.MatchingRuns) -> Any:
    """Cancel or retry all runs that match, or take that back; with `dry_run` only say what it would do."""
    done = all_matching(
        call.rota, body.action, _filter(body), call.actor, body.reason, at=body.at, dry_run=body.dry_run
    )
    return shapes.bulk(done)


@ROUTES.get(ONE, Role.VIEWER, answer=t.Run, name="api.runs.read")
def read(call: Call, run_id: str) -> Any:
    """Read one run, by its id or the end of it."""
    return shapes.run(history.get_run(call.rota, run_id))


@ROUTES.get(f"{ONE}/attempts", Role.VIEWER, answer=t.Attempts)
def attempts(call: Call, run_id: str) -> Any:
    """Read the attempts of a run, with their logs."""
    return {"items": list(map(shapes.attempt, history.attempts(call.rota, run_id)))}


@ROUTES.get(f"{ONE}/log", Role.VIEWER, query=asked.LogWindow, answer=t.Log)
def log(call: Call, run_id: str, query: asked.LogWindow) -> Any:
    """Read the log of a run from an offset, in characters; ask again from `next_offset` until it is ended."""
    run = history.get_run(call.rota, run_id)
    text = history.log_of(call.rota, run.id, query.attempt)
    piece = text[query.offset : query.offset + LOG_PIECE]
    end = query.offset + len(piece)
    return {
        "text": piece,
        "offset": query.offset,
        "next_offset": end,
        "is_ended": run.state in ENDED and end >= len(text),
    }


@ROUTES.post(f"{ONE}/cancel", Role.OPERATOR, body=asked.Because, answer=t.Cancelled)
def cancel(call: Call, run_id: str, body: asked.Because) -> Any:
    """Cancel a run: at once if it waits; one that runs is asked to stop."""
    done = requesting.cancel(call.rota, [run_id], call.actor, body.reason, dry_run=body.dry_run)
    return {
        "cancelled": list(done.at_once),
        "asked": list(done.asked),
        "ended": list(done.ended),
        "unknown": list(done.unknown),
    }


@ROUTES.post(f"{ONE}/retry", Role.OPERATOR, body=asked.RetryRequest, answer=t.MadeRun, status=201)
def retry(call: Call, run_id: str, body: asked.RetryRequest) -> Any:
    """Run again what has ended, with other arguments if you wish."""
    made = requesting.retry(call.rota, run_id, call.actor, body.args, body.reason, dry_run=body.dry_run)
    return {"run": made, "dry_run": body.dry_run}
