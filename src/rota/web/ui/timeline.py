"""Lanes of runs around now: past ones solid, future ones outlined."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.operations.actor import Role
from rota.operations.timeline import SPANS
from rota.operations.timeline import timeline as drawn_from
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.charts import axis, lane_chart

ROUTES = Routes()
USUAL = "6h"
LISTED = 60


@ROUTES.get("/timeline", Role.VIEWER, name="timeline")
def timeline(call: Call) -> Response:
    """Show what ran and what will, in one picture and as a table."""
    span = call.request.args.get("span") or USUAL

    def make(now: datetime) -> dict[str, Any]:
        whole = drawn_from(call.rota, span)
        past = sorted((run for lane in whole.lanes for run in lane.runs), key=lambda run: run.created_at)
        future = sorted((at, lane.name) for lane in whole.lanes for at in lane.planned)
        return {
            "whole": whole,
            "span": span,
            "spans": list(SPANS),
            "axis": axis(whole),
            "draw": lambda lane: lane_chart(lane, whole, lambda run_id: call.url("run", run_id=run_id)),
            "past": past[::-1][:LISTED],
            "future": future[:LISTED],
            "failed": {
                lane.name: sum(run.state in ("failed", "missed", "expired") for run in lane.runs)
                for lane in whole.lanes
            },
        }

    return call.app.pages.live(call, "timeline.html", make)
