"""A shop in virtual time, and the people who operate it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import daily, every
from rota.operations.actor import Actor, Role
from rota.testing.sim import Sim

START = "2026-03-02 00:00"


@pytest.fixture
def sim():
    made = Sim(START, timezone="UTC", lease="3h", tick_interval="3h")  # long, so that days pass in few steps
    yield made
    made.rota.close()


@pytest.fixture
def shop(sim):
    """A rota in force: `nightly` at 02:00, `often` every hour and taking a minute; no node runs."""
    sim.declare("nightly", daily("02:00"))
    sim.declare("often", every("1h"), takes=timedelta(minutes=1), task={"tags": ["traffic"]})
    sim.rota.sync()
    return sim


@pytest.fixture
def ann():
    return Actor("ann", Role.OPERATOR, "test")


@pytest.fixture
def root():
    return Actor("root", Role.ADMIN, "test")


@pytest.fixture
def viewer():
    return Actor("vic", Role.VIEWER, "test")
