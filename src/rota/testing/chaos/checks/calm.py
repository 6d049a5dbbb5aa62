"""What must be well once the faults have ended: I5, I13, I14, I22, I24, I26."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from rota.core.reconcile import differences
from rota.core.records import ScheduleQuery, Source
from rota.errors import RotaError
from rota.stores.sql.rows import POLICIES
from rota.testing.chaos.checks.tally import check_tally
from rota.testing.chaos.releases import ROTA
from rota.testing.chaos.world import SECOND, World

if TYPE_CHECKING:
    from rota.testing.chaos.process import Process
    from rota.testing.chaos.scenario import Scenario

PATIENCE = 15 * SECOND  # a loop that met an unreachable store tries again within five seconds


def check_calm(scenario: Scenario, quiet_from: int) -> None:
    """Judge the tables after a quiet time that was long enough to recover from everything."""
    world = scenario.world
    _check_late(world)
    _check_leases(world)
    _check_waiting(world)
    _check_declared(scenario)
    _check_counts(world)
    check_tally(world)
    _check_attempts(world)
    _check_ended_overrides(world)


def _rows(world: World, query: str, *values: object) -> list[tuple[object, ...]]:
    return world.disk.connection.execute(query, values).fetchall()


def _check_late(world: World) -> None:
    query = "SELECT name, next_due_us FROM rota_schedule WHERE state = 'active' AND next_due_us < ?"
    for name, due_us in _rows(world, query, world.now_us - PATIENCE):
        world.violate(f"I5 schedule {name}: due since {(world.now_us - int(str(due_us))) / SECOND} s")


def _check_leases(world: World) -> None:
    rescue_us = world.lease_us // 5
    query = "SELECT id, lease_until_us FROM rota_run WHERE state = 'running' AND lease_until_us < ?"
    for run_id, until_us in _rows(world, query, world.now_us - rescue_us - PATIENCE):
        late = (world.now_us - int(str(until_us))) / SECOND
        world.violate(f"I14 run {run_id}: running, {late} s after the end of its lease")
    query = "SELECT id FROM rota_run WHERE state = 'pending' AND run_at_us + deadline_us < ?"
    for (run_id,) in _rows(world, query, world.now_us - rescue_us - PATIENCE):
        world.violate(f"I14 run {run_id}: pending after its start deadline")


def _check_waiting(world: World) -> None:
    """No run waits that a worker with room could start."""
    workers = [one for one in world.processes if one.runner is not None and not one.is_draining]
    running = _rows(world, "SELECT schedule_id, lane FROM rota_run WHERE state = 'running'")
    schedules, lanes = {row[0] for row in running}, Counter(row[1] for row in running)
    query = (
        "SELECT id, task, queue, serial, schedule_id, lane, lane_limit, run_at_us FROM rota_run "
        "WHERE state = 'pending' AND run_at_us < ?"
    )
    poll_us = max((_poll_us(one) for one in workers), default=0)
    for run_id, task, queue, serial, schedule_id, lane, limit, run_at in _rows(
        world, query, world.now_us - poll_us - PATIENCE
    ):
        if (serial and schedule_id in schedules) or (lane is not None and lanes[lane] >= int(str(limit))):
            continue
        if any(_could_start(one, str(task), str(queue)) for one in workers):
            late = (world.now_us - int(str(run_at))) / SECOND
            world.violate(f"I5 run {run_id} of {task}: waits for {late} s, though there is room")


def _poll_us(process: Process) -> int:
    return process.rota.settings.tick_interval // timedelta(microseconds=1)


def _could_start(process: Process, task: str, queue: str) -> bool:
    assert process.runner is not None and process.node is not None
    knows = task in process.rota.registry.tasks and queue in process.node.options.queues
    return knows and process.runner.room() > 0


def _check_declared(scenario: Scenario) -> None:
    """What is stored is what the release declares that all nodes run now."""
    world = scenario.world
    store = next((one.store for one in world.processes if one.node is not None), None)
    if store is None:
        world.violate("I5 no node is alive")
        return
    stored = store.schedules(ScheduleQuery(rota=ROTA, source=Source.CODE, limit=500))
    active = {one.name: one.declared for one in stored if one.state != "retired"}
    declared = scenario.wanted.definitions
    for name in sorted({*active, *declared}):
        if name not in active or name not in declared:
            where = "declared, but retired" if name in declared else "in force, but not declared"
            world.violate(f"I22 schedule {name}: {where} by {scenario.wanted.name}")
        elif active[name] != declared[name]:
            world.violate(f"I22 schedule {name}: {'; '.join(differences(declared[name], active[name]))}")


def _check_counts(world: World) -> None:
    store = next((one.store for one in world.processes if one.node is not None), None)
    if store is None:
        return
    try:
        counts = store.counts(ROTA, world.now)
    except RotaError as error:
        world.violate(f"I5 the store can not be used in the calm: {error}")
        return
    recount = Counter(str(state) for (state,) in _rows(world, "SELECT state FROM rota_run"))
    if dict(counts.runs) != dict(recount):
        world.violate(f"I24 counts say {dict(counts.runs)}, a recount {dict(recount)}")


def _check_attempts(world: World) -> None:
    """Attempts are 1 to n, without a hole, within the policy."""
    kept: dict[str, list[int]] = {}
    for run_id, number in _rows(world, "SELECT run_id, number FROM rota_attempt ORDER BY run_id, number"):
        kept.setdefault(str(run_id), []).append(int(str(number)))
    for run_id, attempt, started, policy in _rows(
        world, "SELECT id, attempt, started_us, policy FROM rota_run"
    ):
        count, most = int(str(attempt)), POLICIES.value(str(policy)).retry.attempts
        numbers = kept.pop(str(run_id), []) + ([count] if started is not None else [])
        if numbers != list(range(1, count + 1)):
            world.violate(f"I13 run {run_id}: attempts {numbers} of {count}")
        if count > max(most, 3):
            world.violate(f"I13 run {run_id}: {count} attempts of {most}")
    for run_id in kept:
        world.violate(f"I13 run {run_id}: attempts are left of it, but no run")


def _check_ended_overrides(world: World) -> None:
    query = (
        "SELECT s.name, o.field FROM rota_override o JOIN rota_schedule s ON s.id = o.schedule_id "
        "WHERE o.until_us < ?"
    )
    for name, field in _rows(world, query, world.now_us - world.lease_us // 5 - PATIENCE):
        world.violate(f"I22 schedule {name}: the override of {field} has ended, and holds")
