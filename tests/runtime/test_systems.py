"""Whole systems in virtual time: what a user would see in the history."""

import itertools
from datetime import timedelta

import pytest

from rota import CatchUp, Concurrency, daily, every
from rota.core.policies import CatchUpRule
from rota.core.records import RunState
from rota.core.timetables import once
from rota.operations.syncing import sync
from rota.testing.sim import Sim

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def sim():
    made = Sim("2026-03-02 00:00", timezone="Europe/Paris")
    yield made
    made.rota.close()


def test_a_daily_schedule_runs_once_after_a_week_off(sim):
    sim.declare("reports.nightly", daily("03:00"), catch_up="latest")
    sim.start_node()
    sim.run_until("2026-03-02 12:00")
    sim.stop_all_nodes()
    sim.run_until("2026-03-09 12:00")
    sim.start_node()
    sim.run_until("2026-03-09 12:01")

    assert sim.ran("reports.nightly") == ["2026-03-02 02:00", "2026-03-09 02:00"]
    assert sim.skipped("reports.nightly") == 6
    [missed] = [run for run in sim.runs("reports.nightly") if run.state is RunState.MISSED]
    assert missed.reason == "no scheduler was running"


def test_catching_up_on_all_runs_each_once_oldest_first(sim):
    sim.declare("sync", every("1h"), catch_up="all")
    sim.start_node()
    sim.run_until("2026-03-02 00:30")
    sim.stop_all_nodes()
    sim.run_until("2026-03-02 05:30")
    sim.start_node()
    sim.run_until("2026-03-02 05:40")
    wanted = [f"2026-03-02 0{hour}:00" for hour in range(1, 6)]
    # The overlap policy still holds: they are made together, so all but the first are recorded as skipped.
    assert sim.ran("sync", RunState.SUCCEEDED, RunState.SKIPPED) == wanted


def test_catching_up_on_none_records_what_was_missed(sim):
    sim.declare("sync", every("1h"), catch_up=CatchUp(CatchUpRule.NONE))
    sim.start_node()
    sim.run_until("2026-03-02 00:30")
    sim.stop_all_nodes()
    sim.run_until("2026-03-02 05:30")
    sim.start_node()
    sim.run_until("2026-03-02 06:30")
    assert sim.ran("sync") == ["2026-03-02 06:00"]
    assert sim.skipped("sync") == 5


@pytest.mark.parametrize("nodes", [1, 2, 16])
def test_any_number_of_schedulers_makes_each_run_once(sim, nodes):
    sim.declare("beat", every("1m"))
    for _ in range(nodes):
        sim.start_node()
    sim.run_until("2026-03-02 00:20")
    assert sim.ran("beat") == [f"2026-03-02 00:{minute:02}" for minute in range(1, 21)]


def test_an_occurrence_is_skipped_while_the_run_before_goes_on(sim):
    sim.declare("inventory", every("1m"), takes=timedelta(seconds=90))
    sim.start_node()
    sim.run_until("2026-03-02 00:06:40")
    states = [str(run.state) for run in sim.runs("inventory")]
    assert states == ["succeeded", "skipped", "succeeded", "skipped", "succeeded", "skipped"]
    skipped = [run for run in sim.runs("inventory") if run.state is RunState.SKIPPED]
    assert skipped[0].blocked_by == sim.runs("inventory")[0].id


def test_queued_occurrences_wait_their_turn(sim):
    sim.declare("inventory", every("1m"), takes=timedelta(seconds=90), overlap="queue_all")
    sim.start_node()
    sim.run_until("2026-03-02 00:06")
    runs = [run for run in sim.runs("inventory") if run.started_at]
    assert len(sim.runs("inventory")) == 6
    for earlier, later in itertools.pairwise(runs):
        assert earlier.finished_at <= later.started_at


def test_overlapping_runs_are_allowed_where_the_policy_says_so(sim):
    sim.declare("ping", every("1m"), takes=timedelta(seconds=90), overlap="allow")
    sim.start_node()
    sim.run_until("2026-03-02 00:06")
    runs = sim.runs("ping")
    assert any(one.finished_at and one.finished_at > two.started_at for one, two in itertools.pairwise(runs))
    assert sim.skipped("ping") == 0


def test_a_new_run_may_cancel_the_one_before(sim):
    sim.declare("rebuild", every("10m"), takes=HOUR, overlap="cancel_running")
    sim.start_node()
    sim.run_until("2026-03-02 00:35")
    assert [str(run.state) for run in sim.runs("rebuild")] == ["cancelled", "cancelled", "running"]


def test_a_failed_attempt_is_retried_and_counts_as_active(sim):
    sim.declare(
        "digest",
        every("10m"),
        fails=lambda run: run.attempt < 3,
        task={"retries": 3, "backoff": "6m"},
    )
    sim.start_node()
    sim.run_until("2026-03-02 00:25")
    first, second, *_ = sim.runs("digest")
    assert (first.state, first.attempt) == (RunState.SUCCEEDED, 3)
    assert (second.state, second.blocked_by) == (RunState.SKIPPED, first.id)
    assert [one.number for one in sim.rota.store.attempts(first.id)] == [1, 2, 3]


def test_a_run_that_keeps_failing_has_failed_in_the_end(sim):
    sim.declare(
        "doomed", once("2026-03-02T01:00:00Z"), fails=lambda run: True, task={"retries": 2, "backoff": "1m"}
    )
    sim.start_node()
    sim.run_until("2026-03-02 02:00")
    [run] = sim.runs("doomed")
    assert (run.state, run.attempt) == (RunState.FAILED, 3)
    assert run.failure.kind == "SimulatedError"
    schedule_id = run.schedule_id
    assert [error.run_id for error in sim.rota.store.past_errors(schedule_id)][:1] == [run.id]


