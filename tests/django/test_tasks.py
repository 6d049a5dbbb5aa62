"""Rota as a back end of `django.tasks`: what Django asks of one, and what comes with a store."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.checks import run_checks
from django.db import connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from rota.core.records import RunQuery
from rota.errors import InvalidArguments, InvalidValue
from rota.integrations.django.tasks import api
from rota.integrations.django.testing import clock_at, run_pending, tick
from tests.system.web_kills import manage

BACKEND = "rota.integrations.django.tasks.RotaBackend"
pytestmark = pytest.mark.usefixtures("rota")


@pytest.fixture
def mails():
    from tests.django.project.shop import mails

    return mails


@pytest.fixture
def backend():
    return api.task_backends["default"]


@contextmanager
def heard(signal):
    """Return a list of the senders and results that receivers of a signal get."""
    calls = []

    def hear(sender, task_result, **kwargs):
        calls.append((sender, task_result))

    signal.connect(hear)
    try:
        yield calls
    finally:
        signal.disconnect(hear)


@pytest.fixture
def scheduled(rota):
    """Schedule a task every five seconds, until the end of the test."""
    made = []

    def schedule(task, **options):
        made.append(rota.schedule(task, "every 5s", **options))
        return made[-1]

    yield schedule
    for name in made:
        del rota.registry.schedules[name]


def runs_of(rota, schedule):
    return rota.store.runs(RunQuery(rota=rota.name, schedule=schedule))


def after_run(result):
    run_pending()
    result.refresh()
    return result


# -- the rules of Django
def test_it_says_what_it_supports(backend):
    assert backend.supports_defer
    assert backend.supports_async_task
    assert backend.supports_get_result
    assert backend.supports_priority
    assert list(backend.check()) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"priority": 101}, "priority must be a whole number"),
        ({"priority": 1.5}, "priority must be a whole number"),
        ({"queue_name": "nowhere"}, "'nowhere' is not valid"),
        ({"run_after": datetime(2026, 3, 2)}, "run_after must be an aware datetime"),
    ],
)
def test_a_task_that_breaks_a_rule_is_refused(mails, changes, problem):
    with pytest.raises(Exception, match=problem) as caught:
        mails.greet.using(**changes)
    assert type(caught.value).__name__.startswith("InvalidTask")


def test_a_function_in_a_function_is_no_task(mails):
    def inner(): ...

    with pytest.raises(Exception, match="module level"):
        replace(mails.greet, func=inner)


def test_a_result_is_the_same_when_it_is_looked_up(mails, backend):
    result = mails.greet.using(priority=-7, queue_name="mail").enqueue("ann", "bob", shout=True)
    assert (result.status, result.args, result.kwargs) == ("READY", ["ann", "bob"], {"shout": True})
    assert (result.started_at, result.finished_at, result.attempts, result.errors) == (None, None, 0, [])
    assert not result.is_finished
    with pytest.raises(ValueError, match="not finished"):
        _ = result.return_value
    assert backend.get_result(result.id) == result == mails.greet.get_result(result.id)


def test_a_coroutine_may_ask_as_well(mails):
    async def ask():
        result = await mails.greet_later.aenqueue("ann")
        return result, await mails.greet_later.aget_result(result.id)

    result, found = asyncio.run(ask())
    assert found == result
    assert after_run(result).return_value == "Hello, ann"


@pytest.mark.parametrize("unknown", ["01a1fe9f-e231-7841-89fe-cb166b7ad647", "123", "", "x" * 36, None])
def test_a_result_that_does_not_exist(backend, unknown):
    with pytest.raises(api.TaskResultDoesNotExist):
        backend.get_result(unknown)


def test_a_run_of_rotas_own_is_no_result(rota, backend):
    with pytest.raises(api.TaskResultDoesNotExist):
        backend.get_result(rota.registry.task("ping").enqueue())


def test_the_result_of_another_task_is_told_apart(mails):
    made = mails.greet.enqueue("ann")
    with pytest.raises(Exception, match="does not match"):
        mails.fail.get_result(made.id)


@pytest.mark.parametrize("value", [{1, 2}, object(), datetime(2026, 3, 2)])
def test_only_json_is_taken(mails, value):
    with pytest.raises(TypeError, match="Unsupported type"):
        mails.greet.enqueue(value)


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ((), {}, "missing a required argument: 'name'"),
        (("ann",), {"name": "bob"}, "multiple values for argument 'name'"),
        (("ann",), {"loud": True}, "unexpected keyword argument 'loud'"),
        ((float("nan"),), {}, "JSON has no such number"),
    ],
)
def test_what_the_task_can_not_be_called_with_is_refused_at_once(rota, mails, args, kwargs, problem):
    with pytest.raises(InvalidArguments, match=problem):
        mails.greet.enqueue(*args, **kwargs)
    assert run_pending().ended == {}


# -- what becomes of a task
def test_a_task_that_succeeds(rota, mails):
    started = after_run(made := mails.greet.enqueue("ann", "bob", shout=True))
    assert (started.status, started.return_value) == ("SUCCESSFUL", "HELLO, ANN, BOB")
    assert made.enqueued_at <= started.started_at == started.last_attempted_at <= started.finished_at
    run = rota.store.run(made.id)
    assert (run.task, run.queue, run.priority) == (mails.greet.module_path, "default", 0)
    assert started.worker_ids == [run.node]


def test_a_task_that_fails_says_why(mails):
    result = after_run(mails.fail.enqueue("no paper"))
    assert (result.status, result.is_finished, result.attempts) == ("FAILED", True, 1)
    (error,) = result.errors
    assert error.exception_class is ValueError
    assert error.traceback.endswith("ValueError: no paper\n")
    assert "in fail\n" in error.traceback
    assert error.traceback.count('File "') == 1  # and none of ours
    with pytest.raises(ValueError, match="Task failed"):
        _ = result.return_value


def test_what_it_returns_is_made_json_or_fails(mails):
    assert after_run(mails.give_back.enqueue("tuple")).return_value == [1, 2]
    assert after_run(mails.give_back.enqueue("bytes")).return_value == "abc"
    (error,) = after_run(mails.give_back.enqueue("set")).errors
    assert error.exception_class is TypeError


def test_the_context_knows_the_attempt(rota, mails, scheduled):
    name = scheduled(mails.which_attempt, args={"fail_until": 2}, retries=1, backoff="1s")
    with clock_at("2026-03-02 12:00") as clock:
        tick()
        clock.move_to("2026-03-02 12:00:05")
        tick()
        (run,) = runs_of(rota, name)
        assert (run.state, run.attempt) == ("pending", 1)
        clock.move_to("2026-03-02 12:00:09")
        tick()
    result = mails.which_attempt.get_result(run.id)
    assert result.return_value == {"attempt": 2, "id": run.id, "status": "RUNNING"}
    assert (result.attempts, len(result.errors)) == (2, 1)
    assert "attempt 1 is too early" in result.errors[0].traceback
    assert result.started_at < result.last_attempted_at


def test_a_cancelled_run_has_failed(rota, mails):
    from rota.operations.actor import Actor
    from rota.operations.requesting import cancel

    result = mails.greet.enqueue("ann")
    cancel(rota, [result.id], Actor("ann"))
    result.refresh()
    assert (result.status, result.attempts) == ("FAILED", 0)
    assert result.errors[0].exception_class_path == "rota.integrations.django.tasks.errors.NotExecuted"
    assert "the run was cancelled" in result.errors[0].traceback


def test_a_deferred_task_waits(rota, mails):
    with clock_at("2026-03-02 12:00") as clock:
        later = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
        result = mails.greet.using(run_after=later).enqueue("ann")
        assert mails.greet.get_result(result.id) == result
        assert run_pending().ended == {}
        clock.advance(timedelta(minutes=5))
        assert after_run(result).status == "SUCCESSFUL"


def test_a_higher_priority_comes_first(rota, mails):
    first = mails.greet.using(priority=-5).enqueue("ann")
    second = mails.greet.using(priority=5).enqueue("bob")
    run_pending()
    assert rota.store.run(second.id).started_at <= rota.store.run(first.id).started_at


def test_receivers_hear_of_each_step(mails, backend):
    with heard(api.task_enqueued) as enqueued:
        result = mails.fail.enqueue("no ink")
    assert enqueued == [(type(backend), result)]
    with heard(api.task_started) as started, heard(api.task_finished) as finished:
        run_pending()
    assert [(sender, one.id, one.status) for sender, one in started] == [
        (type(backend), result.id, "RUNNING")
    ]
    assert started[0][1].attempts == 1
    result.refresh()
    assert finished == [(type(backend), result)]


# -- the store
def test_an_enqueue_is_one_query_and_so_is_a_look(rota, alias, mails):
    rota.clock.now()
    with transaction.atomic(using=alias), CaptureQueriesContext(connections[alias]) as queries:
        result = mails.greet.enqueue("ann")
        result.refresh()
    assert len(queries) == 2


def test_a_task_is_rolled_back_with_the_caller(alias, mails):
    with pytest.raises(OSError), transaction.atomic(using=alias):
        lost = mails.greet.enqueue("ann")
        raise OSError
    with pytest.raises(api.TaskResultDoesNotExist):
        lost.refresh()
    with transaction.atomic(using=alias):
        kept = mails.greet.enqueue("bob")
    assert after_run(kept).status == "SUCCESSFUL"


def test_a_node_serves_the_queues_of_the_back_end(rota, mails):
    result = mails.greet.using(queue_name="mail").enqueue("ann")
    rota.tick()
    result.refresh()
    assert result.status == "SUCCESSFUL"


def test_eager_executes_at_once_and_stores_nothing(rota, mails):
    with rota.eager():
        result = mails.greet.enqueue("ann")
    assert result.return_value == "Hello, ann"
    with pytest.raises(api.TaskResultDoesNotExist):
        result.refresh()


def test_any_task_is_scheduled(rota, mails, scheduled):
    name = scheduled(mails.greet, args={"name": "all"})
    with clock_at("2026-03-02 12:00") as clock:
        tick()
        clock.move_to("2026-03-02 12:00:05")
        tick()
    (run,) = runs_of(rota, name)
    assert (run.state, run.result, run.planned_at) == (
        "succeeded",
        "Hello, all",
        datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC),
    )


def test_a_schedule_is_held_to_the_arguments_of_its_task(rota, mails):
    with pytest.raises(InvalidArguments, match="unexpected keyword"):
        rota.schedule(mails.greet, "daily 14:00", name="evening", args={"name": "x", "loud": True})
    with pytest.raises(InvalidValue, match="it must be a task"):
        rota.schedule(mails.greet.func, "daily 14:00", name="evening")


def test_a_form_knows_the_arguments(rota, mails):
    schema = rota.registry.task(mails.greet.module_path).arguments.schema()
    assert schema["required"] == ["name"]
    assert schema["properties"]["shout"] == {"type": "boolean", "default": False}


# -- OPTIONS
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retrys": 3}, "Did you mean 'retries'?"),
        ({"retries": -1}, "retries"),
        ({"executor": "fiber"}, "'thread', 'async', 'process'"),
        ({"time_limit": "soon"}, "time_limit"),
        ([], "it must be a dictionary"),
    ],
)
def test_a_wrong_option_is_an_error_of_the_check(options, said):
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": options}}):
        (found,) = [one for one in run_checks() if one.id == "rota.E008"]
    assert "TASKS['default']" in found.msg
    assert said in found.msg


def test_no_queue_at_all_is_warned_of():
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": []}}):
        assert [one.id for one in run_checks() if one.id == "rota.W006"]


def test_the_application_has_to_be_installed(backend):
    with override_settings(INSTALLED_APPS=["django.contrib.contenttypes"]):
        assert [one.id for one in backend.check()] == ["rota.E007"]


def test_the_options_hold_for_each_task_also_in_a_process_of_its_own(rota, database_url, monkeypatch):
    monkeypatch.setenv("SHOP_TASK_OPTIONS", '{"executor": "process", "retries": 1, "backoff": "1s"}')
    program = """
from tests.django.project.shop.mails import greet, which_attempt
from rota.integrations.django import rota
made = [greet.enqueue("ann"), which_attempt.enqueue(fail_until=2)]
while not all(one.is_finished for one in made):
    rota.tick()
    for one in made:
        one.refresh()
for one in made:
    print(one.status, one.attempts, len(one.errors), one.return_value)
"""
    said = manage(database_url, "shell", "-v0", "-c", program).splitlines()
    assert said[0] == "SUCCESSFUL 1 0 Hello, ann"
    assert said[1].startswith("SUCCESSFUL 2 1 {'attempt': 2")
