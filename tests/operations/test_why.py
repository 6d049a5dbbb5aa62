"""Why did it run, run late, or not run: the answer from stored facts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota import daily, every
from rota.core.records import RunQuery
from rota.errors import InvalidValue, UnknownSchedule
from rota.operations.changing import override, pause
from rota.operations.requesting import backfill, cancel
from rota.operations.why import why
from rota.testing.clock import instant

MINUTE = timedelta(minutes=1)


def asked(sim, name, at):
    answer = why(sim.rota, name, instant(at))
    return answer.verdict, answer.sentence


def test_it_ran_on_time(shop):
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    verdict, sentence = asked(shop, "nightly", "2026-03-02 02:00")
    assert verdict == "ran"
    assert sentence == "It ran: on time, started at 2026-03-02T02:00:00Z."


def test_nothing_was_due(shop):
    verdict, sentence = asked(shop, "nightly", "2026-03-05 02:01")
    assert verdict == "no_occurrence"
    assert "the occurrence before is 2026-03-05T02:00:00Z, the next is 2026-03-06T02:00:00Z" in sentence


def test_it_is_planned(shop):
    assert asked(shop, "nightly", "2026-03-05 02:00") == (
        "planned",
        "It lies in the future, and is planned: due in 3 days and 2 hours.",
    )


def test_the_schedule_did_not_exist_yet(shop):
    assert asked(shop, "nightly", "2026-03-01 02:00")[0] == "before"


def test_it_was_missed_while_no_scheduler_ran(shop):
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    shop.stop_all_nodes()
    shop.run_until("2026-03-05 12:00")
    shop.start_node()
    shop.run_until("2026-03-05 12:30")
    verdict, sentence = asked(shop, "nightly", "2026-03-03 02:00")
    assert verdict == "missed"
    assert "no scheduler was running" in sentence
    assert "stands for 2 occurrences, 2026-03-03T02:00:00Z to 2026-03-04T02:00:00Z" in sentence
    verdict, sentence = asked(shop, "nightly", "2026-03-05 02:00")
    assert verdict == "ran"
    assert "10 hours late" in sentence
    assert "it was caught up at 2026-03-05T12:00:00Z" in sentence


def test_it_was_skipped_for_overlap(sim):
    sim.declare("slow", every("1h"), takes=timedelta(minutes=90))
    sim.start_node()
    sim.run_until("2026-03-02 05:00")
    [blocker] = [run for run in sim.runs("slow") if run.planned_at == instant("2026-03-02 01:00")]
    verdict, sentence = asked(sim, "slow", "2026-03-02 02:00")
    assert verdict == "skipped"
    assert f"run {blocker.id}" in sentence


def test_it_waited_for_the_run_before(sim):
    sim.declare("slow", every("1h"), takes=timedelta(minutes=90), overlap="queue_all")
    sim.start_node()
    sim.run_until("2026-03-02 05:00")
    verdict, sentence = asked(sim, "slow", "2026-03-02 02:00")
    assert verdict == "ran"
    assert "30 minutes late" in sentence
    assert "of the same schedule was active until 2026-03-02T02:30:00Z" in sentence


def test_it_waits_for_a_worker_that_is_missing(shop):
    shop.start_node(roles=("scheduler",))
    shop.run_until("2026-03-02 03:00")
    verdict, sentence = asked(shop, "nightly", "2026-03-02 02:00")
    assert verdict == "pending"
    assert "no live worker serves its queue 'default'" in sentence
    shop.start_node(roles=("worker",))
    shop.run_until("2026-03-02 03:30")
    assert "no worker of queue 'default' was free for 1 hour" in asked(shop, "nightly", "2026-03-02 02:00")[1]


def test_it_is_due_and_no_scheduler_runs(shop):
    shop.run_until("2026-03-02 03:00")
    verdict, sentence = asked(shop, "nightly", "2026-03-02 02:00")
    assert verdict == "due"
    assert "no scheduler is running" in sentence


def test_it_is_paused_and_was_paused(shop, ann):
    pause(shop.rota, "nightly", ann, "disk", until=instant("2026-03-04 12:00"))
    assert asked(shop, "nightly", "2026-03-03 02:00") == (
        "paused",
        "It will not run: paused by ann until 2026-03-04T12:00:00Z (disk).",
    )
    shop.start_node()
    shop.run_until("2026-03-05 12:00")
    verdict, sentence = asked(shop, "nightly", "2026-03-03 02:00")
    assert verdict == "skipped"
    assert "paused by ann: disk" in sentence


def test_jitter_put_it_off(sim):
    sim.declare("spread", daily("02:00"), jitter="10h")
    sim.start_node()
    sim.run_until("2026-03-03 01:00")
    assert "its jitter put it off by" in asked(sim, "spread", "2026-03-02 02:00")[1]


def test_it_failed_with_its_error(sim):
    sim.declare("broken", daily("02:00"), fails=lambda run: True, retries=1, backoff="1m")
    sim.start_node()
    sim.run_until("2026-03-02 12:00")
    verdict, sentence = asked(sim, "broken", "2026-03-02 02:00")
    assert verdict == "failed"
    assert sentence.endswith("Its error after 2 attempts: SimulatedError: the simulation wanted it so")


def test_it_was_cancelled_before_it_started(shop, ann):
    shop.start_node(roles=("scheduler",))
    shop.run_until("2026-03-02 03:00")
    [run] = shop.runs("nightly")
    cancel(shop.rota, [run.id], ann)
    assert asked(shop, "nightly", "2026-03-02 02:00") == (
        "cancelled",
        "It did not run: cancelled by ann before it started.",
    )


def test_it_expired(sim):
    sim.declare("brief", daily("02:00"), start_deadline="10m")
    sim.start_node(roles=("scheduler",))
    sim.run_until("2026-03-02 12:00")
    assert asked(sim, "brief", "2026-03-02 02:00")[0] == "expired"


def test_it_was_filled_in(shop, ann):
    shop.start_node()
    shop.advance(MINUTE)
    backfill(shop.rota, "nightly", instant("2026-02-20"), instant("2026-02-21"), ann)
    shop.advance(timedelta(hours=4))
    assert "it was filled in later, by ann" in asked(shop, "nightly", "2026-02-20 02:00")[1]


def test_the_definition_of_then_was_another(shop, ann):
    shop.start_node()
    shop.run_until("2026-03-03 12:00")
    override(shop.rota, "nightly", "timetable", "daily 05:00", ann)
    verdict, sentence = asked(shop, "nightly", "2026-03-02 05:00")
    assert verdict == "unknown"
    verdict, sentence = asked(shop, "nightly", "2026-03-02 03:00")
    assert verdict == "no_occurrence"
    assert "was replaced at 2026-03-03T12:00:00Z (override, by ann)" in sentence
    assert asked(shop, "nightly", "2026-03-02 02:00")[0] == "ran"


def test_the_record_was_purged(shop):
    shop.start_node()
    shop.run_until("2026-03-08 12:00")
    shop.stop_all_nodes()
    shop.clock.advance(timedelta(days=31))
    assert shop.rota.store.purge("sim", shop.clock.now(), 0, 1000)
    assert shop.rota.store.runs(RunQuery(rota="sim", schedule="nightly")) == []
    verdict, sentence = asked(shop, "nightly", "2026-03-04 02:00")
    assert verdict == "purged"
    assert "30 days" in sentence


def test_it_is_retired(shop):
    del shop.rota.registry.schedules["nightly"]
    shop.rota.sync()
    assert asked(shop, "nightly", "2026-03-05 02:00")[0] == "retired"
    shop.run_until("2026-03-05 03:00")
    assert asked(shop, "nightly", "2026-03-05 02:00")[0] == "retired"


def test_all_its_runs_are_made(sim):
    sim.declare("thrice", daily("02:00"), max_runs=3)
    sim.start_node()
    sim.run_until("2026-03-08 12:00")
    assert asked(sim, "thrice", "2026-03-06 02:00")[0] == "finished"
    assert asked(sim, "thrice", "2026-03-10 02:00")[0] == "finished"


def test_a_question_that_can_not_be_answered(shop):
    with pytest.raises(UnknownSchedule):
        why(shop.rota, "nigtly", instant("2026-03-05 02:00"))
    with pytest.raises(InvalidValue, match="at"):
        why(shop.rota, "nightly", instant("2026-03-05 02:00").replace(tzinfo=None))
