"""One schedule: how it stands, what comes next, and its history in tabs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import Run, RunQuery, Schedule, ScheduleState
from rota.operations import changing
from rota.operations.actor import Role
from rota.operations.foreseen import foreseen
from rota.operations.history import list_runs
from rota.operations.runners import are_several
from rota.operations.schedules import get_schedule
from rota.operations.sentences import policies
from rota.operations.strips import JUDGED, last_runs
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.plots import judged, rows
from rota.web.ui.strip import strip, word_of
from rota.web.ui.told import Kind, tell

ROUTES = Routes()
ONE = "/schedules/<path:name>"
TABS = ("runs", "errors", "configuration", "audit")
PAGE, NEXT = 25, 10


@ROUTES.get(ONE, Role.VIEWER, name="schedule")
def schedule(call: Call, name: str) -> Response:
    """Show one schedule."""
    return shown(call, name)


def or_shown(call: Call, name: str, action: str) -> Response | None:
    """Show the schedule whose name ends like an action, if that is what an address means."""
    if "tab" in call.request.args:
        return shown(call, f"{name}/{action}")
    return None


def shown(call: Call, name: str) -> Response:
    """Draw the page of one schedule."""
    return call.app.pages.live(call, "schedule.html", lambda now: _shown(call, name, now))


def _shown(call: Call, name: str, now: datetime) -> dict[str, Any]:
    detail = get_schedule(call.rota, name, runs=1, count=NEXT)
    own, zone = detail.view.schedule, detail.view.zone
    runs = last_runs(call.rota, [own], JUDGED)[own.id]
    tab = call.request.args.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    return dict(
        one=detail,
        schedule=own,
        strip_=strip(runs, now, zone=zone, pitch=12, tall=64),
        judged=judged(runs, now),
        plot_rows=rows,
        coming=foreseen(own, detail.upcoming, now, zone),
        sentences=policies(own.effective, detail.view.runner),
        silence=silence(own),
        has_runners=are_several(call.rota),
        tab=tab,
        tabs=TABS,
        fields=[
            field for field in detail.fields if field.overridden or field.effective not in (None, [], {}, "")
        ],
        **(_page(call, own, tab)),
    )


def _page(call: Call, own: Schedule, tab: str) -> dict[str, Any]:
    if tab != "runs":
        return {"runs": [], "more": None, "is_first": True}
    found = list_runs(call.rota, RunQuery(schedule=own.name, before=_before(call), limit=PAGE + 1))
    runs = found[:PAGE]
    more = f"{runs[-1].created_at.isoformat()}_{runs[-1].id}" if len(found) > PAGE else None
    shown = [(run, word_of(run), took(run)) for run in runs]
    return {"runs": shown, "more": more, "is_first": _before(call) is None}


def took(run: Run) -> timedelta | None:
    return run.finished_at - run.started_at if run.finished_at and run.started_at else None


def _before(call: Call) -> tuple[datetime, str] | None:
    at, _, run_id = call.request.args.get("before", "").partition("_")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (found, run_id) if found.tzinfo else None


def silence(one: Schedule) -> str:
    """Say why nothing comes next, if nothing does."""
    if one.state is ScheduleState.QUARANTINED:
        return f"It can not be evaluated: {one.quarantine}"
    if one.state is ScheduleState.RETIRED:
        return "The code no longer declares it."
    if one.state is ScheduleState.FINISHED:
        return "No occurrence is left."
    if one.pause is not None and one.pause.until is None:
        return "Nothing until it is resumed."
    return "Nothing is foreseen."


@ROUTES.post(f"{ONE}/resume", Role.OPERATOR, name="schedule.resume")
def resume(call: Call, name: str) -> Response:
    """End its pause, or take away the one that is planned."""
    [effect] = changing.resume(call.rota, name, call.actor, forms.reason(call)).effects
    done = f"{effect.detail[:1].upper()}{effect.detail[1:]}."
    return _back(call, name, done if effect.done else f"Nothing was done: {effect.detail}.", effect.done)


@ROUTES.post(f"{ONE}/skip", Role.OPERATOR, name="schedule.skip")
def skip(call: Call, name: str) -> Response:
    """Leave out its next occurrence."""
    result = changing.skip_next(
        call.rota, name, call.actor, forms.reason(call), expected_revision=forms.revision(call)
    )
    [effect] = result.effects
    undo = "resume" if effect.done else None
    return _back(call, name, f"{effect.detail[:1].upper()}{effect.detail[1:]}.", effect.done, undo)


@ROUTES.post(f"{ONE}/clear", Role.OPERATOR, name="schedule.clear")
def clear(call: Call, name: str) -> Response:
    """Return fields to what the code declares."""
    fields = call.request.form.getlist("field")
    result = changing.clear_fields(call.rota, name, fields, call.actor, forms.reason(call))
    [effect] = result.effects
    to = call.url("schedule", name=name, tab="configuration")
    return tell(call, to, f"{effect.detail}.", "good" if effect.done else "warn")


def _back(call: Call, name: str, text: str, is_done: bool, undo: str | None = None) -> Response:
    kind: Kind = "good" if is_done else "warn"
    return tell(call, call.url("schedule", name=name), text, kind, undo=undo, names=[name])
