"""Alerts by the API."""

from __future__ import annotations

from typing import Any

import pytest

from rota.operations.history import audit
from tests.alerts.service import Service, serving

SECRET = "hunter2-hunter2"
TEST = "/api/v1/alerts/test"


@pytest.fixture
def service():
    with serving() as server:
        yield server


@pytest.fixture
def settings(service: Service) -> dict[str, Any]:
    alerts = [service.url(f"/ok/{SECRET}"), f"json://169.254.169.254/{SECRET}", f"slack://{SECRET}/b/c"]
    return {"alerts": alerts, "alert_hosts": "127.0.0.1"}


def test_channels_are_told_without_their_secrets(viewer):
    answer = viewer("GET", "/api/v1/alerts")
    assert SECRET not in answer.text
    assert [(one["name"], one["address"], one["schedule"]) for one in answer.json["channels"]] == [
        ("json", "json://127.0.0.1/••••••", "rota.alerts.json"),
        ("json-2", "json://169.254.169.254/••••••", "rota.alerts.json-2"),
        ("slack", "slack://••••••", "rota.alerts.slack"),
    ]
    assert answer.json["on"] == ["stalled", "stopped", "failed", "missed", "expired", "recovered"]


def test_a_test_says_how_each_channel_went(admin, sim, service):
    answer = admin("POST", TEST, {})
    assert SECRET not in answer.text
    assert [(one["channel"], one["sent"]) for one in answer.json["items"]] == [
        ("json", True),
        ("json-2", False),
        ("slack", False),
    ]
    assert "ROTA_ALERT_HOSTS" in answer.json["items"][1]["problem"]
    assert len(service.messages) == 1
    line = audit(sim.rota)[0]
    assert (line.action, line.via) == ("test alerts", "api 192.0.2.7")
    assert SECRET not in str(line)


def test_one_channel_can_be_tested_alone(admin, service):
    assert len(admin.post(TEST, {"channel": "json"})["items"]) == 1
    assert "choose one of json, json-2, slack" in admin.refused("POST", TEST, {"channel": "mail"})["message"]


def test_it_takes_an_admin(operator, service):
    operator.refused("POST", TEST, {}, 403)
    assert service.messages == []
