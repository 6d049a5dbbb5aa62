"""The paths of older systems, for programs that can not be changed on the day of the change.

Two of them: a scheduler in Redis (`/admin/scheduler/api/scheduled-tasks`), and one inside a web process
(`/api/admin/scheduler`). Thin: each call is one operation of Rota's, its answer in the old words.
"""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

from msgspec import Meta, Struct

from rota.core.records import ScheduleQuery, Source
from rota.errors import InvalidValue, UnknownSchedule
from rota.operations import authoring, changing, history, requesting, schedules
from rota.operations.actor import Role
from rota.operations.lookups import every_schedule
from rota.operations.masking import masked
from rota.operations.results import ScheduleView
from rota.operations.shapes import utc
from rota.web.api.asked import Line, Name, PageSize
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()
OLD, ONE = "/admin/scheduler/api/scheduled-tasks", "/admin/scheduler/api/scheduled-tasks/<path:task_id>"
Kind = Annotated[str, Meta(pattern="^(cron|interval|once)$")]


Retries = Annotated[int, Meta(ge=0, le=999)]


class OldTask(Struct, forbid_unknown_fields=True):
    """`task_type` names the task, `payload` its arguments, `schedule` a line, seconds or an instant."""

    name: Name
    task_type: Name
    schedule_type: Kind
    schedule: str | int
    payload: dict[str, Any] = {}
    timezone: Line = "UTC"
    max_retries: Retries = 3


class OldChange(Struct, forbid_unknown_fields=True):
    name: Name | None = None
    task_type: Name | None = None
    schedule_type: Kind | None = None
    schedule: str | int | None = None
    payload: dict[str, Any] | None = None
    timezone: Line | None = None
    max_retries: Retries | None = None


class OldAnswer(TypedDict):
    id: str
    name: str
    task_type: str
    schedule: str
    description: str
    payload: Any
    timezone: str
    max_retries: int
    status: str
    next_run: str | None
    last_run: str | None


class OldTasks(TypedDict):
    tasks: list[OldAnswer]
    count: int


class OldDone(TypedDict, total=False):
    status: Required[str]
    id: Required[str]
    run_id: str


class OldEntry(TypedDict):
    id: str
    name: str
    next_run_time: str | None


# Not as a class: the second word is theirs, and no name of ours.
OldStatus = TypedDict("OldStatus", {"running": bool, "jobs": list[OldEntry]})  # noqa: UP013


class OldTriggered(TypedDict):
    triggered: list[str]


class OldStatistics(TypedDict):
    schedules: dict[str, int]
    runs: dict[str, int]
    last_24_hours: dict[str, int]
    next_run_time: str | None


class OldPage(Struct, forbid_unknown_fields=True):
    limit: PageSize = 500


class OldTrigger(Struct, forbid_unknown_fields=True):
    task: Name


@ROUTES.get(OLD, Role.VIEWER, query=OldPage, answer=OldTasks)
def old_list(call: Call, query: OldPage) -> Any:
    """List scheduled tasks."""
    views = schedules.list_schedules(call.rota, ScheduleQuery(limit=query.limit))
    return {"tasks": [_old(one) for one in views], "count": len(views)}


@ROUTES.post(OLD, Role.OPERATOR, body=OldTask, answer=OldAnswer, status=201)
def old_create(call: Call, body: OldTask) -> Any:
    """Make a scheduled task."""
    timetable = _line(body.schedule_type, body.schedule, body.timezone)
    fields = {"args": body.payload, "retries": body.max_retries}
    authoring.create_schedule(call.rota, body.name, body.task_type, timetable, call.actor, fields=fields)
    return _read(call, body.name)


@ROUTES.get(ONE, Role.VIEWER, answer=OldAnswer)
def old_read(call: Call, task_id: str) -> Any:
    """Read a scheduled task."""
    return _read(call, task_id)


