"""Schedules: look, make, change, run."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from rota.core.records import ScheduleQuery, Source
from rota.errors import Conflict
from rota.operations import authoring, changing, requesting, schedules, shapes
from rota.operations.actor import Role
from rota.operations.preview import preview
from rota.operations.results import Result
from rota.operations.runners import tasks_of
from rota.operations.shapes import utc
from rota.operations.why import why
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.faults import Fault
from rota.web.inputs import in_range
from rota.web.respond import expected_revision
from rota.web.routing import Routes

ROUTES = Routes()
ALL, ONE = "/api/v1/schedules", "/api/v1/schedules/<path:name>"


@ROUTES.get(ALL, Role.VIEWER, query=asked.ScheduleFilter, answer=t.SchedulePage)
def list_(call: Call, query: asked.ScheduleFilter) -> Any:
    """List schedules: by name, by name backwards, or by what has to be looked at next."""
    after, after_due = (query.after, None) if query.sort != "next" else _position_of(query.after)
    wanted = ScheduleQuery(
        state=query.state,
        source=Source(query.source) if query.source in ("code", "user") else None,
        is_overridden=True if query.source == "override" else None,
        tag=query.tag,
        task=query.task,
        tasks=tasks_of(call.rota, query.runner),
        queue=query.queue,
        text=query.text,
        order=query.sort,
        after=after,
        after_due=after_due,
        limit=query.limit,
    )
    views = schedules.list_schedules(call.rota, wanted)
    last = views[-1].schedule if len(views) == query.limit else None
    more = last and (f"{utc(last.next_due) or ''} {last.name}" if query.sort == "next" else last.name)
    return {"items": list(map(shapes.schedule, views)), "next": more}


def _position_of(text: str | None) -> tuple[str | None, datetime | None]:
    """Read where a page by `next` ends: an instant, or nothing for what is never due again, and a name."""
    if text is None:
        return None, None
    at, _, name = text.partition(" ")
    try:
        due = in_range("after", datetime.fromisoformat(at)) if at else None
    except ValueError:
        name = ""
    if not name:
        raise Fault(
            400, "invalid", f"after: {text!r} is not the end of a page", "after", "Take it from `next`."
        )
    return name, due


@ROUTES.post(ALL, Role.OPERATOR, body=asked.NewSchedule, answer=t.ScheduleDetail, status=201)
def create(call: Call, body: asked.NewSchedule) -> Any:
    """Make a schedule of a declared task."""
    authoring.create_schedule(
        call.rota, body.name, body.task, body.timetable, call.actor, body.reason, body.fields
    )
    call.headers["Location"] = call.url("api.schedules.read", name=body.name)
    return shapes.detail(schedules.get_schedule(call.rota, body.name))


@ROUTES.post("/api/v1/bulk/schedules", Role.OPERATOR, body=asked.ManySchedules, answer=t.Result)
def bulk(call: Call, body: asked.ManySchedules) -> Any:
    """Do one thing to many schedules; with `dry_run` only say what it would do."""
    rota, actor, reason = call.rota, call.actor, body.reason
    if body.action == "trigger":
        return shapes.result(requesting.trigger_many(rota, body.names, actor, reason, dry_run=body.dry_run))
    act: Any = {
        "pause": partial(changing.pause, start=body.start, until=body.until),
        "resume": changing.resume,
        "skip": changing.skip_next,
        "reset": _reset,
    }[body.action]
    return shapes.result(act(rota, body.names, actor, reason=reason, dry_run=body.dry_run))


def _reset(rota: Any, names: Any, actor: Any, *, reason: str, dry_run: bool) -> Result:
    return changing.clear_override(rota, names, None, actor, reason, dry_run=dry_run)


@ROUTES.get("/api/v1/preview", Role.VIEWER, query=asked.PreviewRequest, answer=t.Preview)
def preview_(call: Call, query: asked.PreviewRequest) -> Any:
    """Say what a timetable means, and when it is due next."""
    return preview(call.rota, query.timetable, query.timezone, query.count)


@ROUTES.get(ONE, Role.VIEWER, answer=t.ScheduleDetail, name="api.schedules.read")
def read(call: Call, name: str) -> Any:
    """Read everything about a schedule. The ETag is what `If-Match` of a change takes."""
    return shapes.detail(schedules.get_schedule(call.rota, name))


@ROUTES.patch(ONE, Role.OPERATOR, body=asked.Fields, answer=t.Result, conditional=True)
def update(call: Call, name: str, body: asked.Fields) -> Any:
    """Change fields of a schedule that a user made."""
    return _changed(
        call, name, authoring.edit_schedule, fields=body.fields, reason=body.reason, dry_run=body.dry_run
    )


@ROUTES.delete(ONE, Role.ADMIN, query=asked.Why, status=204, conditional=True)
def delete(call: Call, name: str, query: asked.Why) -> None:
    """Delete a schedule that a user made. Its history stays."""
    expected = expected_revision(call.request)
    with _told_who(call, name, expected):
        authoring.delete_schedule(call.rota, name, call.actor, query.reason, expected_revision=expected)


@ROUTES.post(f"{ONE}/override", Role.OPERATOR, body=asked.Override, answer=t.Result, conditional=True)
def override(call: Call, name: str, body: asked.Override) -> Any:
    """Let an operator's values win over the declared ones."""
    return _changed(
        call, name, changing.override_fields,
        fields=body.fields, reason=body.reason, until=body.until, dry_run=body.dry_run,
    )  # fmt: skip


