"""A rota in virtual time, on both stores, that tells a service."""

from __future__ import annotations

from typing import Any

import pytest

from rota import Rota
from rota.testing.clock import VirtualClock
from tests.alerts.service import serving

START = "2026-03-02 12:00"


@pytest.fixture
def service():
    with serving() as server:
        yield server


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres_dsn")
    return f"sqlite:///{tmp_path / 'rota.db'}"


@pytest.fixture
def make(clock, store, service):
    """Make a rota that tells the service."""
    made: list[Rota] = []

    def build(**settings: Any) -> Rota:
        chosen = {"alerts": service.url(), "alert_hosts": "127.0.0.1", **settings}
        rota = Rota("shop", store=store, clock=clock, **chosen)
        rota.store.migrate()
        made.append(rota)
        return rota

    yield build
    for rota in made:
        rota.close()