@ROUTES.put(ONE, Role.OPERATOR, body=OldChange, answer=OldAnswer)
def old_update(call: Call, task_id: str, body: OldChange) -> Any:
    """Change a scheduled task."""
    one = schedules.get_schedule(call.rota, task_id, runs=0, count=0).view.schedule
    if body.name not in (None, task_id) or body.task_type not in (None, one.effective.task):
        raise InvalidValue(
            "name", body.name or body.task_type, "neither the name nor the task can be changed"
        )
    fields: dict[str, Any] = {}
    if body.schedule is not None:
        is_seconds = str(body.schedule).isdecimal()
        kind = body.schedule_type or ("interval" if is_seconds else "cron")
        zone = schedules.view(call.rota, one).zone if body.timezone is None else body.timezone
        fields["timetable"] = _line(kind, body.schedule, zone)
    elif body.schedule_type is not None or body.timezone is not None:
        given = body.schedule_type or body.timezone
        raise InvalidValue(
            "schedule", given, "its type or zone is changed only together with it", "Send it too."
        )
    if body.payload is not None:
        fields["args"] = body.payload
    if body.max_retries is not None:
        fields["retries"] = body.max_retries
    act = authoring.edit_schedule if one.source is Source.USER else changing.override_fields
    if fields:
        act(call.rota, task_id, fields, call.actor)
    return _read(call, task_id)


@ROUTES.delete(ONE, Role.ADMIN, answer=OldDone)
def old_delete(call: Call, task_id: str) -> Any:
    """Delete a scheduled task."""
    authoring.delete_schedule(call.rota, task_id, call.actor)
    return {"status": "deleted", "id": task_id}


@ROUTES.post(f"{ONE}/pause", Role.OPERATOR, answer=OldAnswer)
def old_pause(call: Call, task_id: str) -> Any:
    """Pause a scheduled task."""
    changing.pause(call.rota, task_id, call.actor)
    return _read(call, task_id)


@ROUTES.post(f"{ONE}/resume", Role.OPERATOR, answer=OldAnswer)
def old_resume(call: Call, task_id: str) -> Any:
    """Resume a scheduled task."""
    changing.resume(call.rota, task_id, call.actor)
    return _read(call, task_id)


@ROUTES.post(f"{ONE}/run", Role.OPERATOR, answer=OldDone)
def old_run(call: Call, task_id: str) -> Any:
    """Run a scheduled task now."""
    return {"status": "queued", "id": task_id, "run_id": requesting.trigger(call.rota, task_id, call.actor)}


@ROUTES.get("/api/admin/scheduler/status", Role.VIEWER, answer=OldStatus)
def old_status(call: Call) -> Any:
    """Say how the scheduler stands."""
    one = history.overview(call.rota)
    found = schedules.list_schedules(call.rota, ScheduleQuery(limit=500))
    return {
        "running": any("scheduler" in node.roles for node in one.nodes),
        "jobs": [
            {"id": view.schedule.name, "name": view.schedule.name, "next_run_time": utc(view.next_due)}
            for view in found
        ],
    }


@ROUTES.post("/api/admin/scheduler/trigger", Role.OPERATOR, body=OldTrigger, answer=OldTriggered)
def old_trigger(call: Call, body: OldTrigger) -> Any:
    """Run one task, or all."""
    rota = call.rota
    names = [one.name for one in every_schedule(rota, ScheduleQuery())] if body.task == "all" else [body.task]
    done = requesting.trigger_many(rota, names, call.actor)
    return {"triggered": [effect.subject for effect in done.effects]}


@ROUTES.get("/api/admin/scheduler/statistics", Role.VIEWER, answer=OldStatistics)
def old_statistics(call: Call) -> Any:
    """Count schedules and runs."""
    one = history.overview(call.rota)
    return {
        "schedules": dict(one.counts.schedules),
        "runs": dict(one.counts.runs),
        "last_24_hours": {str(state): count for state, count in one.recent.items()},
        "next_run_time": utc(one.next_due),
    }


def _line(kind: str, schedule: str | int, timezone: str) -> str:
    if kind == "interval":
        return f"every {schedule}s" if str(schedule).isdecimal() else f"every {schedule}"
    return f"{schedule} in {timezone}" if timezone else str(schedule)


def _read(call: Call, name: str) -> Any:
    found = schedules.list_schedules(call.rota, ScheduleQuery(names=(name,)))
    if not found:
        raise UnknownSchedule(name)
    return _old(found[0])


def _old(view: ScheduleView) -> dict[str, Any]:
    one = view.schedule
    return {
        "id": one.name,
        "name": one.name,
        "task_type": one.effective.task,
        "schedule": one.effective.timetable,
        "description": view.words,
        "payload": masked(dict(one.effective.args)),
        "timezone": view.zone,
        "max_retries": one.effective.policy.retry.attempts - 1,
        "status": view.state,
        "next_run": utc(view.next_due),
        "last_run": view.last and utc(view.last.created_at),
    }
