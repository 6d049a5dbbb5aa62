"""The first page: is all well, and what needs a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from rota.operations.actor import Role
from rota.operations.ahead import EACH
from rota.operations.attention import standing
from rota.operations.doctor import Finding
from rota.operations.shapes import utc
from rota.operations.story import remaining
from rota.web.call import Call
from rota.web.routing import Routes
from rota.web.ui.charts import hours_chart, in_words, rate

ROUTES = Routes()
PLACES = {"nodes": "nodes", "workers": "nodes", "scheduler": "nodes", "store": "settings", "sync": "settings"}


@ROUTES.get("/", Role.VIEWER, name="overview")
def overview(call: Call) -> Response:
    """Show how the rota stands."""

    def make(now: datetime) -> dict[str, Any]:
        one = standing(call.rota)
        return {
            "one": one,
            "most": EACH,
            "last_worker": _last_worker(call),
            "worker": any("worker" in node.roles for node in one.overview.nodes),
            "chart": hours_chart(one.overview.hours, lambda at: _runs_of_hour(call, at)),
            "in_words": in_words,
            "rate": rate,
            "href": lambda finding: _href(call, finding),
            "left": lambda run: remaining(run, now),
            "total": sum(one.overview.counts.schedules.values()),
        }

    return call.app.pages.live(call, "overview.html", make)


def _last_worker(call: Call) -> datetime | None:
    """Return when a worker was seen last; `None`: none is known."""
    seen = [node.seen_at for node in call.rota.store.nodes(call.rota.name) if "worker" in node.roles]
    return max(seen, default=None)


def _runs_of_hour(call: Call, at: datetime) -> str:
    return call.url("runs", since=utc(at), until=utc(at + timedelta(hours=1)))


def _href(call: Call, finding: Finding) -> str | None:
    """Return the page where a finding is looked into."""
    if finding.run:
        return call.url("run", run_id=finding.run)
    if finding.about == "schedule":
        return call.url("schedule", name=finding.subject)
    kind, _, name = finding.subject.partition(" ")
    if kind == "queue" and name:
        return call.url("runs", queue=name, state="pending")
    if kind == "task" and name:
        return call.url("runs", task=name)
    return call.url(PLACES[kind]) if kind in PLACES else None
