"""The pytest plugin: fixtures `rota_clock` and `rota_sim`. Loaded by pytest when Rota is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rota.testing.clock import VirtualClock
    from rota.testing.sim import Sim


@pytest.fixture
def rota_clock() -> VirtualClock:
    """A clock that moves only when it is told to, at 2026-01-01 00:00 UTC."""
    from rota.testing.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def rota_sim() -> Iterator[Sim]:
    """A whole system in virtual time; see `rota.testing.sim.Sim`."""
    from rota.testing.sim import Sim

    sim = Sim()
    yield sim
    sim.rota.close()
