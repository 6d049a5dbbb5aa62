"""Tasks: what the code declares, and runs of them without a schedule."""

from __future__ import annotations

from typing import Any

from rota.operations import requesting, shapes
from rota.operations.actor import Role
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()
ONE = "/api/v1/tasks/<path:name>"


@ROUTES.get("/api/v1/tasks", Role.VIEWER, answer=t.Tasks)
def list_(call: Call) -> Any:
    """List the tasks that the code declares, with the JSON Schema of their arguments."""
    registry = call.rota.registry
    return {"items": [shapes.task(registry, registry.tasks[name]) for name in sorted(registry.tasks)]}


@ROUTES.get(ONE, Role.VIEWER, answer=t.Task, name="api.tasks.read")
def read(call: Call, name: str) -> Any:
    """Read one task."""
    return shapes.task(call.rota.registry, call.rota.registry.task(name))


@ROUTES.post(f"{ONE}/enqueue", Role.OPERATOR, body=asked.Enqueue, answer=t.MadeRun, status=201)
def enqueue(call: Call, name: str, body: asked.Enqueue) -> Any:
    """Run a task now, or later. One `key` makes one run, for ever."""
    made = requesting.enqueue(
        call.rota, name, body.args, call.actor,
        delay=body.delay, at=body.at, key=body.key, queue=body.queue, priority=body.priority,
        dry_run=body.dry_run,
    )  # fmt: skip
    return {"run": made, "dry_run": body.dry_run}
