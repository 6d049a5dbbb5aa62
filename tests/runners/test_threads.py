"""The thread executor, and what is common to all of them."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from functools import reduce

import pytest

from rota.core.outcomes import decide
from rota.core.policies import Retry as RetryPolicy
from rota.core.policies import RunPolicy, TimeLimit
from rota.core.records import Outcome, RunState
from rota.errors import GiveUp, NoRun, Retry, RunCancelled, TimeLimitExceeded
from rota.runners.local import runner
from rota.runners.local.context import RunContext, current_run
from tests.runners.harness import START, claimed, until, wait_for


class Body:
    """A body that says when it has begun, and then waits."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.saw: list[str] = []

    def __call__(self) -> str:
        self.begun.set()
        try:
            while not self.may_end.wait(0.005):
                pass
        except BaseException as error:
            self.saw.append(type(error).__name__)
            raise
        return "ended"


@pytest.fixture
def body():
    made = Body()
    yield made
    made.may_end.set()


def test_a_result_is_json_text_and_none_is_none(harness):
    assert harness.run(lambda: {"rows": 3, "at": START}).result == '{"rows":3,"at":"2026-01-01T00:00:00Z"}'
    ended = harness.run(lambda: None)
    assert (ended.outcome, ended.result) == (Outcome.SUCCEEDED, None)
    assert ended.started_at <= ended.finished_at


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param(object(), "unsupported", id="not JSON"),
        pytest.param({"a": [float("nan")]}, "NaN", id="NaN"),
        pytest.param(float("inf"), "infinity", id="infinity"),
        pytest.param("\ud800", "surrogates", id="lone surrogate"),
        pytest.param("x" * 300_000, "262144", id="too large"),
        pytest.param(reduce(lambda inner, _: [inner], range(40), 1), "deeper than 32", id="too deep"),
    ],
)
def test_a_result_that_can_not_be_stored_fails_the_run_for_good(harness, value, says):
    ended = harness.run(lambda: value, retries=3)
    assert ended.outcome is Outcome.FAILED
    assert ended.failure.kind == "rota.errors.ResultRefused"
    assert says in ended.failure.message
    assert decide(ended, 0.5).state is RunState.FAILED


def test_null_inside_a_result_is_no_nan(harness):
    assert harness.run(lambda: {"a": None, "b": [1.5]}).result == '{"a":null,"b":[1.5]}'


def test_arguments_are_prepared_and_the_context_is_handed_in(harness):
    seen = []

    def body(size, context):
        seen.append((size, context, current_run()))

    harness.task("t", body, wants_context="context", prepare=lambda args: {"size": int(args["size"])})
    run = claimed(
        "t",
        args={"size": "7"},
        planned_at=START,
        last_success=START - timedelta(days=2),
        schedule="nightly",
        attempt=2,
        is_catch_up=True,
    )
    harness.submit(run)
    harness.end_of(run)
    [(size, context, current)] = seen
    assert size == 7
    assert isinstance(context, RunContext)
    assert context is current
    assert (context.run_id, context.task, context.schedule) == (run.id, "t", "nightly")
    assert (context.window_start, context.window_end) == (START - timedelta(days=2), START)
    assert (context.attempt, context.is_catch_up, context.planned_at) == (2, True, START)
    assert context.args == {"size": "7"}


def test_arguments_that_can_not_be_prepared_fail_the_attempt(harness):
    harness.task("t", lambda: None, prepare=lambda args: {"n": int(args["n"])})
    run = claimed("t", args={"n": "many"})
    harness.submit(run)
    assert harness.end_of(run).failure.kind == "ValueError"


def test_there_is_no_current_run_outside_of_one():
    with pytest.raises(NoRun, match="no run is being executed here"):
        current_run()


def test_a_context_variable_that_a_body_sets_is_not_seen_by_the_next(make):
    harness = make(slots=1)
    variable = contextvars.ContextVar("variable", default=0)

    def body():
        before = variable.get()
        variable.set(before + 1)
        return before

    assert [harness.run(body).result for _ in range(3)] == ["0", "0", "0"]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), BaseException("odd"), GeneratorExit()])
def test_whatever_a_body_raises_fails_it_and_leaves_the_slot_alive(make, error):
    harness = make(slots=1)

    def body():
        raise error

    ended = harness.run(body)
    assert (ended.outcome, ended.failure.kind) == (Outcome.FAILED, type(error).__name__)
    assert harness.run(lambda: 1).result == "1"


