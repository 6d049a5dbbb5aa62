"""The processes that take part, and letting one drain."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import RunQuery, RunState
from rota.operations.actor import Role
from rota.operations.doctor import CLOCK_TOLERANCE
from rota.operations.draining import DeadNode, Leaving, drain, heard_within, leaving
from rota.operations.history import list_runs
from rota.operations.lookups import nodes_by_state
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui import forms
from rota.web.ui.told import tell

ROUTES = Routes()
DRAIN = "/nodes/<path:node_id>/drain"


@ROUTES.get("/nodes", Role.VIEWER, name="nodes")
def nodes(call: Call) -> Response:
    """List the nodes that have shown themselves lately, and what each of them runs."""

    def make(now: datetime) -> dict[str, Any]:
        found = [(one, state) for one, state in nodes_by_state(call.rota) if state != "lost"]
        running = list_runs(call.rota, RunQuery(states=(RunState.RUNNING,), limit=500))
        generation = call.rota.store.generation(call.rota.name)
        return {
            "nodes": found,
            "running": {one.id: [run for run in running if run.node == one.id] for one, _ in found},
            "roles": {role for one, _ in found for role in one.roles},
            "generation": generation.number if generation else 0,
            "tolerance": CLOCK_TOLERANCE,
        }

    return call.app.pages.live(call, "nodes.html", make)


@ROUTES.get(DRAIN, Role.OPERATOR, name="node.drain")
def drain_form(call: Call, node_id: str) -> Response:
    """Say what it means that a node drains, and ask whether it shall."""
    try:
        one = leaving(call.rota, node_id)
    except DeadNode as error:
        return _gone(call, error)
    if one.is_asked:
        return tell(call, call.url("nodes"), f"{node_id} is draining already.", "warn")
    return call.app.pages.page(
        call, "node_drain.html", one=one, within=heard_within(call.rota), is_here=_is_here(one)
    )


@ROUTES.post(DRAIN, Role.OPERATOR, name="node.drain_it")
def drain_it(call: Call, node_id: str) -> Response:
    """Ask a node to drain."""
    try:
        [effect] = drain(call.rota, node_id, call.actor, forms.reason(call)).effects
    except DeadNode as error:
        return _gone(call, error)
    text = f"{node_id}: {effect.detail}."
    return tell(call, call.url("nodes"), text, "good" if effect.done else "warn")


def _gone(call: Call, error: DeadNode) -> Response:
    return tell(call, call.url("nodes"), f"{str(error)[:1].upper()}{str(error)[1:]}", "bad")


def _is_here(one: Leaving) -> bool:
    """Say whether the node is in the process that answers."""
    return (one.node.host, one.node.pid) == (socket.gethostname(), os.getpid())
