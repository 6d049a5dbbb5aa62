"""Statistics: how the rota stands."""

from __future__ import annotations

from typing import Any

from rota.operations import history, shapes
from rota.operations.actor import Role
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/statistics", Role.VIEWER, answer=t.Overview)
def read(call: Call) -> Any:
    """Read counts of schedules and runs, what is next, which nodes live, and what went wrong lately."""
    return shapes.overview(history.overview(call.rota))
