"""Letting a node drain: what it means, who may ask, and what becomes of its work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import daily, every
from rota.core.records import RunState
from rota.errors import NotPermitted
from rota.operations.actor import Actor, Role
from rota.operations.draining import DeadNode, UnknownNode, drain, leaving
from rota.operations.history import audit
from rota.operations.lookups import nodes_by_state
from rota.testing.sim import Sim

ADA = Actor("ada", Role.OPERATOR, "test")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sim():
    made = Sim("2026-03-02 00:00", lease="3m")
    yield made
    made.rota.close()


def test_within_a_heartbeat_it_takes_nothing_more_and_another_takes_over(sim):
    sim.declare("counts", every("1m"))
    first, second = sim.start_node(), sim.start_node(("worker",))
    sim.run_until("2026-03-02 00:10")
    [effect] = drain(sim.rota, first.id, ADA, "new release").effects
    assert effect.done
    assert "what comes then waits, as no other node schedules" in effect.detail
    third = sim.start_node()
    sim.advance(sim.lease / 3 + MINUTE)
    assert not first.is_alive
    assert {node.id for node, _ in nodes_by_state(sim.rota)} == {second.id, third.id}
    ran = len(sim.ran("counts"))
    sim.advance(10 * MINUTE)
    assert len(sim.ran("counts")) == ran + 10
    assert {run.node for run in sim.runs("counts")[-10:]} <= {second.id, third.id}
    assert sim.skipped("counts") == 0


def test_what_it_runs_too_long_is_run_by_another(sim):
    sim.declare("backup", daily("01:00"), takes=timedelta(hours=1))
    first = sim.start_node()
    sim.run_until("2026-03-02 01:10")
    second = sim.start_node()
    sim.advance(MINUTE)
    one = leaving(sim.rota, first.id)
    assert [run.schedule for run in one.runs] == ["backup"]
    assert [other.id for other in one.others] == [second.id]
    assert one.successors == "what comes then is taken over by node-2"
    drain(sim.rota, first.id, ADA)
    sim.run_until("2026-03-02 03:00")
    assert sim.history("backup") == [(second.id, "succeeded")]


def test_it_leaves_an_audit_line_once(sim):
    node = sim.start_node()
    sim.advance(MINUTE)
    drain(sim.rota, node.id, ADA, "new release")
    [effect] = drain(sim.rota, node.id, Actor("bob"), "me too").effects
    assert (effect.done, effect.detail) == (False, "it is draining already, as ada has asked")
    [line] = [line for line in audit(sim.rota) if line.action == "drain"]
    assert (line.actor, line.subject, line.reason, line.via) == ("ada", node.id, "new release", "test")


def test_a_plan_asks_nobody(sim):
    node = sim.start_node()
    sim.advance(MINUTE)
    planned = drain(sim.rota, node.id, ADA, dry_run=True)
    assert planned.dry_run
    assert planned.effects[0].done
    sim.advance(2 * sim.lease)
    assert node.is_alive
    assert [state for _, state in nodes_by_state(sim.rota)] == ["live"]


def test_a_node_that_is_lost_can_not_drain(sim):
    node = sim.start_node()
    sim.advance(MINUTE)
    node.die()
    sim.clock.advance(sim.lease * 3)
    assert [state for _, state in nodes_by_state(sim.rota)] == ["lost"]
    with pytest.raises(DeadNode, match=r"was last seen 5[0-9]{2} s ago: it is lost"):
        drain(sim.rota, node.id, ADA)
    assert [line for line in audit(sim.rota) if line.action == "drain"] == []


def test_one_that_does_not_exist_is_named_with_those_that_do(sim):
    node = sim.start_node()
    sim.advance(MINUTE)
    with pytest.raises(UnknownNode, match="Did you mean 'node-1'"):
        drain(sim.rota, [node.id, "node-7"], ADA)
    assert [state for _, state in nodes_by_state(sim.rota)] == ["live"]


def test_whoever_only_looks_may_not(sim):
    node = sim.start_node()
    sim.advance(MINUTE)
    with pytest.raises(NotPermitted):
        drain(sim.rota, node.id, Actor("eve", Role.VIEWER))


def test_a_queue_that_nobody_else_serves_is_named(sim):
    sim.declare("mails", every("1h"), task={"queue": "mail"})
    node = sim.start_node()
    other = sim.rota.node(["scheduler", "worker"], queues=["default"], name="node-9")
    sim.advance(MINUTE)
    sim.rota.store.join(other.row(sim.clock.now()))
    assert leaving(sim.rota, node.id).successors == (
        "what comes then waits, as no other node serves the queue mail"
    )
    assert leaving(sim.rota, "node-9").successors == "what comes then is taken over by node-1"


def test_those_that_drain_themselves_do_not_take_over(sim):
    first, second = sim.start_node(), sim.start_node()
    sim.advance(MINUTE)
    drain(sim.rota, second.id, ADA)
    assert leaving(sim.rota, first.id).others == ()
    assert [state for _, state in nodes_by_state(sim.rota)] == ["live", "draining"]
    assert sim.runs("x") == []
    assert RunState.RUNNING not in sim.rota.store.counts("sim", sim.clock.now()).runs
