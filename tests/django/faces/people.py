"""People who look at Rota in Django, and what they find there."""

from __future__ import annotations

from rota.operations import authoring, changing, requesting
from rota.operations.actor import Actor

ANN = Actor("ann")


def fill(rota) -> dict[str, str]:
    """Make a history by the real runtime, and return ids by name: a run that failed, one that succeeded."""
    changing.pause(rota, "mark", ANN, "too often", None)
    changing.override(rota, "clearsessions", "timetable", "daily 04:30", ANN, "the backup is at two")
    create = authoring.create_schedule
    create(
        rota,
        "refunds/nightly",
        "refund",
        "daily 03:00",
        ANN,
        "",
        {"args": {"order": 7, "card_token": "4111-11"}},
    )
    create(rota, "<b>hostile</b> & co", "count_orders", "every 15m", ANN)
    failed = requesting.trigger(rota, "refunds/nightly", ANN, reason="a try")
    done = requesting.trigger(rota, "clearsessions", ANN)
    rota.tick()
    waiting = requesting.trigger(rota, "refunds/nightly", ANN)
    return {"failed": failed, "succeeded": done, "waiting": waiting}
