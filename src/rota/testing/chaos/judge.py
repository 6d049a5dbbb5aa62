"""The verdict on one scenario: the whole log, judged from the first change to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.testing.chaos.checks.oracle import Oracle
from rota.testing.chaos.checks.pasts import check_pasts
from rota.testing.chaos.checks.requests import check_requests
from rota.testing.chaos.checks.runs import RunChecks
from rota.testing.chaos.checks.schedules import ScheduleChecks
from rota.testing.chaos.checks.state import State, transactions
from rota.testing.chaos.witness import entries
from rota.testing.chaos.world import HOUR

if TYPE_CHECKING:
    from rota.testing.chaos.scenario import Scenario


def judge(scenario: Scenario) -> list[str]:
    """Return what must never happen, and has."""
    world, state = scenario.world, State()
    log = list(entries(world.disk.connection))
    # Backfills reach back a few hours before the start.
    oracle = Oracle(scenario.start_us - 24 * HOUR, world.now_us + 48 * HOUR)
    runs, schedules = RunChecks(world, state), ScheduleChecks(world, state, oracle)
    for transaction in transactions(log):
        runs.begin(transaction)
        schedules.begin(transaction)
        for entry in transaction:
            runs.see(entry)
            schedules.note(entry)
            state.apply(entry)
        runs.end()
        schedules.end()
    schedules.check_effective()
    check_pasts(world, schedules, oracle)
    check_requests(world, scenario.operators.requests, log)
    return world.violations
