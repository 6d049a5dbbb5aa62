"""All runs that match are retried or cancelled: those that were meant, each once, with an audit line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import Rota
from rota.core.records import NewRun, RunQuery, RunState
from rota.errors import InvalidValue, NotPermitted
from rota.operations import bulk as module
from rota.operations.actor import Actor
from rota.operations.bulk import bulk, scope
from rota.operations.history import audit, list_runs
from rota.operations.requesting import enqueue, retry

PENDING = RunQuery(states=(RunState.PENDING,), limit=500)
CANCELLED = RunQuery(states=(RunState.CANCELLED,))


@pytest.fixture
def waiting(shop, ann):
    """Make runs that wait."""
    return lambda count: {enqueue(shop.rota, "often", {}, ann) for _ in range(count)}


@pytest.mark.parametrize(
    ("action", "states", "looked_at"),
    [
        ("retry", (), {"succeeded", "failed", "cancelled", "skipped", "missed", "expired"}),
        ("retry", (RunState.FAILED, RunState.PENDING), {"failed"}),
        ("cancel", (), {"pending", "running"}),
        ("cancel", (RunState.PENDING, RunState.FAILED), {"pending"}),
        ("undo_retry", (RunState.FAILED,), {"pending", "running"}),
        ("undo_cancel", (RunState.PENDING,), {"cancelled"}),
    ],
)
def test_only_runs_that_the_action_can_change_are_looked_at(shop, action, states, looked_at):
    wanted = scope(action, RunQuery(states=states), shop.rota.clock.now())
    assert set(wanted.states) == looked_at


def test_nothing_is_looked_at_when_no_state_fits(shop, ann):
    assert scope("retry", PENDING, shop.rota.clock.now()) is None
    assert bulk(shop.rota, "retry", PENDING, ann).changed == 0


def test_more_than_a_page_is_done_and_each_has_its_audit_line(shop, ann, waiting, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 7)
    ids = waiting(20)
    done = bulk(shop.rota, "cancel", PENDING, ann, "wrong list")
    assert (done.changed, done.states) == (20, {RunState.PENDING: 20})
    assert {shop.rota.store.run(one).state for one in ids} == {RunState.CANCELLED}
    lines = [line for line in audit(shop.rota, None, 100) if line.action == "cancel"]
    assert {line.subject for line in lines} == ids
    assert {(line.actor, line.reason) for line in lines} == {("ann", "wrong list")}


def test_what_is_made_after_the_plan_is_left(shop, ann, waiting):
    meant = waiting(2)
    plan = bulk(shop.rota, "cancel", PENDING, ann, dry_run=True)
    assert len(list_runs(shop.rota, PENDING)) == 2
    shop.advance(timedelta(seconds=1))
    later = waiting(1)
    bulk(shop.rota, "cancel", PENDING, ann, at=plan.at)
    assert {run.id for run in list_runs(shop.rota, PENDING)} == later
    assert {run.id for run in list_runs(shop.rota, CANCELLED)} == meant


def test_a_run_is_retried_once_whoever_asks_again(shop, ann, root, waiting):
    waiting(3)
    bulk(shop.rota, "cancel", PENDING, ann)
    assert bulk(shop.rota, "retry", CANCELLED, ann).changed == 3
    again = bulk(shop.rota, "retry", CANCELLED, root)
    assert (again.changed, again.left) == (0, {"retried already": 3})
    assert len(list_runs(shop.rota, PENDING)) == 3
    assert len([line for line in audit(shop.rota, None, 100) if line.action == "retry"]) == 3


def test_one_that_was_retried_by_hand_is_left(shop, ann, waiting):
    [canary, *_] = waiting(3)
    bulk(shop.rota, "cancel", PENDING, ann)
    retry(shop.rota, canary, ann)
    done = bulk(shop.rota, "retry", CANCELLED, ann)
    assert (done.changed, done.left) == (2, {"retried already": 1})


def test_a_retry_is_undone_as_far_as_nothing_has_ended(shop, ann, waiting):
    meant = waiting(3)
    bulk(shop.rota, "cancel", PENDING, ann)
    done = bulk(shop.rota, "retry", CANCELLED, ann)
    other = waiting(1)
    undone = bulk(shop.rota, "undo_retry", CANCELLED, ann, at=done.at)
    assert undone.changed == 3
    assert {run.id for run in list_runs(shop.rota, PENDING)} == other
    assert {run.parent for run in list_runs(shop.rota, CANCELLED) if run.parent} == meant


def test_a_cancel_is_undone_for_what_its_actor_has_cancelled_since(shop, ann, root, waiting):
    by_root = waiting(1)
    bulk(shop.rota, "cancel", PENDING, root)
    by_ann = waiting(2)
    done = bulk(shop.rota, "cancel", PENDING, ann)
    assert bulk(shop.rota, "undo_cancel", PENDING, ann, at=done.at).changed == 2
    assert {run.parent for run in list_runs(shop.rota, PENDING)} == by_ann
    assert not by_ann & by_root


def test_too_many_at_a_time_are_refused_before_anything_is_done(shop, ann, waiting, monkeypatch):
    monkeypatch.setattr(module, "MOST", 4)
    waiting(5)
    with pytest.raises(InvalidValue, match="Filter further"):
        bulk(shop.rota, "cancel", PENDING, ann)
    assert len(list_runs(shop.rota, PENDING)) == 5


@pytest.mark.parametrize("later", [timedelta(seconds=1), None])
def test_a_plan_of_the_future_or_without_a_zone_is_refused(shop, ann, later):
    at = shop.rota.clock.now()
    with pytest.raises(InvalidValue, match="at"):
        bulk(shop.rota, "retry", RunQuery(), ann, at=at + later if later else at.replace(tzinfo=None))


def test_a_viewer_may_not(shop, viewer: Actor):
    with pytest.raises(NotPermitted):
        bulk(shop.rota, "retry", RunQuery(), viewer, dry_run=True)


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_a_real_store_does_more_than_a_page_of_runs_and_takes_it_back(place, request, tmp_path, ann):
    store = (
        request.getfixturevalue("postgres_dsn") if place == "postgres" else f"sqlite:///{tmp_path / 'r.db'}"
    )
    rota = Rota("mass", store=store, housekeeping=False)

    @rota.task
    def note(number: int) -> None: ...

    rota.store.migrate()
    now = rota.clock.now()
    pattern = {"rota": "mass", "task": "note", "created_at": now, "run_at": now}
    runs = [NewRun(id=rota.new_id(), args={"number": number}, **pattern) for number in range(1200)]
    rota.store.enqueue(runs)
    try:
        cancelled = bulk(rota, "cancel", PENDING, ann, "wrong list")
        assert cancelled.states == {RunState.PENDING: 1200}
        retried = bulk(rota, "retry", CANCELLED, ann)
        assert (retried.changed, bulk(rota, "retry", CANCELLED, ann).left) == (
            1200,
            {"retried already": 1200},
        )
        assert bulk(rota, "undo_retry", CANCELLED, ann, at=retried.at).changed == 1200
        assert rota.store.counts("mass", rota.clock.now()).runs == {"cancelled": 2400}
    finally:
        rota.close()