@pytest.mark.parametrize(
    ("after", "wait"),
    [("5m", timedelta(minutes=5)), (timedelta(seconds=7), timedelta(seconds=7))],
)
def test_a_body_asks_for_another_attempt(harness, after, wait):
    def body():
        raise Retry(after=after, reason="busy")

    ended = harness.run(body, retries=1)
    settled = decide(ended, 0.5)
    assert settled.state is RunState.PENDING
    assert settled.run_at == ended.finished_at + wait
    assert "busy" in ended.failure.message


def test_a_retry_without_a_wait_takes_the_backoff_whatever_retry_on_says(harness):
    def body():
        raise Retry

    policy = RunPolicy(retry=RetryPolicy(attempts=2, retry_on=("OSError",)))
    ended = harness.run(body, policy=policy)
    assert timedelta(0) < ended.retry_after <= policy.retry.backoff.first


def test_a_retry_after_nonsense_fails_as_that(harness):
    def body():
        raise Retry(after="soonish")

    ended = harness.run(body)
    assert (ended.failure.kind, ended.retry_after) == ("rota.errors.InvalidPolicy", None)


def test_giving_up_is_final(harness):
    def body():
        raise GiveUp("the account is gone")

    ended = harness.run(body, retries=5)
    assert decide(ended, 0.5).state is RunState.FAILED
    assert ended.failure.message == "the account is gone"


def test_the_soft_limit_is_raised_in_the_body(harness, body):
    ended = harness.run(body, soft=0.05)
    assert body.saw == ["TimeLimitExceeded"]
    assert ended.outcome is Outcome.TIMED_OUT
    assert ended.failure.kind == "rota.errors.TimeLimitExceeded"
    assert "0:00:00.05" in ended.failure.message


def test_the_soft_limit_is_no_exception_that_a_loop_over_items_swallows(harness):
    def body():
        while True:
            try:
                sum(range(100))
            except Exception:
                continue

    assert harness.run(body, soft=0.05).outcome is Outcome.TIMED_OUT


def test_a_body_that_catches_the_soft_limit_and_returns_has_succeeded(harness):
    def body():
        try:
            while True:
                pass
        except TimeLimitExceeded:
            return "partial"

    ended = harness.run(body, soft=0.05)
    assert (ended.outcome, ended.result) == (Outcome.SUCCEEDED, '"partial"')


def test_what_a_body_raises_after_its_limit_is_kept_but_it_timed_out(harness):
    def body():
        try:
            while True:
                pass
        finally:
            raise OSError("could not tidy up")

    ended = harness.run(body, soft=0.05)
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "OSError")
    assert "TimeLimitExceeded" in ended.failure.traceback


def test_the_hard_limit_settles_the_attempt_and_gives_the_slot_to_another_thread(make, caplog):
    harness = make(slots=1)
    may_end, ended_late = threading.Event(), threading.Event()

    def body():
        while not may_end.is_set():
            with suppress(BaseException):
                may_end.wait(30)
        ended_late.set()
        return "too late"

    run = harness.start(body, hard=0.05)
    ended = harness.end_of(run)
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.HardLimitExceeded")
    assert harness.run(lambda: "next").result == '"next"'
    assert [record.task for record in caplog.records if "abandoned" in record.message] == [run.task]
    may_end.set()
    wait_for(ended_late)
    assert harness.run(lambda: "after").result == '"after"'
    assert harness.runner.held() == []


def test_limits_of_bodies_that_end_in_time_leave_nothing_behind(make):
    harness = make(slots=2)
    task = harness.task("quick", lambda: None)
    for _ in range(10):
        runs = [claimed(task, soft=1000, hard=2000) for _ in range(400)]
        harness.submit(*runs)
        harness.wait(runs)
    assert len(harness.runner._deadlines._heap) < 3000


def test_cancelling_what_has_not_begun_ends_it_at_once(make, body):
    harness = make(slots=1)
    first = harness.start(body)
    wait_for(body.begun)
    second = harness.start(lambda: pytest.fail("it must not begin"))
    harness.runner.cancel([second.id, "unknown"])
    assert harness.end_of(second).outcome is Outcome.CANCELLED
    body.may_end.set()
    assert harness.end_of(first).result == '"ended"'


def test_cancelling_raises_in_the_body(harness, body):
    run = harness.start(body)
    wait_for(body.begun)
    harness.runner.cancel([run.id])
    ended = harness.end_of(run)
    assert body.saw == ["RunCancelled"]
    assert (ended.outcome, ended.failure) == (Outcome.CANCELLED, None)


