"""Edit a schedule, or make one, with a preview of what its timetable means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from rota.core.masking import masked
from rota.core.overriding import value_of
from rota.core.policies import CatchUpRule, Crash, Overlap
from rota.core.records import Json, Schedule, Source
from rota.errors import Conflict, InvalidValue, RotaError, UnknownTask
from rota.housekeeping import OWN
from rota.operations import authoring
from rota.operations.actor import Role
from rota.operations.foreseen import mark_of
from rota.operations.lookups import schedule_named
from rota.operations.preview import difference, preview
from rota.operations.schedules import view
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.argform import unmasked, written
from rota.web.ui.schedule_page import or_shown
from rota.web.ui.told import tell

ROUTES = Routes()
ONE = "/schedules/<path:name>"
LONGEST = 256  # characters of a timetable
CHOICES: Mapping[str, tuple[str, ...]] = {
    "overlap": tuple(map(str, Overlap)),
    "on_crash": tuple(map(str, Crash)),
    "catch_up": tuple(map(str, CatchUpRule)),
}
# Field, label, and a hint.
MAIN = (
    ("timetable", "Timetable", "Such as: every 15m, daily 02:30, weekly mon,fri 17:00, 0 9 * * 1-5"),
    ("args", "Arguments", "A JSON object. What is masked stays as it is."),
    ("tags", "Tags", "With commas between them."),
    ("queue", "Queue", "Workers that serve it take the runs."),
    ("description", "Description", "One line for operators."),
)
MORE = (
    ("priority", "Priority", "From -1000 to 1000; higher starts first."),
    ("overlap", "When the run before is still active", ""),
    ("catch_up", "After an outage", "Which of the missed occurrences run."),
    ("retries", "Retries", "After a failure."),
    ("time_limit", "Time limit", "An attempt is told to stop after this, such as 25m."),
    ("hard_time_limit", "Hard time limit", "An attempt is killed after this."),
    ("start_deadline", "Start deadline", "A run that has not started after this expires."),
    ("on_crash", "When its node dies", ""),
    ("jitter", "Jitter", "Each run starts up to this long after it is due."),
    ("max_runs", "Most runs", "In all."),
    ("start", "Not before", "An instant such as 2026-03-29T01:00:00Z."),
    ("end", "Not after", "An instant."),
)
LABELS = {name: label for name, label, _ in (*MAIN, *MORE)}


@dataclass(frozen=True, slots=True)
class Input:
    """A field of the form: what is in force, what is typed, what the code declares if that differs."""

    name: str
    label: str
    hint: str
    shown: str
    typed: str
    declared: str | None
    choices: tuple[str, ...] = ()


# -- edit
@ROUTES.get(f"{ONE}/edit", Role.OPERATOR, name="schedule.edit")
def edit_form(call: Call, name: str) -> Response:
    """Show what may be changed."""
    return or_shown(call, name, "edit") or _edit_page(call, name)


@ROUTES.post(f"{ONE}/edit", Role.OPERATOR, name="schedule.edit_it")
def edit(call: Call, name: str) -> Response:
    """Change fields: override those of the code, edit those of a user."""
    schedule = schedule_named(call.rota, name)
    if "look" in call.request.form:
        return _edit_page(call, name, status=200)
    try:
        fields = changed_fields(schedule, call.request.form)
        if not fields:
            return tell(call, call.url("schedule", name=name), "Nothing was changed.", "warn")
        until = forms.instant(call, "until", view(call.rota, schedule).zone)
        expected = forms.revision(call)
        result = authoring.set_fields(
            call.rota, name, fields, call.actor, forms.reason(call), until, expected_revision=expected
        )
    except (InvalidValue, Conflict) as error:
        return _edit_page(call, name, error)
    [effect] = result.effects
    undo = "reset" if effect.done and schedule.source is Source.CODE and not schedule.overrides else None
    words = f"Saved: {effect.detail}." if effect.done else f"Nothing was done: {effect.detail}."
    to = call.url("schedule", name=name, tab="configuration")
    return tell(call, to, words, "good" if effect.done else "warn", undo=undo, names=[name])


def changed_fields(schedule: Schedule, given: Mapping[str, str]) -> dict[str, Json]:
    """Return the fields whose text is another than the one in force. Raises `InvalidValue`."""
    fields: dict[str, Json] = {}
    for name in LABELS:
        typed = given.get(name)
        if typed is None or _same(typed, text_of(schedule.effective, name)):
            continue
        fields[name] = _value(schedule, name, typed)
    return fields


def _same(typed: str, shown: str) -> bool:
    return typed.replace("\r\n", "\n").strip() == shown.strip()


def text_of(definition: Any, field: str) -> str:
    """Write the value of a field as the form shows it, secrets masked."""
    value = masked({field: value_of(definition, field)})[field]
    if field == "catch_up":
        return str(value["rule"])
    if field == "tags":
        return ", ".join(value)
    if isinstance(value, dict | list):
        return written(value)
    return "" if value is None else str(value)


def _value(schedule: Schedule, name: str, typed: str) -> Json:
    now = value_of(schedule.effective, name)
    if name == "catch_up":
        return {**now, "rule": typed}
    if name == "args":
        try:
            value = json.loads(typed or "{}")
        except (ValueError, RecursionError) as error:
            raise InvalidValue("args", typed[:200], f"it is no JSON ({error})") from None
        return unmasked(value, now)
    if not typed.strip() and name not in ("tags", "queue", "timetable", "description"):
        return "0s" if name == "jitter" else None
    return typed


def _edit_page(call: Call, name: str, error: Exception | None = None, status: int = 200) -> Response:
    shown = view(call.rota, schedule_named(call.rota, name))
    given = call.request.form
    if error is not None:
        status = 409 if isinstance(error, Conflict) else 400
    text = given.get("timetable", text_of(shown.schedule.effective, "timetable"))
    return call.app.pages.page(
        call,
        "schedule_edit.html",
        status,
        view=shown,
        schedule=shown.schedule,
        main=[_input(shown.schedule, *one, given) for one in MAIN],
        others=[_input(shown.schedule, *one, given) for one in MORE],
        problem=forms.who_changed(call, name) if isinstance(error, Conflict) else error and str(error),
        is_late=isinstance(error, Conflict),
        wrong=getattr(error, "field", None),
        form=given,
        **looked_at(call, text, name),
    )


def _input(schedule: Schedule, name: str, label: str, hint: str, given: Mapping[str, str]) -> Input:
    shown, declared = text_of(schedule.effective, name), text_of(schedule.declared, name)
    return Input(
        name,
        label,
        hint,
        shown,
        given.get(name, shown),
        declared if declared != shown else None,
        CHOICES.get(name, ()),
    )


# -- look
@ROUTES.get("/preview", Role.VIEWER, name="schedules.preview")
def look(call: Call) -> Response:
    """Say what a timetable means, and what it would change: a piece of a page, for while somebody types."""
    text, name = call.request.args.get("timetable", ""), call.request.args.get("name") or None
    return call.app.pages.page(call, "_preview.html", **looked_at(call, text, name))


def looked_at(call: Call, text: str, name: str | None) -> dict[str, Any]:
    """Return what `_preview.html` shows of a timetable."""
    empty: dict[str, Any] = {"seen": None, "marks": [], "differs": None, "unreadable": None}
    if not text.strip():
        return empty
    try:
        if len(text) > LONGEST:
            raise InvalidValue("timetable", f"{len(text)} characters", f"the most is {LONGEST}")
        seen = preview(call.rota, text.strip(), count=10, name=name)
    except RotaError as error:
        return {**empty, "unreadable": str(error)}
    return {
        "seen": seen,
        "marks": _marks(seen["upcoming"], str(seen["timezone"]), call.rota.clock.now()),
        "differs": _difference(call, text.strip(), name),
        "unreadable": None,
    }


def _marks(upcoming: Any, zone: str, now: datetime) -> list[str]:
    """Say what clocks do at each of these occurrences, or since the one before."""
    times, clocks = [datetime.fromisoformat(at) for at in upcoming], ZoneInfo(zone)
    return [mark_of(at, before, clocks) for before, at in pairwise([now, *times])]


def _difference(call: Call, text: str, name: str | None) -> Any:
    try:
        return difference(call.rota, name, text) if name is not None else None
    except RotaError:  # the one in force can not be evaluated: there is nothing to compare with
        return None


# -- create
@ROUTES.get("/new-schedule", Role.OPERATOR, name="schedules.new")
def create_form(call: Call) -> Response:
    """Ask what to run, and when."""
    return _create_page(call, call.request.args)


@ROUTES.post("/new-schedule", Role.OPERATOR, name="schedules.create")
def create(call: Call) -> Response:
    """Make a schedule of a declared task."""
    form = call.request.form
    if "look" in form:
        return _create_page(call, form)
    try:
        fields = {name: form[name] for name in ("tags", "description") if form.get(name, "").strip()}
        args = json.loads(forms.text(call, "args", 300_000) or "{}")
        if not isinstance(args, dict):
            raise InvalidValue("args", args, "write a JSON object, such as {}")
        made = authoring.create_schedule(
            call.rota,
            form.get("name", "").strip(),
            form.get("task", ""),
            form.get("timetable", "").strip(),
            call.actor,
            forms.reason(call),
            {**fields, "args": args},
        )
    except (InvalidValue, UnknownTask, ValueError) as error:
        return _create_page(call, form, error)
    return tell(call, call.url("schedule", name=made.name), f"{made.name} was made.")


def _create_page(call: Call, given: Mapping[str, str], error: Exception | None = None) -> Response:
    problem = error and (str(error) if isinstance(error, RotaError) else f"args: it is no JSON ({error})")
    return call.app.pages.page(
        call,
        "schedule_new.html",
        200 if error is None else 400,
        tasks=[task for name, task in sorted(call.rota.registry.tasks.items()) if not name.startswith(OWN)],
        form=given,
        problem=problem,
        wrong=getattr(error, "field", "args" if error else None),
        **looked_at(call, given.get("timetable", ""), None),
    )
