"""Failed runs by what failed, and retrying a group: one canary first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.operations.actor import Role
from rota.operations.grouping import error_group, error_groups, retry_group
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.told import summary, tell

ROUTES = Routes()
SHOWN, RUNS = 100, 20


@ROUTES.get("/errors", Role.VIEWER, name="errors")
def errors(call: Call) -> Response:
    """List the errors of the last days, each once."""

    def make(now: datetime) -> dict[str, Any]:
        groups = error_groups(call.rota)
        return {"groups": groups[:SHOWN], "hidden": max(len(groups) - SHOWN, 0)}

    return call.app.pages.live(call, "errors.html", make)


@ROUTES.get("/errors/<key>", Role.VIEWER, name="errors.group")
def group(call: Call, key: str) -> Response:
    """Show one error: where it comes from, and which runs it befell."""

    def make(now: datetime) -> dict[str, Any]:
        one = error_group(call.rota, key)
        return {"one": one, "shown": one.runs[:RUNS]}

    return call.app.pages.live(call, "error.html", make)


@ROUTES.get("/errors/<key>/retry", Role.OPERATOR, name="errors.plan")
def plan(call: Call, key: str) -> Response:
    """Say what retrying the group would do, before it is done."""
    one = error_group(call.rota, key)
    result = retry_group(call.rota, key, call.actor, canary=False, dry_run=True)
    return call.app.pages.page(call, "error_plan.html", one=one, result=result)


@ROUTES.post("/errors/<key>/retry", Role.OPERATOR, name="errors.retry")
def retry(call: Call, key: str) -> Response:
    """Retry the latest run of the group alone, or all that nobody has retried."""
    form = call.request.form
    canary = form.get("how") != "all"
    result = retry_group(call.rota, key, call.actor, form.get("reason", "")[:500], canary=canary)
    here = call.url("errors.group", key=key)
    made = [one.detail.removeprefix("run ") for one in result.effects if one.done]
    if canary and made:
        text = "One run is retried. How it ends is said here; if it succeeds, retry the others."
        return tell(call, here, text, href=call.url("run", run_id=made[0]), label="Watch it")
    text, kind, lines = summary(result, "retried")
    return tell(call, here, text, kind, lines=lines)
