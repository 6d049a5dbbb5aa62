"""The async executor."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress

import pytest

from rota.core.records import Outcome
from rota.runners.local.context import current_run
from tests.runners.harness import claimed, wait_for
from tests.runners.turns import a_turn, a_word


class Body:
    """A coroutine function that says when it has begun, and then waits."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.saw: list[str] = []

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            self.saw.append(type(error).__name__)
            raise


@pytest.fixture
def body():
    return Body()


def test_a_coroutine_returns_its_result(harness):
    async def body():
        await a_turn()
        return current_run().task

    run = harness.start(body, "async")
    assert harness.end_of(run).result == f'"{run.task}"'


def test_many_run_at_once_on_one_thread(make):
    harness = make(slots=2, async_slots=50)
    threads, count, all_here = set(), [0], []

    async def body():
        threads.add(threading.get_ident())
        if not all_here:
            all_here.append(asyncio.Event())
        count[0] += 1
        if count[0] == 50:
            all_here[0].set()
        await all_here[0].wait()

    runs = [claimed(harness.task("meet", body, "async")) for _ in range(50)]
    harness.submit(*runs)
    harness.wait(runs)
    assert len(threads) == 1


def test_no_more_than_the_async_slots_run_at_once(make):
    harness = make(slots=2, async_slots=3)
    active, most = [0], [0]

    async def body():
        active[0] += 1
        most[0] = max(most[0], active[0])
        await a_turn()
        active[0] -= 1

    runs = [claimed(harness.task("t", body, "async")) for _ in range(20)]
    harness.submit(*runs)
    harness.wait(runs)
    assert most == [3]


def test_a_coroutine_takes_a_tenth_of_the_room(make):
    harness = make(slots=2)
    harness.runner._outbox.pace = 1.0
    body = Body()
    runs = [claimed(harness.task("wait", body, "async")) for _ in range(10)]
    harness.submit(*runs)
    assert harness.runner.room() == 1
    harness.runner.cancel([run.id for run in runs])
    harness.wait(runs)
    assert harness.runner.room() == 2


def test_the_soft_limit_cancels_the_task_and_reads_as_a_limit(harness, body):
    ended = harness.run(body, "async", soft=0.05)
    assert body.saw == ["CancelledError"]
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.TimeLimitExceeded")
    assert "in __call__" in ended.failure.traceback


def test_cancel_cancels_the_task(harness, body):
    run = harness.start(body, "async")
    wait_for(body.begun)
    harness.runner.cancel([run.id])
    ended = harness.end_of(run)
    assert body.saw == ["CancelledError"]
    assert (ended.outcome, ended.failure) == (Outcome.CANCELLED, None)


def test_a_coroutine_that_swallows_the_limit_and_returns_has_succeeded(harness):
    async def body():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "partial"

    assert harness.run(body, "async", soft=0.05).result == '"partial"'


def test_a_coroutine_that_cancels_itself_has_failed(harness):
    async def body():
        raise asyncio.CancelledError

    assert harness.run(body, "async").failure.kind == "asyncio.exceptions.CancelledError"


def test_timeouts_and_task_groups_of_the_body_work(harness):
    async def body():
        async with asyncio.TaskGroup() as group:
            one = group.create_task(a_word("a"))
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return one.result()

    assert harness.run(body, "async").result == '"a"'


def test_waiting_coroutines_can_be_withdrawn(make, body):
    harness = make(slots=1, async_slots=1)
    first = harness.start(body, "async")
    wait_for(body.begun)
    second = harness.start(body, "async")
    harness.runner.cancel([second.id])
    assert harness.end_of(second).outcome is Outcome.CANCELLED
    harness.runner.cancel([first.id])
    assert harness.end_of(first).outcome is Outcome.CANCELLED


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), ValueError("wrong")])
def test_whatever_a_coroutine_raises_the_loop_lives_on(harness, error):
    async def body():
        raise error

    async def fine():
        return 1

    assert harness.run(body, "async").failure.kind == type(error).__name__
    assert harness.run(fine, "async").result == "1"


def test_a_task_of_a_body_that_exits_does_not_end_the_loop(harness, caplog):
    async def body():
        async def exits():
            raise SystemExit(1)

        task = asyncio.get_running_loop().create_task(exits())
        await asyncio.wait([task])
        return "here"

    assert harness.run(body, "async").result == '"here"'
    assert "end the event loop" in caplog.text


def test_a_context_variable_stays_in_its_run(harness):
    async def body():
        await a_turn()
        return current_run().run_id

    runs = [harness.start(body, "async") for _ in range(20)]
    harness.wait(runs)
    assert [harness.ended[run.id].result for run in runs] == [f'"{run.id}"' for run in runs]


def test_a_body_that_swallows_everything_is_abandoned_at_the_hard_limit(harness):
    let_go = []

    async def body():
        while not let_go:
            with suppress(asyncio.CancelledError):
                await a_turn()

    ended = harness.run(body, "async", hard=0.05)
    assert (ended.outcome, ended.failure.kind) == (Outcome.TIMED_OUT, "rota.errors.HardLimitExceeded")
    let_go.append(True)


def test_a_body_that_blocks_the_loop_is_left_with_it_at_the_hard_limit(harness, caplog):
    may_end = threading.Event()

    async def blocks():
        may_end.wait(30)

    async def fine():
        return 1

    began = time.monotonic()
    run = harness.start(blocks, "async", hard=0.05)
    other = harness.start(fine, "async")
    assert harness.end_of(run).outcome is Outcome.TIMED_OUT
    assert harness.end_of(other).result == "1"
    assert time.monotonic() - began < 20
    assert "blocked" in caplog.text
    may_end.set()
