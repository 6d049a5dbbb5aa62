"""The explorer of runs: filter, look, and act on several at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import RunState
from rota.errors import InvalidValue, UnknownRun
from rota.operations import requesting
from rota.operations.actor import Role
from rota.operations.history import count_runs, search
from rota.operations.results import Result
from rota.web.api.runs import position
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.filters import WITHIN, run_filter
from rota.web.ui.told import summary, tell

ROUTES = Routes()
COUNTED, MOST_CHOSEN = 500, 500
ACTIONS = {"retry": (requesting.retry_many, "retried"), "cancel": (requesting.cancel_many, "cancelled")}


@ROUTES.get("/runs", Role.VIEWER, name="runs")
def explore(call: Call) -> Response:
    """List runs, newest first."""
    chosen = run_filter(call.request.args)

    def make(now: datetime) -> dict[str, Any]:
        query = chosen.query(now)
        found = search(call.rota, query)
        count, more = count_runs(call.rota, query, COUNTED)
        return {
            "chosen": chosen,
            "runs": found.runs,
            "count": count,
            "more": more,
            "following": position(found.next) if found.next else "",
            "searched_to": found.searched_to,
            "states": list(RunState),
            "within": list(WITHIN),
            "tasks": sorted(call.rota.registry.tasks),
            "queues": sorted(call.rota.registry.queues()),
        }

    return call.app.pages.live(call, "runs.html", make)


@ROUTES.post("/runs/plan", Role.OPERATOR, name="runs.plan")
def plan(call: Call) -> Response:
    """Say what an action on the selected runs would do, before it is done."""
    action, ids = _asked(call)
    act, done = ACTIONS[action]
    result = act(call.rota, ids, call.actor, dry_run=True)
    back = _back(call)
    return call.app.pages.page(call, "plan.html", result=result, ids=ids, action=action, done=done, back=back)


@ROUTES.post("/runs/change", Role.OPERATOR, name="runs.change")
def change(call: Call) -> Response:
    """Retry or cancel the selected runs."""
    action, ids = _asked(call)
    act, done = ACTIONS[action]
    result: Result = act(call.rota, ids, call.actor, call.request.form.get("reason", "")[:500])
    text, kind, lines = summary(result, done)
    return tell(call, call.url("runs") + _back(call), text, kind, lines=lines)


def _asked(call: Call) -> tuple[str, list[str]]:
    """Read which runs an action is for. Raises `InvalidValue`, `UnknownRun`."""
    form = call.request.form
    action, ids = form.get("action", ""), list(dict.fromkeys(form.getlist("run")))
    if action not in ACTIONS:
        raise InvalidValue("action", action[:80], f"choose one of {', '.join(ACTIONS)}")
    if not ids:
        raise InvalidValue("runs", "none", "none is selected", "Go back, and select those that you mean.")
    if len(ids) > MOST_CHOSEN:
        raise InvalidValue("runs", len(ids), f"at most {MOST_CHOSEN} may be selected at once")
    for one in ids:
        if call.rota.store.run(one) is None:
            raise UnknownRun(one[:80])
    return action, ids


def _back(call: Call) -> str:
    """Return the filter to go back to: part of an address of ours, never another address."""
    back = call.request.form.get("back", "")
    return back if back.startswith("?") and back.isascii() and back.isprintable() else ""
