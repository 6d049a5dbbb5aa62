"""Outcomes: what becomes of a run when an attempt of it has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.core.outcomes import decide, lost
from rota.core.policies import Backoff, Crash, Growth, Retry, RunPolicy
from rota.core.records import Claimed, Failure, Finished, Outcome, RunState

BEGUN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ENDED = BEGUN + timedelta(seconds=90)
TEN_SECONDS = Backoff(Growth.FIXED, timedelta(seconds=10), jitter=0.0)
TIMEOUT = Failure(kind="requests.Timeout", message="late", names=("requests.Timeout", "OSError"))


def claimed(attempt: int = 1, attempts: int = 1, **changes) -> Claimed:
    retry = Retry(
        attempts=attempts,
        backoff=changes.pop("backoff", TEN_SECONDS),
        retry_on=changes.pop("retry_on", ()),
        give_up_on=changes.pop("give_up_on", ()),
    )
    policy = RunPolicy(retry=retry, on_crash=changes.pop("on_crash", Crash.RETRY))
    run = Claimed(
        id="019cac46-1500-8c64-bfcd-da56806ee187",
        token=attempt + 3,
        attempt=attempt,
        task="tidy",
        args={},
        policy=policy,
        queue="default",
        created_at=BEGUN,
        run_at=BEGUN - timedelta(minutes=5),
        started_at=BEGUN,
        schedule_id="s-1",
        planned_at=BEGUN,
    )
    return replace(run, **changes)


def ended(outcome: str, run: Claimed, **changes) -> Finished:
    return Finished(run=run, outcome=Outcome(outcome), started_at=BEGUN, finished_at=ENDED, **changes)


@pytest.mark.parametrize(
    ("outcome", "run", "state"),
    [
        pytest.param("succeeded", claimed(), "succeeded", id="the body ended"),
        pytest.param("succeeded", claimed(attempts=3), "succeeded", id="no retry is needed"),
        pytest.param("failed", claimed(), "failed", id="without retries"),
        pytest.param("failed", claimed(attempts=2), "pending", id="a retry is left"),
        pytest.param("failed", claimed(2, attempts=2), "failed", id="no retry is left"),
        pytest.param("failed", claimed(5, attempts=2), "failed", id="the policy was lowered since"),
        pytest.param("timed_out", claimed(attempts=2), "pending", id="too slow, a retry is left"),
        pytest.param("timed_out", claimed(), "failed", id="too slow"),
        pytest.param("cancelled", claimed(attempts=3), "cancelled", id="a cancelled run is not retried"),
        pytest.param("lost", claimed(), "pending", id="a crash: taken over, even without retries"),
        pytest.param("lost", claimed(2), "pending", id="a second crash: taken over"),
        pytest.param("lost", claimed(3), "failed", id="a third crash: it may be the task that kills"),
        pytest.param("lost", claimed(4, attempts=5), "pending", id="a crash within many attempts"),
        pytest.param("lost", claimed(5, attempts=5), "failed", id="a crash counts as an attempt"),
        pytest.param("lost", claimed(attempts=5, on_crash=Crash.FAIL), "failed", id="at most once"),
        pytest.param("released", claimed(), "pending", id="given back before the body began"),
        pytest.param("released", claimed(3, attempts=3), "pending", id="given back is no attempt"),
    ],
)
def test_what_becomes_of_a_run(outcome, run, state):
    settled = decide(ended(outcome, run), chance=0.5)
    assert settled.state is RunState(state)
    assert settled.outcome is Outcome(outcome)
    assert settled.counted is (outcome != "released")
    assert (settled.run_at is None) is (state != "pending")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("succeeded", "succeeded"),
        ("failed", "cancelled"),
        ("timed_out", "cancelled"),
        ("lost", "cancelled"),
        ("released", "cancelled"),
        ("cancelled", "cancelled"),
    ],
)
def test_a_run_that_was_asked_to_stop_begins_no_further_attempt(outcome, state):
    settled = decide(ended(outcome, claimed(attempts=9, cancel_requested=True)), chance=0.5)
    assert settled.state is RunState(state)


@pytest.mark.parametrize(
    ("names", "run", "state"),
    [
        pytest.param(("OSError",), claimed(attempts=2, retry_on=("OSError",)), "pending", id="to be retried"),
        pytest.param(("KeyError",), claimed(attempts=2, retry_on=("OSError",)), "failed", id="not named"),
        pytest.param(("KeyError",), claimed(attempts=2, give_up_on=("KeyError",)), "failed", id="given up"),
        pytest.param((), claimed(attempts=2), "pending", id="a failure without names"),
    ],
)
def test_the_kind_of_error_decides_about_a_retry(names, run, state):
    failure = Failure(kind="x", message="", names=names)
    assert decide(ended("failed", run, failure=failure), chance=0.0).state is RunState(state)


def test_a_retry_waits_from_the_end_of_the_attempt():
    settled = decide(ended("failed", claimed(attempts=2)), chance=0.0)
    assert settled.run_at == ENDED + timedelta(seconds=10)


def test_the_wait_grows_with_the_attempt_and_is_spread_by_chance():
    backoff = Backoff(first=timedelta(seconds=10), jitter=0.5)
    waits = [
        decide(ended("failed", claimed(attempt, attempts=9, backoff=backoff)), chance).run_at - ENDED
        for attempt, chance in [(1, 0.0), (2, 0.0), (3, 0.0), (3, 0.5)]
    ]
    assert [wait / timedelta(seconds=1) for wait in waits] == [10, 20, 40, 30]


def test_a_task_may_ask_for_its_own_wait_but_not_for_more_attempts():
    asked = {"retry_after": timedelta(hours=2)}
    assert decide(ended("failed", claimed(attempts=2), **asked), 0.0).run_at == ENDED + timedelta(hours=2)
    assert decide(ended("failed", claimed(2, attempts=2), **asked), 0.0).state is RunState.FAILED


def test_a_task_that_asks_for_a_retry_is_retried_whatever_the_kind_of_error():
    run = claimed(attempts=2, give_up_on=("OSError",))
    asked = ended("failed", run, failure=TIMEOUT, retry_after=timedelta(seconds=1))
    assert decide(asked, chance=0.0).state is RunState.PENDING


def test_an_attempt_may_be_final():
    assert decide(ended("failed", claimed(attempts=9), final=True), chance=0.0).state is RunState.FAILED


def test_what_is_given_back_keeps_its_place():
    run = claimed()
    assert decide(ended("released", run), chance=0.0).run_at == run.run_at


def test_a_run_of_a_dead_node_is_taken_over_at_once():
    now = BEGUN + timedelta(minutes=2)
    settled = decide(lost(claimed(), now), chance=0.9)
    assert (settled.state, settled.run_at, settled.finished_at) == (RunState.PENDING, now, now)
    assert settled.reason == "its node died, or was away for longer than the lease"


def test_a_settlement_carries_what_the_attempt_left():
    failure_and_log = {"failure": TIMEOUT, "log": "one line\n", "result": None}
    settled = decide(ended("timed_out", claimed(), **failure_and_log), chance=0.0)
    assert (settled.run_id, settled.token, settled.attempt) == (claimed().id, 4, 1)
    assert (settled.failure, settled.log) == (TIMEOUT, "one line\n")
    assert (settled.schedule_id, settled.planned_at) == ("s-1", BEGUN)
    assert (settled.started_at, settled.finished_at) == (BEGUN, ENDED)
    assert settled.reason == "the time limit was reached"
    assert decide(ended("succeeded", claimed(), result="[1]"), chance=0.0).result == "[1]"


runs = st.builds(
    claimed,
    attempt=st.integers(1, 12),
    attempts=st.integers(1, 10),
    on_crash=st.sampled_from(Crash),
    cancel_requested=st.booleans(),
)
finishes = st.builds(
    Finished,
    run=runs,
    outcome=st.sampled_from(Outcome),
    started_at=st.just(BEGUN),
    finished_at=st.timedeltas(timedelta(minutes=-5), timedelta(days=1)).map(lambda after: BEGUN + after),
    failure=st.none() | st.just(TIMEOUT),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
    final=st.booleans(),
)


@given(finishes, st.floats(0.0, 1.0, exclude_max=True))
def test_whatever_happens_the_rules_of_a_run_hold(finished, chance):
    settled = decide(finished, chance)
    run = finished.run

    assert settled.state is not RunState.RUNNING
    assert settled.started_at <= settled.finished_at
    assert (settled.state is RunState.SUCCEEDED) is (finished.outcome is Outcome.SUCCEEDED)
    if settled.state is RunState.PENDING:
        assert settled.run_at is not None
        assert not run.cancel_requested
        assert run.attempt < max(run.policy.retry.attempts, 3) or not settled.counted
    if finished.outcome is Outcome.LOST and run.policy.on_crash is Crash.FAIL:
        assert settled.state in (RunState.FAILED, RunState.CANCELLED)
