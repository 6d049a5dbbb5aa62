"""Settings: what is in force, without secrets; retention in numbers; tokens."""

import re
from datetime import timedelta

import pytest
from werkzeug.test import Client

from rota import Rota
from rota.operations import people
from rota.operations.actor import Actor, Role
from rota.settings import NAMES, load
from rota.web.app import WebApp
from rota.web.ui.settings import shown_settings
from tests.alerts.service import serving
from tests.web.ui.conftest import Visitor, text_of
from tests.web.ui.shop import HOSTILE, make_shop, work


def test_every_setting_is_shown_with_its_source(viewer):
    page = viewer.page("/settings")
    for name in NAMES:
        assert f"<code>{name}</code>" in page
    assert "the caller" in page


def test_keys_and_passwords_are_masked():
    secret = "k" * 40
    made = load(
        {
            "store": "postgresql://ann:tiger-tiger@db/shop",
            "trigger_key": secret,
            "alerts": "slack://t-t-t/u/v",
        },
        {"ROTA_JWT_KEY": secret},
    )
    shown = {name: (value, source) for name, value, source in shown_settings(made)}
    assert shown["jwt_key"] == ("••••••", "the environment variable ROTA_JWT_KEY")
    assert shown["trigger_key"][0] == "••••••"
    assert shown["alerts"][0] == "slack://••••••"
    assert shown["store"][0] == "postgresql://ann:••••••@db/shop"
    assert {name: value for name, value, _ in shown_settings(load({}, {}))}["jwt_key"] == "none"


def test_retention_is_told_in_numbers(clock):
    rota = Rota(
        "old", store="sqlite:///:memory:", clock=clock, housekeeping=False, retention="1d", keep_runs=0
    )

    @rota.scheduled("every 1h")
    def sweep(): ...

    rota.tick()
    work(rota, clock, timedelta(hours=30))
    page = text_of(Visitor(WebApp(rota), Role.VIEWER).page("/settings"))
    rota.close()
    assert "Runs in history 30 " in page
    assert "Older than that now 5 " in page
    assert "Removed by the next purge 5 " in page
    assert "about 25 " in page


def test_the_last_runs_of_a_schedule_are_not_removed(clock):
    rota = Rota(
        "old", store="sqlite:///:memory:", clock=clock, housekeeping=False, retention="1d", keep_runs=27
    )

    @rota.scheduled("every 1h")
    def sweep(): ...

    rota.tick()
    work(rota, clock, timedelta(hours=30))
    page = text_of(Visitor(WebApp(rota), Role.VIEWER).page("/settings"))
    assert "Older than that now 5 Removed by the next purge 3 " in page
    now, history = clock.now(), rota.settings.history
    assert rota.store.purge("old", now - history.age, history.keep, 100) == 3
    rota.close()


def test_without_channels_the_page_says_how_to_have_some(admin):
    page = admin.page("/settings")
    assert "Nobody is told yet" in page
    assert "ROTA_ALERTS=" in page
    assert "Send a test" not in page
    assert admin.post("/settings/alerts/test").status_code == 400


def test_alerts_are_shown_and_tested_without_their_secrets(clock):
    with serving() as service:
        address = service.url("/ok/hunter2-hunter2")
        told = {"alerts": address, "alert_hosts": "127.0.0.1", "alert_on": "failed"}
        rota = make_shop("sqlite:///:memory:", clock, own=True, **told)
        rota.tick()
        work(rota, clock, timedelta(hours=2))
        app = WebApp(rota)
        admin, operator = Visitor(app, Role.ADMIN), Visitor(app, Role.OPERATOR)
        page = admin.page("/settings")
        assert "json://127.0.0.1/••••••" in page
        assert "charges failed: ValueError: card refused &lt;script&gt;" in page
        assert "Told, and going on 1 " in text_of(page)
        assert "The test was taken by 1 channel." in admin.send("/settings/alerts/test")
        assert service.messages[-1].startswith("shop: a test\nadmin tests the alerts of rota shop")
        assert "Send a test" not in operator.page("/settings")
        assert operator.post("/settings/alerts/test").status_code == 403
        for path in (
            "/settings",
            "/audit",
            "/schedules",
            f"/runs/{admin.runs(schedule='rota.alerts.json')[0].id}",
        ):
            assert "hunter2-hunter2" not in admin.page(path)
        rota.close()


def test_what_the_doctor_finds_is_there(viewer):
    assert "no live scheduler: nothing that is scheduled becomes a run" in text_of(viewer.page("/settings"))


def test_a_token_is_shown_once_and_works_until_it_is_revoked(admin, app):
    answer = admin.post("/settings/tokens", label=f"deploy {HOSTILE}"[:60], role="operator", expires="30d")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    secret = re.search(r'id="secret">(rota_[\w-]+)<', answer.text)[1]
    assert secret not in admin.page("/settings")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client(app).get("/api/v1/nodes", headers=bearer).status_code == 200
    (token,) = people.tokens(app.rota, Actor("root"))
    assert token.expires_at == app.rota.clock.now() + timedelta(days=30)
    assert "The token is revoked" in admin.send(f"/settings/tokens/{token.id}/revoke")
    assert Client(app).get("/api/v1/nodes", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "", "role": "viewer"},
        {"label": "x", "role": "king"},
        {"label": "x", "role": "viewer", "expires": "soon"},
    ],
)
def test_a_token_that_can_not_be_is_refused(admin, fields):
    assert admin.post("/settings/tokens", **fields).status_code == 400
    assert people.tokens(admin.rota, Actor("root")) == []


def test_only_an_administrator_sees_or_makes_tokens(operator, admin):
    secret, token = people.create_token(operator.rota, "ci", "viewer", Actor("root"))
    assert "ci" in admin.page("/settings")
    page = operator.page("/settings")
    assert "Make a token" not in page
    assert token.id not in page
    assert operator.post("/settings/tokens", label="x", role="admin").status_code == 403
    assert operator.post(f"/settings/tokens/{token.id}/revoke").status_code == 403
    assert people.bearer(operator.rota, secret) is not None
