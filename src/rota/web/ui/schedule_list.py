"""Schedules: the list, and what is done to many of them: plan, confirm, result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from werkzeug.wrappers import Response

from rota.core.records import BriefRun, ScheduleQuery, ScheduleState, Source
from rota.errors import InvalidValue
from rota.operations import changing, requesting
from rota.operations.actor import Role
from rota.operations.lookups import names_matching
from rota.operations.results import Result, ScheduleView
from rota.operations.runners import are_several, runners, tasks_of
from rota.operations.schedules import list_with_runs
from rota.operations.strips import MONTH, half_and_most, length, since, success
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.strip import Strip, strip
from rota.web.ui.told import Kind, tell

if TYPE_CHECKING:
    from rota.app import Rota

ROUTES = Routes()
PAGE, MOST = 25, 5000  # of a page, with 60 runs each; selected at a time
STATES = ("paused", *map(str, ScheduleState))
ORDERS = ("name", "-name", "next")
SOURCES = ("code", "user", "override")
# What is done to many: the word on the button, and for the result.
ACTIONS = {
    "pause": ("Pause", "paused"),
    "resume": ("Resume", "resumed"),
    "trigger": ("Run now", "run"),
    "reset": ("Reset to code", "reset to code"),
}
UNDO = {"pause": "resume"}


@dataclass(frozen=True, slots=True)
class Row:
    """A schedule as the list shows it.

    Attributes:
        success: Which part of its last 60 runs of the last 30 days succeeded, from 0.0 to 1.0.
        took: What half of these runs, and 95% of them, took at most.
    """

    view: ScheduleView
    strip: Strip
    last: BriefRun | None
    success: float | None
    took: tuple[timedelta, timedelta] | None

    @property
    def source(self) -> str:
        return "override" if self.view.schedule.overrides else str(self.view.schedule.source)


@ROUTES.get("/schedules", Role.VIEWER, name="schedules")
def schedules(call: Call) -> Response:
    """List schedules, filtered, page by page."""
    filters = filters_of(call.request.args)
    after = call.request.args.get("after") or None
    order = call.request.args.get("sort", "name")
    order = order if order in ORDERS else "name"
    due = _due(call.request.args.get("due", ""))
    query = query_of(call.rota, filters, order=order, after=after, after_due=due, limit=PAGE + 1)

    def make(now: datetime) -> dict[str, Any]:
        found = list_with_runs(call.rota, query)
        rows = [_row(view, runs, now) for view, runs in found[:PAGE]]
        return {
            "rows": rows,
            "filters": filters,
            "order": order,
            "is_first": after is None,
            "more": rows[-1].view.schedule if len(found) > PAGE else None,
            "states": STATES,
            "sources": SOURCES,
            "runners": runners(call.rota),
            "has_runners": are_several(call.rota),
            **_known(call, rows),
        }

    return call.app.pages.live(call, "schedules.html", make)


def _due(text: str) -> datetime | None:
    """Return where a page by due time begins; `None` for what is never due again, and for nonsense."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _row(view: ScheduleView, runs: Sequence[BriefRun], now: datetime) -> Row:
    recent = since(runs, now - MONTH)
    drawn, last = strip(runs, now, zone=view.zone), runs[-1] if runs else None
    return Row(view, drawn, last, success(recent), half_and_most(map(length, recent)))


def _known(call: Call, rows: Sequence[Row]) -> dict[str, Any]:
    """Return tags and queues to choose from: those that the code names, and those on this page."""
    registry, shown = call.rota.registry, [row.view.schedule.effective for row in rows]
    return {
        "tags": sorted({*registry.tags(), *(tag for one in shown for tag in one.tags)}),
        "queues": sorted({*registry.queues(), *(one.queue for one in shown)}),
    }


def filters_of(given: Any) -> dict[str, str]:
    """Return the filters that are set."""
    names = ("text", "state", "tag", "queue", "source", "task", "runner")
    return {name: value[:200] for name in names if (value := given.get(name, "").strip())}


