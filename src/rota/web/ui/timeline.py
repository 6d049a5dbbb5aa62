"""Lanes of runs around now: past ones solid, future ones outlined, pauses, and what load to expect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from rota.core.records import ScheduleQuery
from rota.operations.actor import Role
from rota.operations.strips import length
from rota.operations.timeline import SPANS, Lane
from rota.operations.timeline import timeline as drawn_from
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.charts import axis, begin_of, lane_chart, load_chart, load_words
from rota.web.ui.pages import SOME_RUN
from rota.web.ui.strip import word_of

ROUTES = Routes()
USUAL = "6h"
LISTED = 60
BAD = ("failed", "missed", "expired")


@ROUTES.get("/timeline", Role.VIEWER, name="timeline")
def timeline(call: Call) -> Response:
    """Show what ran and what will, in one picture and as a table."""
    given = call.request.args
    span = given.get("span") or USUAL
    filters = {name: value[:200] for name in ("text", "tag") if (value := given.get(name, "").strip())}
    query = ScheduleQuery(**filters, after=given.get("after") or None)  # type: ignore[arg-type]

    address = call.url("run", run_id=SOME_RUN)  # built once: a page links to thousands of runs

    def href(run_id: str) -> str:
        return address.replace(SOME_RUN, run_id)

    def make(now: datetime) -> dict[str, Any]:
        whole = drawn_from(call.rota, span, query)
        past = [(begin_of(run), lane, run) for lane in whole.lanes for run in lane.runs]
        future = [(at, lane.name, lane.typical) for lane in whole.lanes for at in lane.planned]
        return {
            "whole": whole,
            "span": span,
            "spans": list(SPANS),
            "filters": filters,
            "is_first": query.after is None,
            "axis": axis(whole),
            "load": load_chart(whole) if any(part.runs for part in whole.load) else None,
            "busiest": max(whole.load, key=lambda part: part.runs),
            "load_words": load_words,
            "draw": lambda lane: lane_chart(lane, whole, href),
            "past": sorted(past, key=lambda one: one[0], reverse=True)[:LISTED],
            "future": sorted(future, key=lambda one: one[:2])[:LISTED],
            "often": [lane for lane in whole.lanes if lane.ahead and not lane.planned],
            "failed": {lane.name: _failed(lane) for lane in whole.lanes},
            "word_of": word_of,
            "length": length,
        }

    return call.app.pages.live(call, "timeline.html", make)


def _failed(lane: Lane) -> int:
    return sum(run.state in BAD for run in lane.runs)
