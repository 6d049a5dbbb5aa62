"""A store: what pages ask it at a glance: capped counts, what fails, what waits, whether anything changed."""

from __future__ import annotations

import pytest

from rota.core.records import Origin, Override, Pause, RunQuery, RunState, ScheduleState
from tests.stores.contract.build import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    ROTA,
    SECOND,
    change,
    claim,
    claim_one,
    declare,
    new_run,
    numbers,
    occurrence,
    schedule,
    settle,
    settlement,
    the_run,
    the_schedule,
    uid,
)


def ended(store, number, at, state="succeeded", schedule_number=1):
    """An occurrence that began and ended at `at`."""
    store.enqueue([occurrence(number, schedule_number, created_at=at, run_at=at, planned_at=at)])
    [one] = claim(store, now=at)
    settle(store, settlement(one, state, finished_at=at), now=at)


# -- counts
@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 6),
        ({"schedule": "tidy-1"}, 3),
        ({"schedule": "tidy-1", "states": (RunState.FAILED,)}, 1),
        ({"schedule": "unknown"}, 0),
        ({"states": (RunState.FAILED,)}, 1),
        ({"states": (RunState.FAILED, RunState.MISSED)}, 2),
        ({"states": (RunState.PENDING,)}, 1),
        ({"states": (RunState.PENDING,), "since": NOW + SECOND}, 0),
        ({"states": (RunState.PENDING,), "queue": "slow"}, 0),
        ({"states": (RunState.RUNNING,)}, 1),
        ({"states": (RunState.SUCCEEDED, RunState.FAILED)}, 3),
        ({"task": "mail"}, 1),
        ({"since": NOW - HOUR}, 3),
        ({"rota": "other"}, 0),
    ],
)
def test_runs_are_counted_as_they_are_found(store, filters, count):
    declare(store, schedule(1))
    ended(store, 1, NOW - DAY)
    ended(store, 2, NOW - 2 * HOUR)
    ended(store, 3, NOW - HOUR, "failed")
    store.enqueue([new_run(4, state=RunState.MISSED, created_at=NOW - DAY)])
    claim_one(store, 5)
    store.enqueue([new_run(6, task="mail")])
    query = RunQuery(**{"rota": ROTA, **filters})
    assert store.count(query, 100) == len(store.runs(query)) == count
    assert store.count(query, 1) == min(count, 1)


def test_a_count_is_of_all_pages(store):
    store.enqueue([new_run(number) for number in range(1, 8)])
    page = store.runs(RunQuery(rota=ROTA, limit=3))
    assert store.count(RunQuery(rota=ROTA, before=(page[-1].created_at, page[-1].id), limit=3), 100) == 7


def test_the_latest_runs_are_counted_by_the_hour(store):
    store.enqueue(
        [
            new_run(1, created_at=NOW - 3 * HOUR),
            new_run(2, created_at=NOW - 2 * HOUR, state=RunState.MISSED, count=40),
            new_run(3, created_at=NOW - 2 * HOUR + MINUTE),
            new_run(4, created_at=NOW - MINUTE),
        ]
    )
    made = store.made(ROTA, NOW - 2 * HOUR, NOW - HOUR, 100)
    assert made.hours == {
        NOW - 2 * HOUR: {RunState.MISSED: 40, RunState.PENDING: 1},
        NOW - HOUR: {RunState.PENDING: 1},
    }
    assert made.lately == {RunState.PENDING: 1}
    assert (made.looked_at, made.first) == (3, NOW - 2 * HOUR)
    cut = store.made(ROTA, NOW - DAY, NOW - HOUR, 2)
    assert (cut.looked_at, cut.first) == (2, NOW - 2 * HOUR + MINUTE)
    nothing = store.made("other", NOW - DAY, NOW, 2)
    assert (nothing.hours, nothing.lately, nothing.looked_at, nothing.first) == ({}, {}, 0, None)


def test_what_ended_is_counted_by_the_hour_it_ended_in(store):
    declare(store, schedule(1))
    ended(store, 1, NOW - 3 * HOUR)
    ended(store, 2, NOW - HOUR, "failed")
    ended(store, 3, NOW - HOUR + MINUTE)
    assert store.ended(ROTA, NOW - HOUR) == {NOW - HOUR: {RunState.FAILED: 1, RunState.SUCCEEDED: 1}}
    assert store.ended("other", NOW - DAY) == {}


@pytest.mark.parametrize(
    ("filters", "hours"),
    [
        ({}, 2),
        ({"until": NOW}, 3),
        ({"since": NOW - HOUR}, None),
        ({"schedule": "tidy-1"}, 4),
        ({"schedule": "unknown"}, 2),
        ({"states": (RunState.FAILED,)}, 4),
        ({"states": (RunState.FAILED, RunState.SUCCEEDED)}, 2),
        ({"states": (RunState.PENDING,)}, None),
        ({"task": "mail"}, 2),
    ],
)
def test_a_search_has_a_horizon(store, filters, hours):
    """Ten runs, one an hour; every second one is of a schedule, and failed."""
    declare(store, schedule(1))
    for number in range(1, 10, 2):
        ended(store, number, NOW - (9 - number) * HOUR, "failed")
    store.enqueue([new_run(k, created_at=NOW - (9 - k) * HOUR) for k in range(2, 10, 2)])
    horizon = store.horizon(RunQuery(**{"rota": ROTA, **filters}), 2)
    assert horizon == (None if hours is None else NOW - hours * HOUR)


