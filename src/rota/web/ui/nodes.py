"""The processes that take part."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import RunQuery, RunState
from rota.operations.actor import Role
from rota.operations.doctor import CLOCK_TOLERANCE
from rota.operations.history import list_runs
from rota.operations.lookups import live_nodes
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/nodes", Role.VIEWER, name="nodes")
def nodes(call: Call) -> Response:
    """List the nodes that have shown themselves lately, and what each of them runs."""

    def make(now: datetime) -> dict[str, Any]:
        found = sorted(live_nodes(call.rota), key=lambda one: one.id)
        running = list_runs(call.rota, RunQuery(states=(RunState.RUNNING,), limit=500))
        generation = call.rota.store.generation(call.rota.name)
        return {
            "nodes": found,
            "running": {one.id: [run for run in running if run.node == one.id] for one in found},
            "roles": {role for one in found for role in one.roles},
            "generation": generation.number if generation else 0,
            "tolerance": CLOCK_TOLERANCE,
        }

    return call.app.pages.live(call, "nodes.html", make)
