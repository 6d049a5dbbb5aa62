"""What probes and Prometheus ask."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rota.core.records import NewRun, RunState
from rota.errors import StoreUnavailable


def samples(caller):
    found = {}
    for family in text_string_to_metric_families(caller("GET", "/metrics").text):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def test_a_process_that_answers_lives(nobody, sim, monkeypatch):
    monkeypatch.setattr(type(sim.rota.store), "next_due", _gone)
    assert nobody.get("/livez") == {"status": "ok", "checks": {}}


def _gone(*args):
    raise StoreUnavailable("postgresql://db", "connection refused")


def test_a_store_that_does_not_answer_makes_it_not_ready(nobody, sim, monkeypatch):
    sim.start_node()
    sim.advance(sim.lease)
    assert nobody.get("/readyz")["status"] == "ok"
    monkeypatch.setattr(type(sim.rota.store), "next_due", _gone)
    assert nobody.get("/readyz", 503) == {"status": "failing", "checks": {"store": "unavailable"}}


def test_a_store_that_does_not_answer_is_told_as_such(viewer, sim, monkeypatch):
    monkeypatch.setattr(type(sim.rota.store), "schedules", _gone)
    response = viewer("GET", "/api/v1/schedules", code=503)
    assert (response.json["error"]["code"], response.headers["Retry-After"]) == ("store_unavailable", "5")


@pytest.mark.parametrize("path", ["/readyz", "/api/v1/health"])
def test_health_asks_for_a_scheduler_a_worker_and_punctuality(nobody, sim, path):
    assert nobody.get(path, 503)["checks"]["scheduler"] == "none has been seen lately"
    sim.start_node()
    sim.advance(sim.lease)
    assert nobody.get(path)["status"] == "ok"
    for node in sim.nodes:
        node.die()
    sim.clock.advance(sim.lease * 3)
    checks = nobody.get(path, 503)["checks"]
    assert checks["lag"].startswith("the earliest schedule is late by")
    assert checks["worker"] == "none has been seen lately"


def test_a_fault_of_ours_is_told_without_its_details(viewer, sim, monkeypatch, caplog):
    def broken(*args):
        raise ZeroDivisionError("secret of the house")

    monkeypatch.setattr(type(sim.rota.store), "schedules", broken)
    response = viewer("GET", "/api/v1/schedules", code=500)
    assert response.json["error"]["code"] == "internal"
    assert "secret of the house" not in response.text
    assert "secret of the house" in caplog.text


def test_metrics_count_what_happened(viewer, sim):
    sim.start_node()
    sim.run_until("2026-03-02 02:30")
    found = samples(viewer)
    assert found["rota_schedules", "active"] == 3
    assert found["rota_runs", "succeeded"] == 3
    assert found[("rota_schedule_lag_seconds",)] == 0
    assert found["rota_node_slots", "node-1"] == 10
    assert found["rota_recent_runs", "succeeded"] == 2
    assert found[("rota_recent_duration_seconds_gcount",)] == 2
    assert found[("rota_recent_duration_seconds_gsum",)] == 60
    assert found["rota_recent_duration_seconds_bucket", "60.0"] == 2


def test_metrics_say_how_late_all_is(viewer, sim):
    sim.clock.move_to("2026-03-02 03:00")
    assert samples(viewer)[("rota_schedule_lag_seconds",)] == 2 * 3600


def test_metrics_say_what_waits_in_each_queue(viewer, sim):
    found = samples(viewer)
    assert found["rota_queue_pending_runs", "default"] == 0
    assert found["rota_queue_oldest_pending_seconds", "default"] == 0
    now = sim.clock.now()
    waits = {"rota": "sim", "task": "mail", "state": RunState.PENDING, "created_at": now}
    for queue, delay in [("mail", 0), ("mail", 60), ('a "b"\n', 3600)]:
        run_at = now + timedelta(seconds=delay)
        sim.rota.store.enqueue([NewRun(id=sim.rota.new_id(), queue=queue, run_at=run_at, **waits)])
    sim.clock.advance(timedelta(seconds=90))
    found = samples(viewer)
    assert found["rota_queue_pending_runs", "mail"] == 2
    assert found["rota_queue_oldest_pending_seconds", "mail"] == 90
    assert found["rota_queue_pending_runs", "default"] == 0
    assert found["rota_queue_pending_runs", 'a "b"\n'] == 1
    assert found["rota_queue_oldest_pending_seconds", 'a "b"\n'] == 0
    assert found["rota_runs", "pending"] == 3


def test_metrics_are_not_for_everybody(nobody):
    nobody.refused("GET", "/metrics", code=401)
