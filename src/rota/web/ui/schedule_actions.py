"""What is done to one schedule by a form: pause, run now, backfill, delete."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from rota.core.records import Schedule
from rota.errors import Conflict, InvalidValue, UnknownTask
from rota.operations import authoring, changing, requesting
from rota.operations.actor import Role
from rota.operations.lookups import schedule_named
from rota.operations.results import Backfill
from rota.operations.schedules import view
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import argform, forms
from rota.web.ui.argform import Field
from rota.web.ui.schedule_page import or_shown
from rota.web.ui.told import tell

ROUTES = Routes()
ONE = "/schedules/<path:name>"
PREVIEWED = 200
DRY = "dry_run"


# -- pause
@ROUTES.get(f"{ONE}/pause", Role.OPERATOR, name="schedule.pause")
def pause_form(call: Call, name: str) -> Response:
    """Ask why, from when on, and for how long."""
    return or_shown(call, name, "pause") or _pause_page(call, name)


@ROUTES.post(f"{ONE}/pause", Role.OPERATOR, name="schedule.pause_it")
def pause(call: Call, name: str) -> Response:
    """Stop it from firing, at once or from an instant on."""
    zone = view(call.rota, schedule_named(call.rota, name)).zone
    try:
        start, until = forms.window(call, zone)
        expected, reason = forms.revision(call), forms.reason(call)
        [effect] = changing.pause(
            call.rota, name, call.actor, reason, until, start=start, expected_revision=expected
        ).effects
        if not effect.done:
            raise InvalidValue("start", forms.text(call, "start"), effect.detail)
    except (InvalidValue, Conflict) as error:
        return _pause_page(call, name, error)
    to = call.url("schedule", name=name)
    return tell(call, to, f"{effect.detail[:1].upper()}{effect.detail[1:]}.", undo="resume", names=[name])


def _pause_page(call: Call, name: str, error: Exception | None = None) -> Response:
    return _form(call, "schedule_pause.html", name, error)


# -- run now
@ROUTES.get(f"{ONE}/run", Role.OPERATOR, name="schedule.run")
def run_form(call: Call, name: str) -> Response:
    """Ask with which arguments."""
    return or_shown(call, name, "run") or _run_page(call, name)


@ROUTES.post(f"{ONE}/run", Role.OPERATOR, name="schedule.run_it")
def run(call: Call, name: str) -> Response:
    """Run it now: with its own arguments, or those of the form. Sending the same form twice makes one run."""
    schedule = schedule_named(call.rota, name)
    stored, fields = dict(schedule.effective.args), _fields(call, schedule)
    args: dict[str, Any] | None = None
    try:
        if fields is not None and "own" not in call.request.form:
            args = argform.values_of(schedule.effective.task, fields, call.request.form, stored)
            if "dry" in call.request.form:
                args = {**args, DRY: True}
        run_id = requesting.trigger(
            call.rota,
            name,
            call.actor,
            None if args == stored else args,
            forms.text(call, "key", 100) or None,
            forms.reason(call),
        )
    except InvalidValue as error:
        return _run_page(call, name, error)
    dry = " as a dry run" if args is not None and args.get(DRY) is True else ""
    to = call.url("schedule", name=name)
    return tell(call, to, f"A run was made{dry}; it starts as soon as a worker is free.", run=run_id)


def _run_page(call: Call, name: str, error: Exception | None = None) -> Response:
    schedule = schedule_named(call.rota, name)
    fields = _fields(call, schedule)
    typed = call.request.form if error is not None else {}
    has_dry = any(one.name == DRY and one.kind == "boolean" for one in fields or ())
    return _form(
        call,
        "schedule_run.html",
        name,
        error,
        fields=fields,
        values={one.key: typed.get(one.key, "" if typed else one.shown) for one in fields or ()},
        has_dry=has_dry,
        key=typed.get("key") or f"ui-{secrets.token_hex(12)}",
    )


def _fields(call: Call, schedule: Schedule) -> list[Field] | None:
    """Return the fields of the form; `None` when this code does not declare the task."""
    try:
        task = call.rota.registry.task(schedule.effective.task)
    except UnknownTask:
        return None
    return argform.fields_of(task.arguments.schema(), schedule.effective.args)


# -- backfill
@ROUTES.get(f"{ONE}/backfill", Role.OPERATOR, name="schedule.backfill")
def backfill_form(call: Call, name: str) -> Response:
    """Ask for a span, and show what it would run."""
    given = call.request.args
    if other := or_shown(call, name, "backfill"):
        return other
    if not (given.get("start") and given.get("end")):
        return _form(call, "schedule_backfill.html", name, plan=None, typed={})
    try:
        plan, error = _backfill(call, name, given, dry_run=True), None
    except InvalidValue as refused:
        plan, error = None, refused
    return _form(call, "schedule_backfill.html", name, error, plan=plan, typed=given)


@ROUTES.post(f"{ONE}/backfill", Role.OPERATOR, name="schedule.backfill_it")
def backfill(call: Call, name: str) -> Response:
    """Run the occurrences of the past that have no run."""
    done = _backfill(call, name, call.request.form, dry_run=False)
    made = len(done.runs)
    words = f"{made} {'run was' if made == 1 else 'runs were'} made."
    return tell(call, call.url("schedule", name=name), words, "good" if made else "warn")


def _backfill(call: Call, name: str, given: Any, *, dry_run: bool) -> Backfill:
    zone = view(call.rota, schedule_named(call.rota, name)).zone
    start, end = (_local(field, given.get(field, ""), zone) for field in ("start", "end"))
    reason = "" if dry_run else forms.reason(call)
    return requesting.backfill(
        call.rota, name, start, end, call.actor, dry_run=dry_run, limit=PREVIEWED, reason=reason
    )


def _local(field: str, text: str, zone: str) -> datetime:
    """Read what a field for date and time gives: in the zone of the schedule."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(field, text[:100], "write a date and time such as 2026-03-29 14:00") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


# -- delete
@ROUTES.get(f"{ONE}/delete", Role.ADMIN, name="schedule.delete")
def delete_form(call: Call, name: str) -> Response:
    """Ask whether to."""
    return or_shown(call, name, "delete") or _form(call, "schedule_delete.html", name)


@ROUTES.post(f"{ONE}/delete", Role.ADMIN, name="schedule.delete_it")
def delete(call: Call, name: str) -> Response:
    """Delete a schedule that a user made. Its history stays."""
    try:
        expected = forms.revision(call)
        authoring.delete_schedule(call.rota, name, call.actor, forms.reason(call), expected_revision=expected)
    except (Conflict, InvalidValue) as error:
        return _form(call, "schedule_delete.html", name, error)
    return tell(call, call.url("schedules"), f"{name} was deleted. Its history stays.")


def _form(call: Call, template: str, name: str, error: Exception | None = None, **values: Any) -> Response:
    """Draw a form about one schedule; after a refusal with what was typed, and why."""
    shown = view(call.rota, schedule_named(call.rota, name))
    status = 200
    if error is not None:
        status = 409 if isinstance(error, Conflict) else 400
    return call.app.pages.page(
        call,
        template,
        status,
        view=shown,
        schedule=shown.schedule,
        problem=forms.who_changed(call, name) if isinstance(error, Conflict) else error and str(error),
        wrong=getattr(error, "field", None),
        form=call.request.form,
        **values,
    )
