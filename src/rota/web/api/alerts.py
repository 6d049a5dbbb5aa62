"""Alerts: who is told what needs a person, and a test of it."""

from __future__ import annotations

from typing import Any

from rota.operations import alerting, shapes
from rota.operations.actor import Role
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/alerts", Role.VIEWER, answer=t.Alerts)
def read(call: Call) -> Any:
    """Read the channels, masked, what is told, and what was told last."""
    return shapes.alerts(alerting.alerts(call.rota))


@ROUTES.post("/api/v1/alerts/test", Role.ADMIN, body=asked.TestAlertsRequest, answer=t.TestedAlerts)
def test(call: Call, body: asked.TestAlertsRequest) -> Any:
    """Send a test message to each channel, or to one, and say how each went."""
    return {"items": [shapes.tested(one) for one in alerting.send_test(call.rota, call.actor, body.channel)]}
