"""People ask for runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import daily
from rota.core.ids import occurrence_id
from rota.core.records import Origin, RunState
from rota.errors import InvalidArguments, InvalidValue, NotEnded, NotPermitted, UnknownRun, UnknownTask
from rota.operations.changing import pause
from rota.operations.history import get_run, list_runs, overview
from rota.operations.lookups import schedule_named
from rota.operations.requesting import backfill, cancel, enqueue, retry, trigger
from rota.testing.clock import instant
from rota.testing.sim import Sim

DAY = timedelta(days=1)


def test_a_trigger_runs_a_schedule_now_paused_or_not(shop, ann):
    pause(shop.rota, "nightly", ann)
    run_id = trigger(shop.rota, "nightly", ann, reason="asked for")
    shop.start_node()
    shop.advance(timedelta(minutes=1))
    run = get_run(shop.rota, run_id)
    assert (run.state, run.origin, run.by, run.schedule) == (
        RunState.SUCCEEDED,
        Origin.MANUAL,
        "ann",
        "nightly",
    )
    assert run.planned_at is None


def test_a_trigger_waits_its_turn(shop, ann):
    shop.start_node()
    shop.run_until("2026-03-02 01:00:30")
    run_id = trigger(shop.rota, "often", ann)
    shop.run_until("2026-03-02 01:00:45")
    assert get_run(shop.rota, run_id).state is RunState.PENDING
    shop.run_until("2026-03-02 01:03")
    assert get_run(shop.rota, run_id).state is RunState.SUCCEEDED


def test_one_key_makes_one_run(shop, ann):
    first = trigger(shop.rota, "nightly", ann, key="order 7")
    assert trigger(shop.rota, "nightly", ann, key="order 7") == first
    assert enqueue(shop.rota, "nightly", {}, ann, key="order 8") == enqueue(
        shop.rota, "nightly", {}, ann, key="order 8"
    )
    assert len(list_runs(shop.rota)) == 2


def test_arguments_are_checked_against_the_task(shop, ann):
    with pytest.raises(InvalidArguments):
        trigger(shop.rota, "nightly", ann, {"limit": 3})
    with pytest.raises(InvalidArguments):
        enqueue(shop.rota, "nightly", {"limit": 3}, ann)
    with pytest.raises(UnknownTask, match="Did you mean 'nightly'"):
        enqueue(shop.rota, "nigthly", {}, ann)
    assert list_runs(shop.rota) == []


def test_a_dry_run_checks_and_stores_nothing(shop, ann):
    trigger(shop.rota, "nightly", ann, dry_run=True)
    enqueue(shop.rota, "nightly", {}, ann, dry_run=True)
    assert list_runs(shop.rota) == []


def test_a_backfill_runs_what_has_no_run_and_doubles_nothing(shop, ann):
    shop.start_node()
    shop.run_until("2026-03-04 12:00")
    start, end = instant("2026-02-27 02:00"), instant("2026-03-04 02:00")
    preview = backfill(shop.rota, "nightly", start, end, ann, dry_run=True)
    made = backfill(shop.rota, "nightly", start, end, ann)
    again = backfill(shop.rota, "nightly", start, end, ann)
    shop.advance(timedelta(minutes=1))

    assert [f"{due:%m-%d %H}" for due, _ in made.runs] == ["02-27 02", "02-28 02", "03-01 02"]
    assert (preview.runs, preview.existing) == (made.runs, 2)
    assert (again.runs, again.existing) == ((), 5)
    schedule = schedule_named(shop.rota, "nightly")
    assert [run_id for _, run_id in made.runs] == [occurrence_id(schedule.id, due) for due, _ in made.runs]
    assert len(shop.ran("nightly")) == 6


@pytest.mark.parametrize("overlap", ["skip", "queue_all", "cancel_running"])
def test_a_backfill_first_decides_what_came_due_while_nothing_ran(ann, overlap):
    sim = Sim("2026-03-02 00:00", timezone="UTC")
    sim.declare("nightly", daily("02:00"), overlap=overlap)
    sim.start_node()
    sim.advance(timedelta(minutes=1))
    sim.stop_all_nodes()
    sim.run_until("2026-03-05 12:00")
    made = backfill(sim.rota, "nightly", instant("2026-03-02"), instant("2026-03-05 12:00"), ann)
    assert ([f"{due:%m-%d}" for due, _ in made.runs], made.existing) == (["03-02", "03-03", "03-04"], 1)

    sim.start_node()
    sim.advance(timedelta(minutes=10))
    days = ["2026-03-02 02:00", "2026-03-03 02:00", "2026-03-04 02:00", "2026-03-05 02:00"]
    assert sim.ran("nightly") == days
    assert sim.skipped("nightly") == 3  # missed they were, until somebody filled them in
    sim.rota.close()


def test_a_backfill_outlives_the_start_deadline(ann):
    sim = Sim("2026-03-02 00:00", timezone="UTC")
    sim.declare("nightly", daily("02:00"), start_deadline="10m")
    sim.start_node()
    sim.advance(timedelta(minutes=1))
    backfill(sim.rota, "nightly", instant("2026-02-20"), instant("2026-02-23"), ann)
    sim.advance(timedelta(minutes=6))
    assert len(sim.ran("nightly")) == 3
    sim.rota.close()


def test_a_backfill_says_that_there_is_more(shop, ann):
    made = backfill(shop.rota, "often", instant("2026-03-01"), instant("2026-03-02"), ann, limit=10)
    assert (len(made.runs), made.more) == (10, True)


@pytest.mark.parametrize(
    ("start", "end", "limit"),
    [
        (instant("2026-03-01"), instant("2026-03-03"), 10),
        (instant("2026-03-02"), instant("2026-03-01"), 10),
        (instant("2026-03-01").replace(tzinfo=None), instant("2026-03-02"), 10),
        (instant("2026-03-01"), instant("2026-03-02"), 0),
    ],
)
def test_a_span_that_can_not_be_filled_in_is_refused(shop, ann, start, end, limit):
    with pytest.raises(InvalidValue):
        backfill(shop.rota, "often", start, end, ann, limit=limit)


def test_a_retry_is_a_new_run_of_what_has_ended(sim, ann):
    sim.declare("nightly", daily("02:00"), fails=lambda run: run.schedule is not None and run.token < 2)
    sim.start_node()
    sim.run_until("2026-03-02 02:01")
    [failed] = sim.runs("nightly")
    new = retry(sim.rota, failed.id, ann, reason="the server is back")
    run = get_run(sim.rota, new)
    assert (run.origin, run.parent, run.by) == (Origin.RETRY, failed.id, "ann")
    with pytest.raises(NotEnded):
        retry(sim.rota, new, ann)
    assert get_run(sim.rota, failed.id) == failed


def test_cancel_says_what_becomes_of_each(shop, ann):
    ended, waiting = (
        enqueue(shop.rota, "nightly", {}, ann),
        enqueue(shop.rota, "nightly", {}, ann, delay="1h"),
    )
    shop.start_node()
    shop.advance(timedelta(minutes=1))
    plan = cancel(shop.rota, [ended, waiting[-8:]], ann, dry_run=True)
    done = cancel(shop.rota, [ended, waiting[-8:]], ann, "wrong")
    assert (done.at_once, done.ended, done.asked) == ((waiting,), (ended,), ())
    assert (plan.at_once, plan.ended) == (done.at_once, done.ended)
    shop.advance(DAY)
    assert get_run(shop.rota, waiting).state is RunState.CANCELLED
    lines = [line for line in shop.rota.store.audit("sim", waiting) if line.action == "cancel"]
    assert [(line.actor, line.reason) for line in lines] == [("ann", "wrong")]


def test_a_run_is_found_by_the_end_of_its_id(shop, ann):
    run_id = enqueue(shop.rota, "nightly", {}, ann)
    assert get_run(shop.rota, run_id[-6:]).id == get_run(shop.rota, run_id.upper()).id == run_id
    with pytest.raises(InvalidValue, match="at least its last 6"):
        get_run(shop.rota, run_id[-5:])
    with pytest.raises(UnknownRun):
        get_run(shop.rota, "00000000")
    with pytest.raises(UnknownRun):
        cancel(shop.rota, [run_id, "0" * 36], ann)
    assert get_run(shop.rota, run_id).state is RunState.PENDING


def test_viewers_ask_for_nothing(shop, viewer):
    for refused in (
        lambda: trigger(shop.rota, "nightly", viewer),
        lambda: enqueue(shop.rota, "nightly", {}, viewer),
        lambda: backfill(shop.rota, "nightly", instant("2026-03-01"), instant("2026-03-02"), viewer),
        lambda: retry(shop.rota, "x" * 36, viewer),
        lambda: cancel(shop.rota, ["x" * 36], viewer),
    ):
        with pytest.raises(NotPermitted):
            refused()


def test_the_overview_counts(shop):
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    seen = overview(shop.rota)
    assert seen.counts.schedules["active"] == 2
    assert seen.recent[RunState.SUCCEEDED] == len(shop.ran("often")) + len(shop.ran("nightly"))
    assert seen.next_due == instant("2026-03-02 13:00")
    assert [node.id for node in seen.nodes] == ["node-1"]
