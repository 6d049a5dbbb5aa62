"""Runs that are executed by a system of others, and followed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from rota.core.policies import RunPolicy, TimeLimit
from rota.core.records import Claimed, Lease, Outcome
from rota.runners.following import LAST_LOOK, Ended, FollowingRunner, Handed, deadline, pause
from rota.testing.clock import VirtualClock

SECOND = timedelta(seconds=1)
START = "2026-03-02 12:00"


class System:
    """A system of others in memory, which ends what the test says has ended."""

    def __init__(self):
        self.handed, self.ends, self.looks = [], {}, 0
        self.problem = None
        self.closed = threading.Event()

    def hand_over(self, run, now):
        if self.problem:
            raise self.problem
        self.handed.append(run.id)
        return None if run.id == "lost" else Handed(f"message of {run.id}", now)

    def ended(self, run, handed, now):
        self.looks += 1
        outcome = self.ends.get(handed.message)
        return outcome and Ended(outcome=outcome, finished_at=now)

    def is_away(self, error):
        return isinstance(error, ConnectionError)

    def tidy(self, now): ...

    def close(self):
        self.closed.set()


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def system():
    return System()


@pytest.fixture
def runner(system, clock):
    return FollowingRunner(system, clock)


def run(clock, run_id="r1", token=1, policy=None):
    now = clock.now()
    return Claimed(
        id=run_id,
        token=token,
        attempt=1,
        task="add",
        args={},
        policy=policy or RunPolicy(),
        queue="default",
        created_at=now,
        run_at=now,
        started_at=now,
    )


def step_after(runner, clock, wait):
    clock.advance(wait)
    return runner.step(clock.now())


def outcomes(runner):
    return [(one.run.id, one.outcome) for one in runner.finished()]


def test_a_run_is_handed_over_once_and_ends_when_its_message_has(runner, system, clock):
    runner.submit([run(clock)])
    for _ in range(3):
        step_after(runner, clock, SECOND)
    assert (system.handed, outcomes(runner)) == (["r1"], [])
    assert runner.held() == [Lease("r1", 1)]
    system.ends["message of r1"] = Outcome.SUCCEEDED
    step_after(runner, clock, SECOND)
    assert runner.held() == [Lease("r1", 1)]  # until it is taken
    assert outcomes(runner) == [("r1", Outcome.SUCCEEDED)]
    assert runner.held() == []


def test_the_longer_it_takes_the_less_often_it_is_looked_at(runner, system, clock):
    runner.submit([run(clock)])
    end = clock.now() + timedelta(hours=1)
    while (wake_at := runner.step(clock.now())) < end:
        clock.move_to(wake_at)
    assert system.looks < 300


@pytest.mark.parametrize(
    ("seconds", "waits"), [(0, 0.2), (1, 0.2), (10, 1), (100, 10), (1000, LAST_LOOK.total_seconds())]
)
def test_a_pause_is_a_tenth_of_the_age(seconds, waits):
    assert pause(seconds * SECOND) == timedelta(seconds=waits)


def test_a_run_whose_lease_is_lost_is_forgotten(runner, clock):
    runner.submit([run(clock, "lost")])
    runner.step(clock.now())
    assert (runner.held(), outcomes(runner)) == ([], [])


def test_a_system_that_is_away_is_asked_again(runner, system, clock):
    system.problem = ConnectionError("refused")
    runner.submit([run(clock)])
    runner.step(clock.now())
    assert outcomes(runner) == []
    system.problem = None
    system.ends["message of r1"] = Outcome.SUCCEEDED
    step_after(runner, clock, SECOND)
    assert outcomes(runner) == [("r1", Outcome.SUCCEEDED)]


def test_a_system_that_refuses_makes_the_attempt_fail(runner, system, clock):
    system.problem = ValueError("no such queue")
    runner.submit([run(clock)])
    runner.step(clock.now())
    (finished,) = runner.finished()
    assert (finished.outcome, finished.failure.message) == (Outcome.FAILED, "no such queue")


def test_a_message_that_does_not_end_is_lost_at_its_deadline(runner, clock):
    runner.submit([run(clock, policy=RunPolicy(time_limit=TimeLimit(soft=timedelta(minutes=5))))])
    runner.step(clock.now())
    step_after(runner, clock, timedelta(minutes=4))
    assert outcomes(runner) == []
    step_after(runner, clock, timedelta(minutes=1))
    (finished,) = runner.finished()
    assert (finished.outcome, finished.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.MessageLost")


def test_the_deadline_is_the_time_limit_or_a_day():
    assert deadline(RunPolicy()) == timedelta(days=1)
    limits = TimeLimit(soft=timedelta(minutes=5), hard=timedelta(minutes=6))
    assert deadline(RunPolicy(time_limit=limits)) == timedelta(minutes=6)


def test_cancelled_dropped_and_given_back(runner, clock):
    runner.submit([run(clock, name) for name in ("a", "b", "c")])
    runner.step(clock.now())
    runner.cancel(["a", "unknown"])
    runner.drop(["b", "unknown"])
    runner.stop(SECOND)
    assert outcomes(runner) == [("a", Outcome.CANCELLED), ("c", Outcome.RELEASED)]
    assert runner.room() == 0


def test_a_run_that_is_claimed_again_is_held_under_its_new_token(runner, system, clock):
    runner.submit([run(clock)])
    runner.step(clock.now())
    runner.submit([run(clock, token=2)])
    assert runner.held() == [Lease("r1", 2)]


def test_it_works_in_a_thread_of_its_own(runner, system, clock):
    changed = threading.Event()
    system.ends["message of r1"] = Outcome.SUCCEEDED
    runner.start(changed.set)
    runner.submit([run(clock)])
    assert changed.wait(10)
    assert outcomes(runner) == [("r1", Outcome.SUCCEEDED)]
    runner.stop(10 * SECOND)
    assert system.closed.is_set()