def query_of(rota: Rota, filters: dict[str, str], **more: Any) -> ScheduleQuery:
    """Return the query of these filters. Raises `InvalidValue`."""
    source, state = filters.get("source"), filters.get("state")
    for name, value, known in (("source", source, SOURCES), ("state", state, STATES)):
        if value is not None and value not in known:
            raise InvalidValue(name, value, f"choose one of {', '.join(known)}")
    return ScheduleQuery(
        state=state,
        source=Source(source) if source in ("code", "user") else None,
        is_overridden=True if source == "override" else None,
        tag=filters.get("tag"),
        queue=filters.get("queue"),
        task=filters.get("task"),
        tasks=tasks_of(rota, filters.get("runner")),
        text=filters.get("text"),
        **more,
    )


@ROUTES.post("/bulk/plan", Role.OPERATOR, name="schedules.plan")
def plan(call: Call) -> Response:
    """Say what an action on many schedules would do, and ask whether to."""
    action = _action(call)
    names = _names(call)
    if not names:
        return tell(call, call.url("schedules"), "Select schedules first.", "warn")
    try:
        return _plan_page(call, action, names, result=_act(call, action, names, dry_run=True))
    except InvalidValue as error:
        return _refused(call, action, names, error)


def _refused(call: Call, action: str, names: list[str], error: InvalidValue) -> Response:
    """Ask again for the time of a pause, with what was typed. Raises what is about anything else."""
    if error.field not in ("start", "until"):
        raise error
    return _plan_page(call, action, names, error=error)


def _plan_page(
    call: Call,
    action: str,
    names: list[str],
    *,
    result: Result | None = None,
    error: InvalidValue | None = None,
) -> Response:
    return call.app.pages.page(
        call,
        "schedules_plan.html",
        200 if error is None else 400,
        action=action,
        label=ACTIONS[action][0],
        result=result,
        names=names,
        reason=forms.reason(call),
        start=forms.text(call, "start", 100),
        until=forms.text(call, "until", 100),
        zone=call.rota.timezone,
        problem=error and str(error),
        wrong=error and error.field,
    )


@ROUTES.post("/bulk", Role.OPERATOR, name="schedules.do")
def do(call: Call) -> Response:
    """Do one thing to many schedules."""
    action, names = _action(call), _names(call)
    try:
        result = _act(call, action, names)
    except InvalidValue as error:
        return _refused(call, action, names, error)
    done = [one.subject for one in result.effects if one.done]
    left = len(result.effects) - len(done)
    rest = f" {left} left as {'it was' if left == 1 else 'they were'}." if left else ""
    what = "will be paused" if action == "pause" and _is_ahead(call) else ACTIONS[action][1]
    text = f"{len(done):,} {'schedule' if len(done) == 1 else 'schedules'} {what}.{rest}"
    kind: Kind = "good" if done else "warn"
    return tell(call, call.url("schedules"), text, kind, undo=UNDO.get(action) if done else None, names=done)


def _action(call: Call) -> str:
    action = forms.text(call, "action", 20)
    if action not in ACTIONS:
        raise InvalidValue("action", action, f"choose one of {', '.join(ACTIONS)}")
    return action


def _names(call: Call) -> list[str]:
    """Return the schedules that are selected: by their boxes, as a list, or all that match the filters."""
    form = call.request.form
    if form.get("scope") == "all":
        return names_matching(call.rota, query_of(call.rota, filters_of(form)), MOST)
    try:
        listed = msgspec.json.decode(form.get("list", "[]"), type=list[str])
    except msgspec.DecodeError as error:
        raise InvalidValue("list", form.get("list", "")[:80], f"it is no list of names ({error})") from None
    return list(dict.fromkeys([*form.getlist("name"), *listed]))[:MOST]


def _is_ahead(call: Call) -> bool:
    """Say whether the pause that was asked for is planned."""
    start, _ = forms.window(call, call.rota.timezone)
    return start is not None and start > call.rota.clock.now()


def _act(call: Call, action: str, names: list[str], *, dry_run: bool = False) -> Result:
    start, until = forms.window(call, call.rota.timezone)
    act: Any = {
        "pause": partial(changing.pause, start=start, until=until),
        "resume": changing.resume,
        "trigger": requesting.trigger_many,
        "reset": partial(changing.clear_fields, fields=()),
    }[action]
    return act(  # type: ignore[no-any-return]
        call.rota, names, actor=call.actor, reason=forms.reason(call), dry_run=dry_run
    )
