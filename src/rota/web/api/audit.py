"""The audit: who did what, when and why."""

from __future__ import annotations

from typing import Any

from rota.operations import history, shapes
from rota.operations.actor import Role
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/audit", Role.VIEWER, query=t.AuditFilter, answer=t.Audit)
def list_(call: Call, query: t.AuditFilter) -> Any:
    """List the latest operations, newest first."""
    lines = history.audit(call.rota, query.subject, query.limit)
    return {"items": list(map(shapes.audit_line, lines))}