def test_a_cancelled_body_that_fails_in_its_own_way_is_cancelled_and_not_retried(harness):
    begun = threading.Event()

    def body():
        try:
            begun.set()
            while True:
                pass
        except RunCancelled:
            raise OSError("could not tidy up") from None

    run = harness.start(body, retries=3)
    wait_for(begun)
    harness.runner.cancel([run.id])
    ended = harness.end_of(run)
    assert (ended.outcome, ended.failure.kind) == (Outcome.CANCELLED, "OSError")
    assert decide(ended, 0.5).state is RunState.CANCELLED


def test_within_its_grace_a_body_can_look_for_itself(make):
    harness = make(cancel_grace=timedelta(seconds=60))
    begun = threading.Event()

    def body(context):
        begun.set()
        while not context.cancelled:
            pass
        return "stopped by itself"

    run = harness.start(body, wants_context="context")
    wait_for(begun)
    harness.runner.cancel([run.id])
    ended = harness.end_of(run)
    assert (ended.outcome, ended.result, ended.failure) == (Outcome.CANCELLED, None, None)


def test_a_body_that_never_looked_and_returned_within_the_grace_has_succeeded(make, body):
    harness = make(cancel_grace=timedelta(seconds=60))
    run = harness.start(body)
    wait_for(body.begun)
    harness.runner.cancel([run.id])
    body.may_end.set()
    assert harness.end_of(run).outcome is Outcome.SUCCEEDED


def test_a_run_that_was_cancelled_before_it_came_does_not_begin(make, body):
    harness = make(slots=1)
    first = harness.start(body)
    wait_for(body.begun)
    second = harness.start(lambda: pytest.fail("it must not begin"), cancel_requested=True)
    assert harness.end_of(second).outcome is Outcome.CANCELLED
    body.may_end.set()
    harness.end_of(first)


def test_what_is_dropped_is_stopped_and_never_heard_of_again(make, body):
    harness = make(slots=1)
    running = harness.start(body)
    wait_for(body.begun)
    waiting = harness.start(lambda: pytest.fail("it must not begin"))
    harness.runner.drop([running.id, waiting.id])
    assert harness.runner.held() == []
    harness.run(lambda: None)
    assert body.saw == ["RunCancelled"]
    harness.collect()
    assert {running.id, waiting.id}.isdisjoint(harness.ended)


def test_a_run_that_comes_again_under_a_new_token_replaces_the_old_one(make, body):
    harness = make(slots=2)
    old = harness.start(body)
    wait_for(body.begun)
    new = claimed(harness.task("again", lambda: "new"), id=old.id, token=2)
    harness.submit(new)
    assert [lease.token for lease in harness.runner.held()] in ([2], [])
    ended = harness.end_of(new)
    assert (ended.run.token, ended.result) == (2, '"new"')
    until(lambda: body.saw == ["RunCancelled"])


def test_a_run_of_an_unknown_task_is_given_back(harness, caplog):
    run = claimed("never declared")
    harness.submit(run)
    assert harness.end_of(run).outcome is Outcome.RELEASED
    assert "given back" in caplog.text


def test_held_tells_every_lease_until_its_end_is_taken(make, body):
    harness = make(slots=1)
    run = harness.start(body)
    wait_for(body.begun)
    other = harness.start(lambda: None)
    assert {lease.run_id for lease in harness.runner.held()} == {run.id, other.id}
    body.may_end.set()
    harness.wait([run, other])
    assert harness.runner.held() == []


def test_the_runtime_is_told_once_until_it_comes(make):
    harness = make(slots=2)
    task = harness.task("quick", lambda: None)
    gate = threading.Event()
    blocker = harness.start(gate.wait)
    calls = harness.calls
    harness.submit(*[claimed(task) for _ in range(500)])
    until(lambda: len(harness.runner._outbox.done) == 500)
    assert harness.calls == calls + 1
    gate.set()
    harness.end_of(blocker)


def test_a_runtime_that_raises_when_told_harms_nobody(make):
    harness = make(slots=1)

    def raises():
        raise ValueError

    harness.runner._outbox.tell(raises)
    run = claimed(harness.task("t", lambda: None))
    harness.submit(run)
    until(lambda: len(harness.runner._outbox.done) == 1)
    harness.runner._outbox.tell(harness._on_change)
    assert harness.run(lambda: 1).result == "1"


def test_there_is_no_room_while_too_much_has_ended_that_nobody_takes(make, monkeypatch):
    monkeypatch.setattr(runner, "MOST_ENDED", 20)
    harness = make(slots=3)
    name = harness.task("short", lambda: None)
    runs = [claimed(name) for _ in range(20)]
    harness.submit(*runs)
    until(lambda: harness.runner.room() == 0)
    harness.wait(runs)
    assert harness.runner.room() >= 3


