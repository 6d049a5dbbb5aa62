"""The API of runs, tasks, nodes, the audit and the statistics."""

from __future__ import annotations

from datetime import timedelta

import pytest

RUNS = "/api/v1/runs"
NOWHERE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def worked(sim):
    """A day has passed, with one node at work."""
    sim.start_node()
    sim.run_until("2026-03-03 00:00")
    return sim


def made(operator, **args):
    return operator.post("/api/v1/tasks/mail/enqueue", {"args": args}, 201)["run"]


def test_runs_have_pages_and_filters(worked, viewer):
    first = viewer.get(RUNS, query_string={"limit": 20})
    second = viewer.get(RUNS, query_string={"limit": 20, "after": first["next"]})
    ids = [one["id"] for one in [*first["items"], *second["items"]]]
    assert (len(ids), len(set(ids)), second["next"]) == (26, 26, None)
    for query, count in [
        ({"schedule": "nightly"}, 1),
        ({"task": "often", "limit": 100}, 24),
        ({"state": "succeeded,failed", "limit": 100}, 25),
        ({"state": ["failed", "missed"]}, 0),
        ({"since": "2026-03-02T23:30:00Z"}, 1),
        ({"until": "2026-03-02T01:30:00+00:00", "schedule": "often"}, 1),
        ({"queue": "elsewhere"}, 0),
    ]:
        assert len(viewer.get(RUNS, query_string=query)["items"]) == count, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "succeded"}, "state"),
        ({"after": "x"}, "after"),
        ({"after": "2026-01-01T00:00:00_x"}, "after"),
        ({"after": "0001-01-01T00:00:00+14:00_x"}, "after"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
    ],
    ids=str,
)
def test_a_filter_that_can_not_be_used_is_named(viewer, query, field):
    assert viewer.refused("GET", RUNS, query_string=query)["field"] == field


def test_a_run_with_its_attempts_and_its_log(worked, viewer):
    [run] = viewer.get(RUNS, query_string={"schedule": "nightly"})["items"]
    for written in (run["id"], run["id"][-12:], run["id"].upper()):
        assert viewer.get(f"{RUNS}/{written}") == run
    [attempt] = viewer.get(f"{RUNS}/{run['id']}/attempts")["items"]
    assert (attempt["attempt"], attempt["outcome"]) == (1, "succeeded")
    log = viewer.get(f"{RUNS}/{run['id']}/log")
    assert (log["offset"], log["is_ended"]) == (0, True)
    assert viewer.get(f"{RUNS}/{run['id']}/log", query_string={"offset": 2**53})["text"] == ""
    viewer.refused("GET", f"{RUNS}/{run['id']}/log", query_string={"offset": -1})
    viewer.refused("GET", f"{RUNS}/{NOWHERE}", code=404)
    viewer.refused("GET", f"{RUNS}/abc")


def test_cancel_and_retry(operator):
    run = made(operator, to="x", password="hunter2")
    assert operator.get(f"{RUNS}/{run}")["args"] == {"to": "x", "password": "••••••"}
    assert operator.refused("POST", f"{RUNS}/{run}/retry", {}, 409)["code"] == "conflict"
    assert operator.post(f"{RUNS}/{run}/cancel", {"dry_run": True})["cancelled"] == [run]
    assert operator.post(f"{RUNS}/{run}/cancel", {"reason": "wrong list"})["cancelled"] == [run]
    assert operator.post(f"{RUNS}/{run}/cancel", {})["ended"] == [run]
    again = operator.post(f"{RUNS}/{run}/retry", {"args": {"to": "y"}}, 201)["run"]
    assert operator.get(f"{RUNS}/{again}")["parent"] == run
    operator.refused("POST", f"{RUNS}/{NOWHERE}/cancel", {}, 404)


def test_many_runs_at_once(operator):
    runs = [made(operator) for _ in range(3)]
    bulk = "/api/v1/bulk/runs"
    assert len(operator.post(bulk, {"action": "cancel", "ids": runs, "dry_run": True})["changed"]) == 3
    assert len(operator.post(bulk, {"action": "cancel", "ids": runs})["changed"]) == 3
    assert len(operator.post(bulk, {"action": "cancel", "ids": runs})["unchanged"]) == 3
    assert len(operator.post(bulk, {"action": "retry", "ids": runs[:2]})["changed"]) == 2
    operator.refused("POST", bulk, {"action": "cancel", "ids": [*runs, NOWHERE]}, 404)


def test_all_that_match_at_once(sim, operator, viewer):
    bulk = "/api/v1/bulk/runs/matching"
    runs = [made(operator) for _ in range(3)]
    plan = operator.post(bulk, {"action": "cancel", "task": "mail", "dry_run": True})
    assert (plan["changed"], plan["states"], sorted(plan["runs"])) == (3, {"pending": 3}, sorted(runs))
    sim.advance(timedelta(seconds=1))
    later = made(operator)
    done = operator.post(bulk, {"action": "cancel", "task": "mail", "at": plan["at"], "reason": "wrong list"})
    assert done["changed"] == 3
    assert operator.get(f"{RUNS}/{later}")["state"] == "pending"
    again = operator.post(bulk, {"action": "retry", "state": ["cancelled"]})
    assert again["changed"] == 3
    assert operator.post(bulk, {"action": "retry", "state": ["cancelled"]})["reasons"] == {
        "retried already": 3
    }
    assert operator.post(bulk, {"action": "undo_retry", "at": again["at"]})["changed"] == 3
    for body, field in [({"action": "explode"}, "action"), ({"action": "retry", "state": ["x"]}, "state")]:
        assert operator.refused("POST", bulk, body)["field"] == field
    future = {"action": "retry", "at": "2999-01-01T00:00:00Z"}
    assert operator.refused("POST", bulk, future)["field"] == "at"
    viewer.refused("POST", bulk, {"action": "cancel"}, 403)


