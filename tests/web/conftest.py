"""The face over a rota in virtual time, and those who call it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from werkzeug.test import Client

from rota.operations import people
from rota.testing.sim import Sim
from rota.web import WebApp
from tests.web.calls import PLAIN, ROOT, Caller, fill
from tests.web.keys import Keys

START = "2026-03-02 00:00"


@pytest.fixture(scope="session")
def keys():
    with Keys() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def settings() -> dict[str, Any]:
    """More settings of the rota; a module has its own."""
    return {}


@pytest.fixture
def sim(settings):
    made = Sim(START, timezone="UTC", lease="3h", tick_interval="3h", **settings)
    fill(made)
    yield made
    made.rota.close()


@pytest.fixture
def app(sim) -> WebApp:
    return WebApp(sim.rota, compat=True)


@pytest.fixture
def caller(app):
    """Make somebody who calls with a token of a role."""

    def make(role: str) -> Caller:
        secret, _ = people.create_token(app.rota, f"for {role}", role, ROOT)
        return Caller(app, secret)

    return make


@pytest.fixture
def nobody(app) -> Caller:
    return Caller(app)


@pytest.fixture
def viewer(caller) -> Caller:
    return caller("viewer")


@pytest.fixture
def operator(caller) -> Caller:
    return caller("operator")


@pytest.fixture
def admin(caller) -> Caller:
    return caller("admin")


@pytest.fixture
def ann(app):
    """A user who may operate, and signs in with a password."""
    people.put_user(app.rota, "ann", "operator", PLAIN, ROOT)
    return "ann"


@pytest.fixture
def browser(app) -> Client:
    """A browser: it keeps cookies."""
    return Client(app)