# -- what fails
def test_a_schedule_fails_until_a_run_of_it_succeeds(store):
    declare(store, schedule(1), schedule(2), schedule(3))
    ended(store, 1, NOW - 3 * HOUR, "failed", 1)
    ended(store, 2, NOW - 2 * HOUR, "failed", 1)
    ended(store, 3, NOW - 2 * HOUR, "failed", 2)
    ended(store, 4, NOW - HOUR, "succeeded", 2)
    ended(store, 5, NOW - HOUR, "failed", 3)
    store.enqueue([occurrence(6, 3), new_run(7, state=RunState.FAILED)])
    assert numbers(store.failing(ROTA, NOW - DAY, 10)) == [5, 2]
    assert numbers(store.failing(ROTA, NOW - DAY, 1)) == [5]
    assert numbers(store.failing(ROTA, NOW - HOUR, 10)) == [5]
    assert store.failing("other", NOW - DAY, 10) == []


def test_a_run_is_followed_by_the_next_of_its_schedule(store):
    declare(store, schedule(1), schedule(2))
    ended(store, 1, NOW - 3 * HOUR)
    ended(store, 2, NOW - HOUR, schedule_number=2)
    ended(store, 3, NOW - HOUR)
    store.enqueue([new_run(4)])
    assert numbers([store.run_after(the_run(store, 1))]) == [3]
    assert store.run_after(the_run(store, 3)) is None
    assert store.run_after(the_run(store, 4)) is None


def test_which_runs_there_are_is_said_of_many_at_once(store):
    store.enqueue([new_run(1), new_run(2)])
    assert store.known_runs([uid(2), uid(3), uid(1), "no id"]) == {uid(1), uid(2)}
    assert store.known_runs([]) == set()


def test_the_retries_of_runs_are_found_by_them(store):
    store.enqueue([new_run(1), new_run(2), new_run(3)])
    store.enqueue(
        [
            new_run(4, parent=uid(1), origin=Origin.RETRY),
            new_run(5, parent=uid(1), origin=Origin.RETRY, created_at=NOW + SECOND),
            new_run(6, parent=uid(3), origin=Origin.RETRY),
        ]
    )
    assert numbers(store.retries([uid(1), uid(2)])) == [5, 4]
    assert store.retries(["no id"]) == store.retries([]) == []


# -- what waits
def test_what_waits_is_counted_by_queue_and_task_up_to_a_limit_of_each_queue(store):
    store.enqueue([new_run(k, run_at=NOW - HOUR, created_at=NOW - HOUR) for k in (1, 2)])
    store.enqueue([new_run(3), new_run(4, task="mail"), new_run(5, queue="slow"), new_run(6, rota="other")])
    found = {(one.queue, one.task): (one.count, one.late) for one in store.backlog(ROTA, NOW - MINUTE, 100)}
    assert found == {("default", "tidy"): (3, 2), ("default", "mail"): (1, 0), ("slow", "tidy"): (1, 0)}
    few = {(one.queue, one.task): (one.count, one.late) for one in store.backlog(ROTA, NOW - MINUTE, 2)}
    assert few == {("default", "tidy"): (2, 2), ("slow", "tidy"): (1, 0)}
    assert store.backlog("nobody", NOW, 100) == []


# -- schedules that are not as the others
def test_odd_schedules_are_found_the_broken_ones_first(store):
    pause = Pause(by="ann", reason="", start=NOW)
    override = Override(field="priority", value=3, author="ann", reason="", created_at=NOW)
    declare(
        store,
        schedule(1),
        schedule(2, pause=pause),
        schedule(3, state=ScheduleState.FINISHED, next_due=None),
        schedule(4, state=ScheduleState.QUARANTINED, quarantine="broken", next_due=None),
        schedule(5, state=ScheduleState.RETIRED, next_due=None, pause=pause),
        schedule(6, overrides=(override,)),
        schedule(7, pause=pause, overrides=(override,)),
    )
    assert numbers(store.odd(ROTA, 10)) == [4, 2, 3, 7, 6]
    assert numbers(store.odd(ROTA, 1)) == [4, 6]
    assert store.odd(ROTA, 10)[-1].overrides == (override,)
    assert store.odd("other", 10) == []
    assert store.counts(ROTA, NOW).tasks == {"tidy": 6}


# -- whether anything has changed
def test_the_version_changes_with_everything_that_is_written(store):
    declare(store, schedule(1))
    seen = [store.version()]

    def changed():
        seen.append(store.version())
        assert seen[-1] == store.version()
        assert len(set(seen)) == len(seen)

    store.enqueue([occurrence(1)])
    changed()
    [one] = claim(store)
    changed()
    settle(store, settlement(one))
    changed()
    before = the_schedule(store)
    assert store.amend([change(before, pause=Pause(by="ann", reason="", start=NOW))], [])
    changed()


def test_reading_changes_no_version(store):
    declare(store, schedule(1))
    store.enqueue([new_run(1)])
    before = store.version()
    store.runs(RunQuery(rota=ROTA))
    store.counts(ROTA, NOW)
    store.due(ROTA, NOW, 10)
    store.failing(ROTA, NOW - DAY, 10)
    assert store.version() == before