def test_a_run_whose_node_died_is_taken_over_and_settled_once(sim):
    sim.declare("invoices.send", daily("03:00"), takes=10 * MINUTE)
    first = sim.start_node()
    sim.run_until("2026-03-02 02:05")
    first.die()
    second = sim.start_node()
    sim.run_until("2026-03-02 03:00")
    [run] = sim.runs("invoices.send")
    assert (run.node, run.state, run.attempt) == (second.id, RunState.SUCCEEDED, 2)
    assert [str(one.outcome) for one in sim.rota.store.attempts(run.id)] == ["lost", "succeeded"]


def test_a_node_that_was_frozen_too_long_settles_nothing(sim, caplog):
    sim.declare("invoices.send", daily("03:00"), takes=10 * MINUTE)
    first = sim.start_node()
    sim.run_until("2026-03-02 02:05")
    first.freeze()
    second = sim.start_node()
    sim.run_until("2026-03-02 02:30")
    first.thaw()
    sim.run_until("2026-03-02 03:00")
    assert sim.history("invoices.send") == [(second.id, "succeeded")]
    assert "leases lost; their attempts are stopped" in caplog.text


def test_at_most_once_means_a_crash_is_a_failure(sim):
    sim.declare("charge", daily("03:00"), takes=10 * MINUTE, task={"on_crash": "fail", "retries": 5})
    first = sim.start_node()
    sim.run_until("2026-03-02 02:05")
    first.die()
    sim.start_node()
    sim.run_until("2026-03-02 03:00")
    [run] = sim.runs("charge")
    assert (run.state, run.attempt) == (RunState.FAILED, 1)


def test_a_body_that_kills_every_worker_is_given_up(sim):
    sim.declare("poison", once("2026-03-02T01:00:00Z"), takes=HOUR)
    for hour in range(1, 8):
        node = sim.start_node()
        sim.run_until(f"2026-03-02 0{hour}:10")
        node.die()
    sim.start_node()
    sim.run_until("2026-03-02 09:00")
    [run] = sim.runs("poison")
    assert (run.state, run.attempt) == (RunState.FAILED, 3)


def test_a_one_time_schedule_runs_once_for_ever(sim):
    sim.declare("migrate", once("2026-03-02T01:00:00Z"))
    sim.start_node()
    sim.run_until("2026-03-02 02:00")
    sync(sim.rota)
    sim.start_node()
    sim.run_until("2026-03-03 00:00")
    assert sim.ran("migrate") == ["2026-03-02 01:00"]


def test_no_more_than_max_runs_are_made(sim):
    sim.declare("trial", every("1h"), max_runs=3)
    sim.start_node()
    sim.run_until("2026-03-03 00:00")
    assert len(sim.ran("trial")) == 3


def test_a_concurrency_key_limits_runs_of_all_schedules(sim):
    for name in "abc":
        sim.declare(name, every("1h"), takes=20 * MINUTE, task={"concurrency": Concurrency("mail", 1)})
    sim.start_node()
    sim.start_node()
    sim.run_until("2026-03-02 02:00")
    spans = sorted(
        (run.started_at, run.finished_at)
        for name in "abc"
        for run in sim.runs(name)
        if run.started_at and run.finished_at
    )
    assert len(spans) >= 3
    for (_, ended), (started, _) in itertools.pairwise(spans):
        assert ended <= started


def test_a_run_that_can_not_start_in_time_expires(sim):
    sim.declare("quote", daily("03:00"), start_deadline="10m")
    sim.start_node(["scheduler"])
    sim.run_until("2026-03-02 03:00")
    sim.start_node(["worker"])
    sim.run_until("2026-03-02 04:00")
    [run] = sim.runs("quote")
    assert run.state is RunState.EXPIRED


def test_jitter_delays_within_its_width_and_never_before_the_instant(sim):
    sim.declare("poll", every("1h"), jitter="10m")
    sim.start_node()
    sim.run_until("2026-03-02 12:00")
    waits = [run.started_at - run.planned_at for run in sim.runs("poll") if run.started_at]
    assert all(timedelta(0) <= wait <= 10 * MINUTE + MINUTE for wait in waits)
    assert len(set(waits)) > 5


def test_what_was_purged_does_not_come_back(sim):
    sim.declare("beat", every("1h"))
    sim.start_node()
    sim.run_until("2026-03-03 00:00")
    while sim.rota.store.purge("sim", sim.clock.now() + MINUTE, 0, 100):
        pass
    assert sim.ran("beat") == []
    sim.stop_all_nodes()
    sync(sim.rota)
    sim.start_node()
    sim.run_until("2026-03-03 02:30")
    assert sim.ran("beat") == ["2026-03-03 01:00", "2026-03-03 02:00"]


def test_changes_of_clocks_neither_lose_nor_double_a_nightly_run():
    sim = Sim("2026-03-27 00:00", timezone="Europe/Paris")
    sim.declare("nightly", daily("02:30"))
    sim.start_node()
    sim.run_until("2026-03-31 00:00")
    assert sim.ran("nightly") == [
        "2026-03-27 01:30",
        "2026-03-28 01:30",
        "2026-03-29 01:00",
        "2026-03-30 00:30",
    ]
    sim.rota.close()


def test_the_purge_of_history_is_a_schedule_like_any_other():
    sim = Sim("2026-03-02 00:00", housekeeping=True)
    sim.start_node()
    sim.run_until("2026-03-02 06:00")
    assert len(sim.ran("rota.purge-history")) == 6
    sim.rota.close()
