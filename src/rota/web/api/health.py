"""What probes and Prometheus ask."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from rota.operations.actor import Role
from rota.operations.health import readiness
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.metrics import CONTENT_TYPE, exposition
from rota.web.respond import json_response
from rota.web.routing import Public, Routes

ROUTES = Routes()


@ROUTES.get("/livez", Public.ANYONE, answer=t.Health)
def livez(call: Call) -> Any:
    """Say that this process answers."""
    return {"status": "ok", "checks": {}}


@ROUTES.get("/readyz", Public.ANYONE, answer=t.Health, failing=t.Health)
def readyz(call: Call) -> Response:
    """Say whether work is being done in time: 200, or 503 with what is wrong."""
    return _said(readiness(call.rota))


@ROUTES.get("/api/v1/health", Public.ANYONE, answer=t.Health, failing=t.Health)
def health(call: Call) -> Response:
    """Say the same as `/readyz`, for those who may reach the API only."""
    return _said(readiness(call.rota))


def _said(checks: dict[str, str]) -> Response:
    is_well = all(one == "ok" for one in checks.values())
    return json_response(
        {"status": "ok" if is_well else "failing", "checks": checks}, 200 if is_well else 503
    )


@ROUTES.get("/metrics", Role.VIEWER, answer=str)
def metrics(call: Call) -> Response:
    """Answer Prometheus. The store is read at each scrape."""
    return Response(exposition(call.rota), content_type=CONTENT_TYPE)