@ROUTES.post(
    f"{ONE}/clear-override", Role.OPERATOR, body=asked.ClearOverride, answer=t.Result, conditional=True
)
def clear_override(call: Call, name: str, body: asked.ClearOverride) -> Any:
    """Return fields to what the code declares."""
    return _changed(
        call, name, changing.clear_fields, fields=body.fields, reason=body.reason, dry_run=body.dry_run
    )


@ROUTES.post(f"{ONE}/pause", Role.OPERATOR, body=asked.PauseRequest, answer=t.Result, conditional=True)
def pause(call: Call, name: str, body: asked.PauseRequest) -> Any:
    """Stop a schedule from firing: at once, or from an instant on."""
    return _changed(
        call, name, changing.pause,
        reason=body.reason, start=body.start, until=body.until, dry_run=body.dry_run,
    )  # fmt: skip


@ROUTES.post(f"{ONE}/resume", Role.OPERATOR, body=asked.Because, answer=t.Result, conditional=True)
def resume(call: Call, name: str, body: asked.Because) -> Any:
    """Let a paused schedule fire again, or take a planned pause away."""
    return _changed(call, name, changing.resume, reason=body.reason, dry_run=body.dry_run)


@ROUTES.post(f"{ONE}/skip", Role.OPERATOR, body=asked.Because, answer=t.Result, conditional=True)
def skip(call: Call, name: str, body: asked.Because) -> Any:
    """Leave out the next occurrence."""
    return _changed(call, name, changing.skip_next, reason=body.reason, dry_run=body.dry_run)


@ROUTES.post(f"{ONE}/trigger", Role.OPERATOR, body=asked.Trigger, answer=t.MadeRun, status=201)
def trigger(call: Call, name: str, body: asked.Trigger) -> Any:
    """Run a schedule now."""
    run = requesting.trigger(
        call.rota, name, call.actor, body.args, body.key, body.reason, dry_run=body.dry_run
    )
    return {"run": run, "dry_run": body.dry_run}


@ROUTES.post(f"{ONE}/backfill", Role.OPERATOR, body=asked.BackfillRequest, answer=t.Backfill)
def backfill(call: Call, name: str, body: asked.BackfillRequest) -> Any:
    """Run the occurrences of the past that have no run. Only a preview, unless `dry_run` is false."""
    return shapes.backfilled(
        requesting.backfill(
            call.rota,
            name,
            body.start,
            body.end,
            call.actor,
            dry_run=body.dry_run,
            limit=body.limit,
            reason=body.reason,
        )
    )


@ROUTES.get(f"{ONE}/next", Role.VIEWER, query=asked.HowMany, answer=t.Upcoming)
def next_(call: Call, name: str, query: asked.HowMany) -> Any:
    """Say when a schedule is due next."""
    found = schedules.upcoming(call.rota, name, query.count, query.after)
    return {"schedule": name, "upcoming": [utc(at) for at in found]}


@ROUTES.get(f"{ONE}/why", Role.VIEWER, query=asked.At, answer=t.Explanation)
def why_(call: Call, name: str, query: asked.At) -> Any:
    """Say why an occurrence ran, ran late, or did not run."""
    return shapes.explanation(why(call.rota, name, query.at))


def _changed(call: Call, name: str, act: Any, **given: Any) -> Any:
    expected = expected_revision(call.request)
    with _told_who(call, name, expected):
        return shapes.result(act(call.rota, name, actor=call.actor, expected_revision=expected, **given))


class _told_who:  # noqa: N801 - used like a function
    """Turns a conflict with an expected revision into 412 that says who changed the schedule, and when."""

    def __init__(self, call: Call, name: str, expected: int | None) -> None:
        self._call, self._name, self._expected = call, name, expected

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if self._expected is None or not isinstance(error, Conflict):
            return
        rota = self._call.rota
        last = next(iter(rota.store.audit(rota.name, self._name, 1)), None)
        who = ""
        if last is not None:
            ago = (rota.clock.now() - last.at) // timedelta(seconds=1)
            who = f" {last.actor} changed it {ago} s ago ({last.action})."
        raise Fault(
            412, "changed_meanwhile",
            f"schedule {self._name!r} is no longer at revision {self._expected}.{who}",
            "If-Match", "Read it again, then repeat the change.",
        ) from error  # fmt: skip
