"""A host application that decides who may: tokens of its users do no more than it lets them do now."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from rota.operations import people
from rota.operations.actor import Actor, Role
from rota.web import WebApp
from tests.web.calls import Caller

ANN = Actor("ann", Role.ADMIN, "ui")
PAUSE = "/api/v1/schedules/nightly/pause"


@pytest.fixture
def standings() -> dict[str, Role]:
    return {"ann": Role.OPERATOR}


@pytest.fixture
def mounted(sim, standings) -> WebApp:
    return WebApp(sim.rota, lambda request: None, standing=standings.get)


def test_a_token_does_what_its_user_may_do_now(sim, standings, mounted):
    secret, _ = people.create_token(sim.rota, "script", "operator", ANN)
    program = Caller(mounted, secret)
    program.post(PAUSE, {})
    standings["ann"] = Role.VIEWER
    program.get("/api/v1/schedules")
    program.refused("POST", PAUSE, {}, 403)
    del standings["ann"]
    program.refused("GET", "/api/v1/schedules", code=401)


def test_a_calendar_link_ends_with_its_user(sim, standings, mounted):
    secret, _ = people.create_feed(sim.rota, ANN, owner="ann")
    visitor = Client(mounted)
    assert visitor.get(f"/timeline.ics?token={secret}").status_code == 200
    standings.clear()
    assert visitor.get(f"/timeline.ics?token={secret}").status_code == 401