def test_there_is_room_for_the_slots_and_for_more_when_bodies_are_short(make):
    harness = make(slots=3, prefetch=100)
    assert harness.runner.room() == 3
    task = harness.task("quick", lambda: None)
    runs = [claimed(task) for _ in range(300)]
    harness.submit(*runs)
    harness.wait(runs)
    assert harness.runner.room() > 50
    harness.runner._outbox.pace = 0.2
    assert harness.runner.room() == 3


def test_a_long_body_starves_none_that_came_with_it(make):
    harness = make(slots=2)
    quick = harness.task("quick", lambda: None)
    warm = [claimed(quick) for _ in range(300)]
    harness.submit(*warm)
    harness.wait(warm)
    may_end = threading.Event()
    blocked = claimed(harness.task("slow", may_end.wait))
    runs = [claimed(quick) for _ in range(50)]
    harness.submit(blocked, *runs)
    harness.wait(runs)
    assert blocked.id not in harness.ended
    may_end.set()
    harness.end_of(blocked)


def test_a_body_that_suddenly_takes_long_starves_none_either(make):
    """It was measured as short, so nobody was woken before it began."""
    harness = make(slots=2)
    may_end = threading.Event()
    may_end.set()
    task = harness.task("moody", may_end.wait)
    warm = [claimed(task) for _ in range(300)]
    harness.submit(*warm)
    harness.wait(warm)
    may_end.clear()
    slow = claimed(task)
    harness.submit(slow)
    harness.run(lambda: None)
    quick = [claimed(harness.task("quick", lambda: None)) for _ in range(20)]
    harness.submit(*quick)
    harness.wait(quick)
    assert slow.id not in harness.ended
    may_end.set()
    harness.end_of(slow)


def test_all_slots_are_used_when_bodies_block(make):
    harness = make(slots=8)
    barrier = threading.Barrier(8)
    runs = [claimed(harness.task("meet", lambda: barrier.wait(20) and None)) for _ in range(8)]
    harness.submit(*runs)
    harness.wait(runs)
    assert {harness.ended[run.id].outcome for run in runs} == {Outcome.SUCCEEDED}


def test_stop_gives_back_what_has_not_begun_and_waits_for_the_rest(make, body):
    harness = make(slots=1)
    running = harness.start(body)
    wait_for(body.begun)
    waiting = [harness.start(lambda: None) for _ in range(3)]
    stopping = threading.Thread(target=harness.runner.stop, args=(timedelta(seconds=30),))
    stopping.start()
    harness.wait(waiting)
    assert {harness.ended[run.id].outcome for run in waiting} == {Outcome.RELEASED}
    assert harness.runner.room() == 0
    late = harness.start(lambda: None)
    assert harness.end_of(late).outcome is Outcome.RELEASED
    body.may_end.set()
    assert harness.end_of(running).outcome is Outcome.SUCCEEDED
    stopping.join(30)
    assert not stopping.is_alive()


def test_stop_interrupts_what_takes_too_long_and_it_is_lost(make, body):
    harness = make(slots=1)
    run = harness.start(body)
    wait_for(body.begun)
    harness.stop(patience=0.02)
    assert harness.ended[run.id].outcome is Outcome.LOST
    assert body.saw == ["RunCancelled"]


def test_stop_loses_what_can_not_be_interrupted(make):
    harness = make(slots=1, kill_grace=timedelta(seconds=0.05))
    lock = threading.Lock()
    lock.acquire()
    begun = threading.Event()

    def body():
        begun.set()
        lock.acquire()  # in C: nothing comes up before it returns

    run = harness.start(body)
    wait_for(begun)
    harness.stop(patience=0.02)
    assert harness.ended[run.id].outcome is Outcome.LOST
    lock.release()


def test_stop_ends_every_thread_and_leaves_logging_as_it_was(make):
    before = set(threading.enumerate())
    root = logging.getLogger()
    state = (root.level, list(root.handlers))
    harness = make(slots=4)
    assert root.handlers != state[1]
    barrier = threading.Barrier(4)
    runs = [claimed(harness.task("meet", lambda: barrier.wait(20) and None), soft=60) for _ in range(4)]
    harness.submit(*runs)
    harness.wait(runs)
    harness.stop()
    assert (root.level, root.handlers) == state
    until(lambda: set(threading.enumerate()) <= before)


def test_importing_the_package_starts_nothing_and_is_light():
    import subprocess

    heavy = ("asyncio", "ctypes", "subprocess")
    code = f"import sys, rota.runners.local.context; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_time_limit_none_means_none(harness):
    assert harness.run(lambda: 1, policy=RunPolicy(time_limit=TimeLimit())).result == "1"
