"""Nodes: the processes that take part."""

from __future__ import annotations

from typing import Any

from rota.operations import shapes
from rota.operations.actor import Role
from rota.operations.lookups import live_nodes
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/nodes", Role.VIEWER, answer=t.Nodes)
def list_(call: Call) -> Any:
    """List the nodes that have shown themselves lately."""
    return {"items": list(map(shapes.node, live_nodes(call.rota)))}
