"""Acting on all runs that match a filter: plan, confirm, result, undo."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from rota.operations.actor import Role
from rota.operations.bulk import ACTIONS, bulk
from rota.operations.results import Bulk
from rota.operations.shapes import utc
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.filters import RunFilter, moment, run_filter
from rota.web.ui.told import tell

ROUTES = Routes()
PATH = "/runs/all"
# What an action does, for its button; and what was done, for the result.
WORDS = {
    "retry": ("Retry", "retried"),
    "cancel": ("Cancel", "cancelled"),
    "undo_retry": ("Cancel the retries of", "cancelled again"),
    "undo_cancel": ("Make again", "made again"),
}


@ROUTES.get(PATH, Role.OPERATOR, name="runs.all")
def plan(call: Call) -> Response:
    """Say what an action on all runs that match would do, before it is done."""
    given = call.request.args
    now = call.rota.clock.now()
    chosen = run_filter(given).fixed(now)
    result = _act(call, given, chosen, dry_run=True)
    return call.app.pages.page(
        call,
        "plan_all.html",
        now=now,
        result=result,
        label=WORDS[result.action][0],
        chosen=chosen,
        meant={**dict(chosen.pairs()), "state": ", ".join(chosen.state)},
    )


@ROUTES.post(PATH, Role.OPERATOR, name="runs.all_do")
def do(call: Call) -> Response:
    """Retry or cancel all runs that match, or take that back."""
    given = call.request.form
    chosen = run_filter(given)
    result = _act(call, given, chosen, dry_run=False)
    back = call.url("runs") + chosen.address()
    text = f"{result.changed:,} {'run' if result.changed == 1 else 'runs'} {WORDS[result.action][1]}"
    text += "".join(f"; {count:,} left alone: {why}" for why, count in result.left.items()) + "."
    undo = ACTIONS[result.action][0]
    if undo is None or not result.changed:
        return tell(call, back, text, "good" if result.changed else "warn")
    query = urlencode([("action", undo), ("at", utc(result.at)), *chosen.pairs()])
    return tell(call, back, text, href=f"{call.url('runs.all')}?{query}", label="Undo…")


def _act(call: Call, given: Any, chosen: RunFilter, *, dry_run: bool) -> Bulk:
    reason = "" if dry_run else forms.reason(call)
    at = moment("at", given.get("at", "")[:64])
    query = chosen.query(call.rota.clock.now())
    return bulk(call.rota, given.get("action", ""), query, call.actor, reason, at=at, dry_run=dry_run)
