"""Nodes: the processes that take part."""

from __future__ import annotations

from typing import Any

from rota.operations import draining, shapes
from rota.operations.actor import Role
from rota.operations.lookups import live_nodes
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/nodes", Role.VIEWER, answer=t.Nodes)
def list_(call: Call) -> Any:
    """List the nodes that have shown themselves lately."""
    return {"items": list(map(shapes.node, live_nodes(call.rota)))}


@ROUTES.post("/api/v1/nodes/<path:node_id>/drain", Role.OPERATOR, body=asked.Because, answer=t.Result)
def drain(call: Call, node_id: str, body: asked.Because) -> Any:
    """Ask a node to drain and leave, which can not be taken back; with `dry_run` only say what that means."""
    return shapes.result(draining.drain(call.rota, node_id, call.actor, body.reason, dry_run=body.dry_run))
