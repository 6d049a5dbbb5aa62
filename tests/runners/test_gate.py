"""An interruption comes up in the body it is for, or nowhere."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter

import pytest

from rota.core.records import Outcome
from rota.errors import RunCancelled, RunInterrupted, TimeLimitExceeded
from rota.runners.local import threads
from rota.runners.local.gate import Gate, _raise_in
from tests.runners.harness import PATIENCE, claimed, until, wait_for


@pytest.fixture(autouse=True)
def _switch_often():
    """Let threads take turns as often as they can, so that each line is a place to be interrupted at."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_nothing_is_sent_before_the_body_begins_and_after_it_ends():
    gate = Gate()
    assert not _from_another_thread(gate)
    gate.open()
    gate.close()
    assert not _from_another_thread(gate)


def test_what_has_not_come_up_when_the_gate_closes_never_does():
    """The exception is sent while the thread waits for the lock in C, so it is pending when it returns."""
    for _ in range(300):
        gate = Gate()
        came_up = 0
        try:
            try:
                gate.open()
                sender = threading.Thread(target=gate.interrupt, args=(RunCancelled,))
                sender.start()
            finally:
                gate.close()
        except RunInterrupted:
            came_up += 1
            gate.close()
        sender.join()
        for _ in range(50):  # would come up here
            len("")
        assert came_up <= 1


def test_closing_may_be_cut_short_and_repeated():
    gate = Gate()
    gate.open()
    gate.close()
    gate.close()
    assert not _from_another_thread(gate)


def test_first_is_called_only_while_the_body_is_open():
    called = []
    gate = Gate()
    gate.interrupt(RunCancelled, lambda: called.append("before"))
    with pytest.raises(RunCancelled):
        gate.open()
        thread = threading.Thread(target=gate.interrupt, args=(RunCancelled, lambda: called.append("open")))
        thread.start()
        while True:
            pass
    gate.close()
    gate.interrupt(RunCancelled, lambda: called.append("after"))
    assert called == ["open"]


def test_several_interrupters_and_a_body_that_ends_at_any_moment():
    """Two senders race each end. Whatever happens, the thread is itself again after two nested closes."""
    gates: list[Gate | None] = [None]
    finished = threading.Event()
    outside: list[BaseException] = []
    seen: Counter[str] = Counter()

    def perform(gate: Gate) -> str:
        try:
            try:
                gate.open()
                for _ in range(random.randrange(2000)):
                    len("")
            finally:
                gate.close()
        except RunInterrupted:
            gate.close()
            return "interrupted"
        return "ended"

    def bodies() -> None:
        try:
            while seen["interrupted"] + seen["interrupted twice"] < 120 or seen["ended"] < 120:
                gate = Gate()
                gates[0] = gate
                try:
                    seen[perform(gate)] += 1
                except RunInterrupted:
                    gate.close()
                    seen["interrupted twice"] += 1
                for _ in range(20):
                    len("")
        except BaseException as error:
            outside.append(error)
        finally:
            finished.set()

    def interrupt(kind: type[RunInterrupted]) -> None:
        while not finished.is_set():
            gate = gates[0]
            if gate is not None and gate.interrupt(kind):
                while gates[0] is gate and not finished.is_set():
                    pass  # once each, as the runner does: one limit, one cancellation

    threads = [threading.Thread(target=bodies)]
    threads += [
        threading.Thread(target=interrupt, args=(kind,)) for kind in (TimeLimitExceeded, RunCancelled)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert outside == []


def test_limits_and_cancels_around_the_end_of_short_bodies_hit_no_other_run(make):
    """Runs with limits of a few microseconds, cancelled at random, among runs that nobody interrupts."""
    harness = make(slots=3)
    harness.task("clean", lambda: sum(range(200)))
    harness.task("hunted", lambda: sum(range(random.randrange(20_000))))
    for _ in range(15):
        runs = []
        for _ in range(40):
            runs.append(claimed("hunted", soft=random.choice((0.001, 0.002, 0.004))))
            runs.append(claimed("clean"))
        harness.submit(*runs)
        for run in runs:
            if run.task == "hunted" and random.random() < 0.3:
                harness.runner.cancel([run.id])
        harness.wait(runs)
        for run in runs:
            ended = harness.ended[run.id]
            if run.task == "clean":
                assert (ended.outcome, ended.result) == (Outcome.SUCCEEDED, "19900"), ended.failure
            else:
                assert ended.outcome in (Outcome.SUCCEEDED, Outcome.TIMED_OUT, Outcome.CANCELLED)
                assert ended.failure is None or ended.failure.kind == "rota.errors.TimeLimitExceeded"
    until(lambda: harness.runner.held() == [])


class BitingLock:
    """A lock with which an exception comes up as it is taken: the worst moment, twice."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bites = 2

    def acquire(self, blocking: bool = True) -> bool:
        taken = self._lock.acquire(blocking)
        if self._bites:
            self._bites -= 1
            _raise_in(threading.get_ident(), TimeLimitExceeded)
        return taken


class BittenGate(Gate):
    def __init__(self) -> None:
        super().__init__()
        self._lock = BitingLock()
        self._sent = True


def test_two_interruptions_while_the_gate_closes_are_caught(make, monkeypatch):
    harness = make(slots=1)
    with monkeypatch.context() as patch:
        patch.setattr(threads, "Gate", BittenGate)
        for _ in range(50):
            assert harness.run(lambda: 1).failure.kind == "rota.errors.TimeLimitExceeded"
    assert harness.run(lambda: 1).result == "1"
    assert len(harness.runner._executors["thread"]._pool.slots) == 1


def test_a_body_that_ends_in_c_code_is_not_hit_after_it(make):
    """The exception is sent while the body is in C; it comes up as the body returns, and not later."""
    harness = make(slots=1)
    lock, begun = threading.Lock(), threading.Event()

    def body():
        begun.set()
        lock.acquire()

    for _ in range(100):
        lock.acquire()
        begun.clear()
        run = harness.start(body)
        wait_for(begun)
        harness.runner.cancel([run.id])
        lock.release()
        assert harness.end_of(run).outcome is Outcome.CANCELLED
        assert harness.run(lambda: 1).result == "1"
        if lock.locked():
            lock.release()


def _from_another_thread(gate: Gate) -> bool:
    sent = []
    thread = threading.Thread(target=lambda: sent.append(gate.interrupt(RunCancelled)))
    thread.start()
    thread.join()
    return sent[0]
