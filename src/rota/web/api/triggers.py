"""Triggers: for a scheduler outside, such as Cloud Scheduler or EventBridge, that watches the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from rota.operations.triggering import triggered
from rota.web.api import types as t
from rota.web.auth.triggers import SIGNATURE, admitted
from rota.web.call import Call
from rota.web.faults import Fault
from rota.web.inputs import in_range
from rota.web.routing import Public, Routes

ROUTES = Routes()
# Where the scheduled time is: what Cloud Scheduler sends, and what an EventBridge schedule can be told to.
HEADERS = ("X-CloudScheduler-ScheduleTime", "X-Amz-Scheduler-Scheduled-Time", "X-Rota-Scheduled-At")
HINT = 'Send {"scheduled_at": "2026-03-29T01:00:00Z"}, or a header.'
KEYS = ("scheduled_at", "scheduled_time", "time")


@ROUTES.post("/api/v1/tick", Public.SIGNED, answer=t.Ticked)
def tick(call: Call) -> Any:
    """Make one pass: decide what is due, run what is ready to its end."""
    admitted(call)
    return {"ended": {str(state): count for state, count in call.rota.tick().ended.items()}}


@ROUTES.post("/api/v1/triggers/<path:name>", Public.SIGNED, accepts=t.Scheduled, answer=t.Triggered)
def trigger(call: Call, name: str) -> Any:
    """Decide the occurrence that was due at the scheduled time. A repeat does nothing."""
    actor = admitted(call)
    done = triggered(call.rota, name, scheduled_at(call.request), actor)
    return {
        "schedule": done.schedule,
        "run": done.run,
        "repeated": done.repeated,
        "executed": done.executed,
    }


def scheduled_at(request: Request) -> datetime:
    """Return the scheduled time that a trigger carries, in a header or in its body.

    Raises:
        Fault: There is none, or it is no instant.
    """
    headers = () if SIGNATURE in request.headers else HEADERS  # a signature does not cover them
    found = [request.headers[name] for name in headers if name in request.headers]
    if not found:
        body = _body(request)
        found = [str(body[key]) for key in KEYS if key in body]
    if not found:
        raise Fault(400, "invalid", "the scheduled time is missing", "scheduled_at", HINT)
    try:
        return in_range("scheduled_at", datetime.fromisoformat(found[0]))
    except ValueError:
        raise Fault(400, "invalid", f"{found[0][:80]!r} is no instant", "scheduled_at", HINT) from None


def _body(request: Request) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(request.get_data() or b"{}")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
