"""A shop in virtual time, and somebody who looks at it through the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from werkzeug.test import Client, TestResponse

from rota import daily, every
from rota.operations.actor import Actor, Role
from rota.testing.sim import Sim
from rota.web.app import WebApp
from rota.web.identity import Identity

START = "2026-03-02 00:00"


class Outline(HTMLParser):
    """The elements of a page: tag and attributes, and the text of all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self._texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self._texts))

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in wanted.items()}
        return [
            attrs
            for name, attrs in self.elements
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]


class Visitor:
    """A browser without JavaScript: keeps cookies, follows what it is sent to."""

    def __init__(self, rota, role=Role.OPERATOR, name="ann"):
        self.role, self.name = role, name
        self.app = WebApp(rota, identify=lambda request: Identity(name=self.name, role=self.role))
        self.client = Client(self.app)
        self.answer: TestResponse | None = None

    def get(self, path, status=200, **query):
        self.answer = self.client.get(path, query_string=query or None)
        assert self.answer.status_code == status, self.answer.text[:2000]
        return Outline(self.answer.text)

    def post(self, path, status=303, **form):
        """Send a form, and look at the page that it leads to."""
        self.answer = self.client.post(path, data=form)
        assert self.answer.status_code == status, self.answer.text[:2000]
        return self.get(self.answer.location) if status == 303 else Outline(self.answer.text)


@pytest.fixture
def sim():
    made = Sim(START, timezone="Europe/Paris", lease="3h", tick_interval="3h")
    yield made
    made.rota.close()


@pytest.fixture
def shop(sim):
    """A rota in force: `nightly` at 02:30 in Paris, `often` every hour, failing each third time."""
    turns = iter(range(10_000))
    sim.declare("nightly", daily("02:30"), tags=["house"])
    sim.declare(
        "often",
        every("1h"),
        takes=timedelta(minutes=1),
        fails=lambda run: next(turns) % 3 == 2,
        tags=["traffic"],
        queue="fast",
    )
    sim.rota.sync()
    return sim


@pytest.fixture
def ann(shop):
    """An operator."""
    return Visitor(shop.rota)


@pytest.fixture
def root():
    return Actor("root", Role.ADMIN, "test")
