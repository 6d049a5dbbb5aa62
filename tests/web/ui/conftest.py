"""Browsers without a browser: Werkzeug's client, signed in by each role."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from werkzeug.test import Client

from rota.core.records import RunQuery, RunState
from rota.operations import people
from rota.operations.actor import Role
from rota.testing.clock import VirtualClock
from rota.web.app import WebApp
from rota.web.auth.cookies import NAME, csrf_of
from tests.web.ui.shop import START, make_shop, work


class Visitor:
    """Somebody signed in, who follows links and sends forms as a browser does."""

    def __init__(self, app: WebApp, role: Role) -> None:
        self.rota, self.app = app.rota, app
        self.secret, _ = people.open_session(app.rota, role.name.lower(), role, "test")
        self.client = Client(app)
        self.client.set_cookie(NAME, self.secret)

    def get(self, path: str, **options):
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.text

    def post(self, path: str, **fields):
        return self.client.post(path, data={"csrf": csrf_of(self.secret), **fields})

    def send(self, path: str, **fields) -> str:
        """Send a form, follow to the next page, and return it."""
        response = self.post(path, **fields)
        assert response.status_code == 303, response.text
        return self.page(response.headers["Location"])

    def runs(self, **query):
        return self.rota.store.runs(RunQuery(rota=self.rota.name, **query))

    def last(self, state: RunState, **query):
        return self.runs(states=(state,), **query)[0]


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def shop(clock):
    """Two hours of work have been done."""
    rota = make_shop("sqlite:///:memory:", clock)
    rota.tick()
    work(rota, clock, timedelta(hours=2))
    yield rota
    rota.close()


@pytest.fixture
def app(shop):
    return WebApp(shop)


@pytest.fixture
def viewer(app):
    return Visitor(app, Role.VIEWER)


@pytest.fixture
def operator(app):
    return Visitor(app, Role.OPERATOR)


@pytest.fixture
def admin(app):
    return Visitor(app, Role.ADMIN)


def text_of(page: str) -> str:
    """Return what a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
