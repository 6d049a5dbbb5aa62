"""`rota alerts`, and what the program prints of secrets."""

from __future__ import annotations

import pytest

from tests.alerts.service import serving

SECRET = "hunter2-hunter2"


@pytest.fixture
def service():
    with serving() as server:
        yield server


@pytest.fixture
def alerted(shop, service, monkeypatch):
    monkeypatch.setenv("ROTA_ALERTS", f"{service.url('/ok/' + SECRET)} slack://{SECRET}")
    monkeypatch.setenv("ROTA_ALERT_HOSTS", "127.0.0.1")
    shop("sync", shop.app)
    return shop


def test_without_channels_it_says_how_to_have_some(shop):
    assert "ROTA_ALERTS=" in shop("alerts", "show", shop.app).stderr
    assert shop.json("alerts", "show", shop.app)["channels"] == []
    assert "ROTA_ALERTS" in shop("alerts", "test", shop.app, code=2).stderr


def test_a_test_is_sent_and_says_how_each_channel_went(alerted, service):
    told = alerted("alerts", "test", alerted.app, code=1).stdout.splitlines()
    assert told[0] == "✔ json (json://127.0.0.1/••••••): sent"
    assert told[1].startswith("✘ slack (slack://••••••): apprise does not know")
    assert len(service.messages) == 1
    assert alerted.json("alerts", "test", "json", "-A", alerted.app) == [
        {"channel": "json", "address": "json://127.0.0.1/••••••", "sent": True, "problem": None}
    ]


def test_channels_are_shown_with_what_is_wrong_with_them(alerted):
    told = alerted("alerts", "show", alerted.app).stdout
    assert "Told: stalled, stopped, failed, missed, expired, recovered." in told
    assert "rota.alerts.slack" in told
    assert "apprise does not know this kind of address" in told
    assert SECRET not in told
    found = alerted.json("alerts", "show", alerted.app)
    assert [bool(one["address_problem"]) for one in found["channels"]] == [False, True]


def test_settings_are_printed_without_secrets(alerted, monkeypatch):
    monkeypatch.setenv("ROTA_JWT_KEY", "k" * 40)
    for more in ([], ["--json"]):
        told = alerted("doctor", alerted.app, "--settings", *more).stdout
        assert SECRET not in told
        assert "k" * 40 not in told
        assert "slack://••••••" in told
