"""The paths of older systems."""

from __future__ import annotations

import pytest

from rota.web import WebApp
from tests.web.calls import Caller

OLD = "/admin/scheduler/api/scheduled-tasks"
NEW = "/api/admin/scheduler"
BODY = {
    "name": "digest",
    "task_type": "mail",
    "schedule_type": "cron",
    "schedule": "30 2 * * *",
    "payload": {"to": "x", "password": "hunter2"},
    "timezone": "Europe/Paris",
    "max_retries": 5,
}


@pytest.fixture
def made(operator):
    operator.post(OLD, BODY, 201)
    return f"{OLD}/digest"


def test_a_task_is_made_read_changed_and_deleted(made, operator, admin):
    one = operator.get(made)
    assert one == {
        "id": "digest", "name": "digest", "task_type": "mail", "timezone": "Europe/Paris", "max_retries": 5,
        "schedule": "cron 30 2 * * * in Europe/Paris", "description": "At 02:30 every day, Europe/Paris",
        "payload": {"to": "x", "password": "••••••"}, "status": "active",
        "next_run": "2026-03-02T01:30:00Z", "last_run": None,
    }  # fmt: skip
    assert one in operator.get(OLD)["tasks"]
    changed = operator.put(made, {"schedule": "0 4 * * *", "payload": {"to": "y"}, "max_retries": 0})
    assert (changed["schedule"], changed["payload"]) == ("cron 0 4 * * * in Europe/Paris", {"to": "y"})
    assert changed["max_retries"] == 0
    assert operator.put(made, {}) == changed
    operator.delete(made, 403)
    assert admin.delete(made, 200).json == {"status": "deleted", "id": "digest"}
    operator.refused("GET", made, code=404)


def test_a_task_is_paused_resumed_and_run(made, operator):
    assert operator.post(f"{made}/pause")["status"] == "paused"
    assert operator.post(f"{made}/resume")["status"] == "active"
    run = operator.post(f"{made}/run")
    assert operator.get(f"/api/v1/runs/{run['run_id']}")["schedule"] == "digest"


@pytest.mark.parametrize(
    ("kind", "schedule", "zone", "timetable"),
    [
        ("cron", "0 2 * * *", "UTC", "cron 0 2 * * * in UTC"),
        ("cron", "@daily", "Asia/Tokyo", "cron 0 0 * * * in Asia/Tokyo"),
        ("interval", 90, "UTC", "every 1m30s"),
        ("interval", "3600", "UTC", "every 1h"),
        ("interval", "15 minutes", "UTC", "every 15m"),
        ("once", "2026-04-01T08:00:00Z", "UTC", "once 2026-04-01T08:00:00Z"),
        ("once", "2026-04-01T08:00:00", "Europe/Paris", "once 2026-04-01T08:00:00 in Europe/Paris"),
    ],
)
def test_the_three_kinds_of_schedule_mean_what_they_meant(operator, kind, schedule, zone, timetable):
    body = {**BODY, "schedule_type": kind, "schedule": schedule, "timezone": zone}
    assert operator.post(OLD, body, 201)["schedule"] == timetable


def test_without_a_zone_it_is_utc_whatever_the_zone_of_the_rota(sim, operator):
    object.__setattr__(sim.rota.settings, "timezone", "Asia/Tokyo")
    body = {name: value for name, value in BODY.items() if name != "timezone"}
    assert operator.post(OLD, body, 201)["schedule"] == "cron 30 2 * * * in UTC"


@pytest.mark.parametrize(
    "change",
    [
        {"schedule_type": "yearly"},
        {"schedule": "61 * * * *"},
        {"schedule_type": "interval", "schedule": -5},
        {"schedule_type": "interval", "schedule": 0},
        {"schedule_type": "once", "schedule": 5},
        {"timezone": "Mars/X"},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"payload": []},
        {"name": ""},
        {"name": "nightly"},
        {"more": 1},
    ],
    ids=str,
)
def test_what_can_not_be_made_says_why(operator, change):
    assert operator.refused("POST", OLD, {**BODY, **change})["message"]
    operator.refused("POST", OLD, {**BODY, "task_type": "nothing"}, 404)


@pytest.mark.parametrize(
    "body", [{"name": "x"}, {"task_type": "often"}, {"timezone": "UTC"}, {"schedule_type": "cron"}], ids=str
)
def test_what_can_not_be_changed_is_not_passed_over(made, operator, body):
    before = operator.get(made)
    operator.refused("PUT", made, body)
    assert operator.get(made) == before


def test_what_the_code_declares_is_overridden(operator, admin):
    changed = operator.put(f"{OLD}/nightly", {"schedule": "300", "schedule_type": "interval"})
    assert changed["schedule"] == "every 5m"
    assert [one["field"] for one in operator.get("/api/v1/schedules/nightly")["overrides"]] == ["timetable"]
    assert "the code declares it" in admin.refused("DELETE", f"{OLD}/nightly")["message"]


def test_the_status_and_the_statistics(sim, operator):
    assert operator.get(f"{NEW}/status")["running"] is False
    sim.start_node()
    sim.run_until("2026-03-02 03:00")
    status = operator.get(f"{NEW}/status")
    assert status["running"] is True
    assert {one["id"]: one["next_run_time"] for one in status["jobs"]}["nightly"] == "2026-03-03T02:00:00Z"
    counted = operator.get(f"{NEW}/statistics")
    assert (counted["schedules"], counted["last_24_hours"]) == ({"active": 3}, {"succeeded": 3, "running": 1})


def test_one_task_or_all_are_triggered(operator):
    assert operator.post(f"{NEW}/trigger", {"task": "nightly"}) == {"triggered": ["nightly"]}
    assert operator.post(f"{NEW}/trigger", {"task": "all"}) == {"triggered": ["mails", "nightly", "often"]}
    operator.refused("POST", f"{NEW}/trigger", {"task": "nothing"}, 404)
    operator.refused("POST", f"{NEW}/trigger", {})


def test_they_are_answered_only_where_that_is_wanted(sim, admin):
    plain = Caller(WebApp(sim.rota), admin.secret)
    plain.get(OLD, 404)
    plain.get(f"{NEW}/status", 404)
    object.__setattr__(sim.rota.settings, "web_compat", True)
    Caller(WebApp(sim.rota), admin.secret).get(OLD)
