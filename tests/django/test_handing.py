"""Other back ends of `django.tasks` execute the runs of their tasks: once each, and followed back."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from rota.core.policies import Backoff, Retry, RunPolicy
from rota.core.records import Attempt, Outcome, ScheduleQuery
from rota.declare.tasks import EnqueueOptions
from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.adopting import declared_task
from rota.operations.enqueueing import requested
from rota.operations.runners import runners, tasks_of
from rota.operations.schedules import list_schedules
from rota.testing.clock import VirtualClock
from tests.system.web_kills import ROOT, environment

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(rota):
    """The time of the nodes."""
    clock = VirtualClock("2026-03-02 12:00")
    rota.follow(clock)
    yield clock
    rota.follow(None)


@pytest.fixture
def mails():
    from tests.django.project.shop import mails

    return mails


@pytest.fixture
def add(rota, mails):
    return declared_task(rota, mails.add)


@pytest.fixture
def fail_there(rota, mails):
    return declared_task(rota, mails.fail_there)


def work():
    """Execute all that is ready there."""
    from django_tasks_db.management.commands.db_worker import Worker

    worker = Worker(
        queue_names=["there"],
        interval=0,
        batch=True,
        backend_name="database",
        startup_delay=False,
        max_tasks=None,
        worker_id="there",
        excluded_queue_names=[],
    )
    worker.run()


class Node:
    """A node whose steps are made one by one, for runs that go elsewhere."""

    def __init__(self, rota, clock):
        self.clock = clock
        self.node = rota.node(("worker",), queues=["there"])

    def claim(self):
        self.node.dispatch.step(self.clock.now())

    def further(self):
        """Let it claim, hand over, look and settle."""
        self.claim()
        self.clock.advance(10 * SECOND)  # by now it is time for another look, and the lease holds
        self.node.runner.other.step(self.clock.now())
        self.node.settle.step(self.clock.now())

    def rescue(self):
        (step,) = [step for step in self.node.steps if step.name == "rescue"]
        step.step(self.clock.now())


@pytest.fixture
def node(rota, clock, add, fail_there):
    return Node(rota, clock)


def messages():
    from django_tasks_db.models import DBTaskResult

    return list(DBTaskResult.objects.order_by("enqueued_at"))


def handed(alias):
    from rota.integrations.django.models import Handover

    return list(Handover.objects.using(alias).values_list("run_id", "attempt", "message"))


def outcomes(rota, run_id):
    return [one.outcome for one in rota.store.attempts(run_id)]


def test_a_run_is_enqueued_there_once_and_followed_back(rota, alias, node, add):
    made = add.enqueue(20, right=22)
    for _ in range(3):
        node.further()
    (message,) = messages()
    assert (message.task_path, message.queue_name) == (add.source.module_path, "there")
    assert message.args_kwargs == {"args": [20], "kwargs": {"right": 22}}
    assert handed(alias) == [(made, 1, str(message.pk))]
    assert rota.store.run(made).state == "running"
    work()
    node.further()
    run = rota.store.run(made)
    assert (run.state, run.result, run.attempt) == ("succeeded", 42, 1)


def test_a_schedule_of_such_a_task_comes_due(rota, clock, mails):
    name = rota.schedule(mails.add, "every 1h", args={"left": 1})
    try:
        node = rota.node(queues=["there"])
        clock.advance(timedelta(hours=1))
        for step in node.steps:
            if step.name in ("tick", "dispatch"):
                step.step(clock.now())
        node.runner.other.step(clock.now())
    finally:
        del rota.registry.schedules[name]
    assert name == f"{mails.add.module_path}@database"
    assert [message.args_kwargs["kwargs"] for message in messages()] == [{"left": 1}]


def test_a_list_says_which_back_end_executes_it(rota, mails):
    names = [rota.schedule(task, "every 1h", args=args) for task, args in (
        (mails.add, {"left": 1}), (mails.greet, {"name": "ann"}), (mails.at_once, {"word": "now"}),
    )]  # fmt: skip
    try:
        rota.sync()
        assert runners(rota) == ["local", "django.tasks:database", "django.tasks:immediate"]
        told = {one.schedule.name: one.runner for one in list_schedules(rota)}
        assert [told[name] for name in names] == [
            "django.tasks:database", "local", "django.tasks:immediate",
        ]  # fmt: skip
        query = ScheduleQuery(tasks=tasks_of(rota, "django.tasks:database"))
        assert [one.schedule.name for one in list_schedules(rota, query)] == names[:1]
    finally:
        for name in names:
            del rota.registry.schedules[name]


def test_an_error_there_is_the_error_of_the_run(rota, node, fail_there):
    made = fail_there.enqueue("no ink")
    node.further()
    work()
    node.further()
    run = rota.store.run(made)
    assert (run.state, run.failure.kind, run.failure.message) == ("failed", "LookupError", "no ink")
    assert "in fail_there" in run.failure.traceback
    assert "builtins.LookupError" in run.failure.names


def test_a_retry_is_another_message(rota, clock, node, fail_there):
    run = requested("shop", fail_there, [{"word": "x"}], EnqueueOptions(), clock.now(), rota.random_bits)
    run.pattern.policy = RunPolicy(retry=Retry(attempts=2, backoff=Backoff.of("1s")))
    rota.store.enqueue(run)
    for _ in range(6):
        node.further()
        work()
    assert [one.status for one in messages()] == ["FAILED", "FAILED"]
    assert outcomes(rota, run.ids[0]) == [Outcome.FAILED, Outcome.FAILED]


def test_the_node_that_takes_over_follows_the_same_message(rota, clock, node, add):
    made = add.enqueue(1)
    node.further()
    clock.advance(timedelta(minutes=1))  # it died: its lease runs out
    another = Node(rota, clock)
    another.rescue()
    another.further()
    assert len(messages()) == 1
    work()
    another.further()
    assert rota.store.run(made).state == "succeeded"
    assert outcomes(rota, made) == [Outcome.LOST, Outcome.SUCCEEDED]
    assert len(messages()) == 1


def test_a_node_that_drains_gives_its_runs_to_the_next(rota, clock, node, add):
    made = add.enqueue(1)
    node.further()
    node.node.runner.other.stop(SECOND)
    node.node.settle.step(clock.now())
    assert rota.store.run(made).state == "pending"
    work()
    Node(rota, clock).further()
    run = rota.store.run(made)
    assert (run.state, run.attempt, len(messages())) == ("succeeded", 1, 1)


def test_a_node_that_lost_its_lease_enqueues_nothing(rota, clock, node, add):
    add.enqueue(1)
    node.claim()
    clock.advance(timedelta(minutes=1))
    another = Node(rota, clock)
    another.rescue()
    another.further()
    assert len(messages()) == 1
    node.node.runner.other.step(clock.now())
    assert node.node.runner.held() == []
    assert len(messages()) == 1


def test_what_goes_wrong_while_it_is_handed_over_leaves_nothing_there(rota, alias, node, add):
    def refuse(sender, task_result, **kwargs):
        raise RuntimeError("not today")

    made = add.enqueue(1)
    api.task_enqueued.connect(refuse)
    try:
        node.further()
    finally:
        api.task_enqueued.disconnect(refuse)
    run = rota.store.run(made)
    assert (run.state, run.failure.message) == ("failed", "not today")
    assert (messages(), handed(alias)) == ([], [])


DIES_BEFORE_THE_COMMIT = """
import os
from rota.integrations.django import rota
from rota.integrations.django.tasks import api
from tests.django.project.shop.mails import add
api.task_enqueued.connect(lambda **_: os._exit(9), weak=False)
rota.schedule(add, "every 365d", args={"left": 1})
rota.tick()
"""


def test_a_node_that_is_killed_while_it_hands_over_leaves_one_message_in_the_end(rota, database_url, add):
    made = add.enqueue(1)
    command = [sys.executable, "-m", "tests.django.project.manage", "shell", "-v0", "-c"]
    env = environment(database_url)
    done = subprocess.run([*command, DIES_BEFORE_THE_COMMIT], env=env, cwd=ROOT, check=False)
    assert done.returncode == 9
    assert (rota.store.run(made).state, messages()) == ("running", [])
    clock = VirtualClock(rota.store.clock() + timedelta(minutes=1))
    rota.follow(clock)
    try:
        node = Node(rota, clock)
        node.rescue()
        node.further()
        assert len(messages()) == 1
        work()
        node.further()
        assert (rota.store.run(made).state, len(messages())) == ("succeeded", 1)
    finally:
        rota.follow(None)


def test_a_lost_message_is_found_by_a_deadline(rota, clock, node, add):
    made = add.enqueue(1)
    node.further()
    messages()[0].delete()
    clock.advance(timedelta(hours=23))
    (step,) = [step for step in node.node.steps if step.name == "heartbeat"]
    step.step(clock.now())
    node.further()
    assert rota.store.run(made).state == "running"
    clock.advance(timedelta(hours=1))
    node.further()
    run = rota.store.run(made)
    assert (run.state, run.failure.kind) == ("failed", "rota.errors.MessageLost")
    assert "within 1 day" in run.failure.message


def test_a_cancelled_run_is_not_followed(rota, clock, node, add):
    made = add.enqueue(1)
    node.further()
    rota.store.cancel([made], "ann", clock.now())
    (step,) = [step for step in node.node.steps if step.name == "heartbeat"]
    step.step(clock.now())
    node.node.settle.step(clock.now())
    assert rota.store.run(made).state == "cancelled"


def test_notes_of_runs_that_ended_are_forgotten(rota, alias, clock, node, add):
    add.enqueue(1)
    node.further()
    work()
    node.further()
    clock.advance(timedelta(minutes=2))
    node.further()
    assert handed(alias) == []


def test_nodes_follow_in_threads_of_their_own(rota, add):
    made = [add.enqueue(number, right=1) for number in range(5)]
    ended = threading.Thread(target=rota.tick)
    ended.start()
    while ended.is_alive():
        work()
    ended.join()
    assert [rota.store.run(one).result for one in made] == [1, 2, 3, 4, 5]
    assert len(messages()) == 5


def test_a_back_end_that_executes_while_it_is_asked(rota, mails):
    task = declared_task(rota, mails.at_once)
    made = [task.enqueue("now"), task.enqueue("")]
    rota.tick()
    first, second = map(rota.store.run, made)
    assert (first.state, first.result) == ("succeeded", "now")
    assert (second.state, second.failure.kind) == (
        "failed",
        "rota.integrations.django.tasks.errors.FailedElsewhere",
    )
    assert "ValueError: no word" in second.failure.message


def test_a_test_executes_them_itself(rota, add):
    from rota.integrations.django.testing import run_pending

    made = add.enqueue(20, right=22)
    run_pending()
    assert rota.store.run(made).result == 42
    assert messages() == []


@pytest.mark.parametrize(
    ("ends", "follows"),
    [
        ([], True),
        ([None], True),
        ([Outcome.LOST, None], True),
        ([Outcome.LOST, Outcome.LOST, None], True),
        ([Outcome.FAILED, None], False),
        ([Outcome.TIMED_OUT, None], False),
        ([Outcome.LOST, Outcome.FAILED, None], False),
    ],
)
def test_a_message_is_followed_until_an_attempt_has_ended_by_it(ends, follows):
    from rota.integrations.django.tasks.handing import is_open

    attempts = [
        Attempt(run_id="r", number=number, node=None, started_at=None, finished_at=None, outcome=outcome)
        for number, outcome in enumerate(ends, 1)
    ]
    assert is_open(1, attempts) is follows
