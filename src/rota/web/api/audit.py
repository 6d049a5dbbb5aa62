"""The audit: who did what, when and why."""

from __future__ import annotations

from typing import Any

from rota.operations import history, shapes
from rota.operations.actor import Role
from rota.operations.reverting import revert
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/audit", Role.VIEWER, query=asked.AuditFilter, answer=t.Audit)
def list_(call: Call, query: asked.AuditFilter) -> Any:
    """List the latest operations, newest first."""
    lines = history.audit(call.rota, query.subject, query.limit)
    return {"items": list(map(shapes.audit_line, lines))}


@ROUTES.post(
    "/api/v1/audit/revert", Role.OPERATOR, body=asked.Revert, answer=t.Result, name="api.audit.revert"
)
def revert_(call: Call, body: asked.Revert) -> Any:
    """Put back what was before a change of a schedule, unless the same has been changed again."""
    done = revert(call.rota, body.subject, body.at, call.actor, body.reason, dry_run=body.dry_run)
    return shapes.result(done)