def test_tasks_say_what_they_take(viewer, operator):
    assert [one["name"] for one in viewer.get("/api/v1/tasks")["items"]] == ["mail", "nightly", "often"]
    one = viewer.get("/api/v1/tasks/mail")
    assert one["arguments"]["properties"]["to"]["type"] == "string"
    viewer.refused("GET", "/api/v1/tasks/nothing", code=404)
    enqueue = "/api/v1/tasks/mail/enqueue"
    later = operator.post(enqueue, {"delay": "5m", "priority": 5, "queue": "slow", "key": "k"}, 201)["run"]
    run = operator.get(f"{RUNS}/{later}")
    assert (run["run_at"], run["priority"], run["queue"]) == ("2026-03-02T00:05:00Z", 5, "slow")
    assert operator.post(enqueue, {"key": "k"}, 201)["run"] == later
    for body, field in [
        ({"args": {"to": 5}}, "to"),
        ({"args": {"tu": "x"}}, "tu"),
        ({"args": []}, "args"),
        ({"delay": "soon"}, "delay"),
        ({"priority": 1001}, "priority"),
        ({"at": "2026-03-02T00:00:00"}, "at"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at"),
        ({"key": " "}, "key"),
    ]:
        assert operator.refused("POST", enqueue, body)["field"] == field, body


def test_nodes_audit_and_statistics(worked, operator):
    [node] = operator.get("/api/v1/nodes")["items"]
    assert (node["id"], node["roles"]) == ("node-1", ["scheduler", "worker"])
    made(operator, password="hunter2")
    [line] = operator.get("/api/v1/audit", query_string={"limit": 1})["items"]
    assert (line["action"], line["after"]["args"]) == ("enqueue", {"password": "••••••"})
    one = operator.get("/api/v1/statistics")
    assert (one["schedules"]["active"], one["runs"]["succeeded"]) == (3, 25)
    assert one["now"] == "2026-03-03T00:00:00Z"
    assert one["upcoming"] == [{"at": "2026-03-03T01:00:00Z", "schedule": "often"}]
    assert {"password": "••••••"} in [each["args"] for each in one["recent"]]
    fares = {each["task"]: each for each in one["tasks"]}
    assert fares["often"]["runs"] == {"succeeded": 23, "running": 1}
    assert (fares["nightly"]["runs"], fares["mail"]["last_state"]) == ({"succeeded": 1}, "pending")


def test_a_node_is_asked_to_drain(worked, operator, viewer):
    drain = "/api/v1/nodes/node-1/drain"
    viewer.refused("POST", drain, {}, 403)
    planned = operator.post(drain, {"dry_run": True})
    assert (planned["dry_run"], planned["changed"][0]["subject"]) == (True, "node-1")
    assert operator.get("/api/v1/nodes")["items"][0]["drain_by"] is None
    asked = operator.post(drain, {"reason": "new release"})
    assert "1 run may end, for up to 30 seconds" in asked["changed"][0]["detail"]
    again = operator.post(drain, {})
    assert (again["changed"], again["unchanged"][0]["subject"]) == ([], "node-1")
    [node] = operator.get("/api/v1/nodes")["items"]
    assert (bool(node["drain_by"]), node["draining"], node["drain_timeout_seconds"]) == (True, False, 30)
    [line] = operator.get("/api/v1/audit", query_string={"subject": "node-1"})["items"]
    assert (line["action"], line["reason"]) == ("drain", "new release")
    assert "no node is named" in operator.refused("POST", "/api/v1/nodes/node-9/drain", {}, 404)["message"]


def test_a_node_that_is_lost_is_not_asked_to_drain(worked, sim, operator):
    for node in sim.nodes:
        node.die()
    sim.clock.advance(sim.lease * 3)
    refused = operator.refused("POST", "/api/v1/nodes/node-1/drain", {}, 409)
    assert refused["code"] == "conflict"
    assert "it is lost" in refused["message"]


def test_a_change_is_reverted_by_its_line(sim, operator, viewer):
    operator.post("/api/v1/schedules/nightly/pause", {"reason": "by mistake"})
    [line] = operator.get("/api/v1/audit", query_string={"subject": "nightly", "limit": 1})["items"]
    body = {"subject": "nightly", "at": line["at"]}
    sim.advance(timedelta(seconds=1))
    viewer.refused("POST", "/api/v1/audit/revert", body, 403)
    assert (
        operator.post("/api/v1/audit/revert", {**body, "dry_run": True})["changed"][0]["subject"] == "nightly"
    )
    assert operator.post("/api/v1/audit/revert", {**body, "reason": "wrong one"})["action"] == "revert"
    assert operator.get("/api/v1/schedules/nightly")["pause"] is None
    refused = operator.refused("POST", "/api/v1/audit/revert", body, 409)
    assert "changed again by" in refused["message"]
    operator.refused("POST", "/api/v1/audit/revert", {**body, "at": "2026-01-01T00:00:00Z"}, 404)
