"""Statistics: how the rota stands."""

from __future__ import annotations

from typing import Any

from rota.core.records import RunQuery
from rota.operations import history, shapes
from rota.operations.actor import Role
from rota.operations.ahead import HOUR, Planned, ahead
from rota.operations.by_task import TaskCounts, by_task
from rota.operations.shapes import utc
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()
UPCOMING, RECENT = 20, 20


@ROUTES.get("/api/v1/statistics", Role.VIEWER, answer=t.Statistics)
def read(call: Call) -> Any:
    """Read how all stands: counts, what is next, what ran lately and how each task fares, nodes, troubles."""
    rota = call.rota
    one = history.overview(rota)
    return {
        **shapes.overview(one),
        "upcoming": [_planned(each) for each in ahead(rota, one.now + HOUR, UPCOMING)],
        "recent": [shapes.run(each) for each in history.list_runs(rota, RunQuery(limit=RECENT))],
        "tasks": [_fares(each) for each in by_task(rota)],
    }


def _planned(one: Planned) -> dict[str, Any]:
    return {"at": utc(one.at), "schedule": one.schedule}


def _fares(one: TaskCounts) -> dict[str, Any]:
    return {
        "task": one.task,
        "runs": {str(state): count for state, count in one.runs.items()},
        "last_run": one.last.id,
        "last_state": str(one.last.state),
        "last_at": utc(one.last.created_at),
    }
