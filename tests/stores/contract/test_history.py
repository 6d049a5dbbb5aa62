"""A store: what it tells about the past, and when it forgets."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from rota.core.records import Pause, RunQuery, RunState, ScheduleState, Waiting
from tests.stores.contract.build import (
    DAY,
    HOUR,
    NOW,
    ROTA,
    SECOND,
    actions,
    audit,
    change,
    claim,
    claim_one,
    declare,
    moved,
    new_run,
    numbers,
    occurrence,
    schedule,
    settle,
    settlement,
    stored,
    the_run,
    the_schedule,
    uid,
)


def found(store, **filters):
    return numbers(store.runs(RunQuery(**{"rota": ROTA, **filters})))


def ended(store, number, at, **changes):
    """A run that was created, begun and ended at `at`."""
    store.enqueue([new_run(number, created_at=at, run_at=at, **changes)])
    [one] = claim(store, now=at)
    settle(store, settlement(one, finished_at=at), now=at)


# -- runs


def test_runs_come_newest_first(store):
    ages = {1: 5, 2: 1, 3: 9, 5: 1, 4: 1}
    store.enqueue([new_run(number, created_at=NOW - age * SECOND) for number, age in ages.items()])
    assert found(store) == [5, 4, 2, 1, 3]
    assert found(store, limit=2) == [5, 4]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(store):
    drawn = random.Random(3)
    store.enqueue([new_run(k, created_at=NOW - drawn.randrange(5) * SECOND) for k in range(1, 60)])
    everything = store.runs(RunQuery(rota=ROTA, limit=500))
    for filters in ({}, {"states": (RunState.PENDING,)}):
        pages, before = [], None
        while page := store.runs(RunQuery(rota=ROTA, limit=7, before=before, **filters)):
            pages += page
            before = (page[-1].created_at, page[-1].id)
        assert pages == everything


@pytest.fixture
def history(store):
    declare(store, schedule(1), schedule(2))
    ended(store, 1, NOW - 3 * DAY, schedule_id=uid(1), schedule="tidy-1")
    ended(store, 2, NOW - 2 * DAY, task="mail", queue="default")
    store.enqueue(
        [
            occurrence(3, state=RunState.MISSED, created_at=NOW - DAY),
            occurrence(4, 2, state=RunState.SKIPPED, created_at=NOW - HOUR),
            new_run(5, queue="slow", created_at=NOW - SECOND),
            new_run(6, created_at=NOW),
            new_run(7, created_at=NOW, rota="bank", state=RunState.MISSED),
        ]
    )
    claim(store, limit=1)
    return store


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"rota": None}, [7, 6, 5, 4, 3, 2, 1]),
        ({"rota": "bank"}, [7]),
        ({"rota": None, "states": (RunState.MISSED,)}, [7, 3]),
        ({"schedule": "tidy-1"}, [3, 1]),
        ({"schedule": "unknown"}, []),
        ({"task": "mail"}, [2]),
        ({"queue": "slow"}, [5]),
        ({"states": (RunState.PENDING,)}, [5]),
        ({"states": (RunState.RUNNING,)}, [6]),
        ({"states": (RunState.SUCCEEDED,)}, [2, 1]),
        ({"states": (RunState.MISSED, RunState.SKIPPED)}, [4, 3]),
        ({"states": (RunState.MISSED, RunState.RUNNING, RunState.SUCCEEDED)}, [6, 3, 2, 1]),
        ({"states": (RunState.FAILED,)}, []),
        ({"schedule": "tidy-1", "states": (RunState.MISSED,)}, [3]),
        ({"since": NOW - DAY}, [6, 5, 4, 3]),
        ({"until": NOW - DAY}, [2, 1]),
        ({"since": NOW - 2 * DAY, "until": NOW}, [5, 4, 3, 2]),
        ({"states": (RunState.MISSED, RunState.SKIPPED), "since": NOW - DAY, "task": "tidy"}, [4, 3]),
        ({"states": (RunState.MISSED, RunState.SKIPPED), "limit": 1}, [4]),
    ],
)
def test_runs_are_found_by_every_filter(history, filters, expected):
    assert found(history, **filters) == expected


def test_a_schedule_that_was_renamed_keeps_its_history(history):
    history.amend([change(the_schedule(history, 1), name="sweep")], [])
    assert found(history, schedule="sweep") == [3, 1]


def test_a_schedule_that_was_removed_is_found_by_its_name(history):
    history.remove_schedule(the_schedule(history, 1), [])
    assert found(history, schedule="tidy-1") == [3, 1]


def test_a_run_that_is_not_there_is_not_found(store):
    assert store.run(uid(1)) is None
    assert store.run("nonsense") is None
    assert store.run("") is None
    store.enqueue([new_run(0xABC)])
    assert store.run(uid(0xABC).upper()) == the_run(store, 0xABC)


# -- counts


def test_counts_are_what_a_recount_gives(history):
    history.amend([change(the_schedule(history, 2), pause=Pause(start=NOW, by="ada", reason=""))], [])
    counts = history.counts(ROTA, NOW)
    runs = history.runs(RunQuery(rota=ROTA, limit=500))
    assert counts.runs == Counter(str(one.state) for one in runs)
    assert counts.schedules == {"active": 2, "paused": 1}
    assert counts.oldest_pending == the_run(history, 5).run_at == NOW


def test_a_planned_pause_is_counted_once_it_has_begun(history):
    pause = Pause(start=NOW + HOUR, by="ada", reason="", until=NOW + 2 * HOUR)
    history.amend([change(the_schedule(history, 2), pause=pause)], [])
    assert history.counts(ROTA, NOW + HOUR - SECOND).schedules == {"active": 2}
    assert history.counts(ROTA, NOW + HOUR).schedules == {"active": 2, "paused": 1}


def test_counts_of_nothing_are_empty(store):
    counts = store.counts(ROTA, NOW)
    assert (dict(counts.runs), dict(counts.schedules), counts.oldest_pending) == ({}, {}, None)


def test_what_waits_is_counted_by_queue(store):
    store.enqueue([
        new_run(1, run_at=NOW - HOUR), new_run(2, run_at=NOW + HOUR),
        new_run(3, queue="mail", run_at=NOW + DAY),
        new_run(4, queue="slow", run_at=NOW - SECOND), new_run(5, queue="slow", run_at=NOW - HOUR * 2),
        new_run(6, rota="bank", queue="bank"),
    ])  # fmt: skip
    counts = store.counts(ROTA, NOW)
    assert dict(counts.queues) == {
        "default": Waiting(2, NOW - HOUR),
        "mail": Waiting(1, None),
        "slow": Waiting(2, NOW - HOUR * 2),
    }
    assert (counts.runs["pending"], counts.oldest_pending) == (5, NOW - HOUR * 2)
    store.cancel([uid(4), uid(5), uid(3)], "ada", NOW)
    assert dict(store.counts(ROTA, NOW).queues) == {"default": Waiting(2, NOW - HOUR)}


def test_the_oldest_pending_run_is_one_that_is_due(store):
    store.enqueue([new_run(1, run_at=NOW + SECOND)])
    assert store.counts(ROTA, NOW).oldest_pending is None
    assert store.counts(ROTA, NOW + SECOND).oldest_pending == NOW + SECOND


# -- audit


def test_audit_lines_come_newest_first_and_whole(store):
    lines = [
        audit(
            "pause", "tidy-1", at=NOW - SECOND, reason="stock-taking", before={"pause": None}, after=[1, "é"]
        ),
        audit("resume", "tidy-1"),
        audit("edit", "tidy-2", actor="grace", via="rest"),
    ]
    store.cancel([], "ada", NOW, lines[:1])
    store.enqueue([new_run(1)], lines[1:])
    assert store.audit(ROTA) == lines[::-1]
    assert store.audit(ROTA, "tidy-1") == [lines[1], lines[0]]
    assert store.audit(ROTA, limit=1) == lines[2:]
    assert store.audit(ROTA, "unknown") == store.audit("bank") == []


def test_what_is_not_done_leaves_no_audit_line(store):
    declare(store, schedule(1))
    late = replace(change(schedule(1)), revision=9)
    assert not store.amend([late], [audit("edit")])
    assert not store.add_schedule(schedule(1), [audit("add")])
    assert not store.remove_schedule(schedule(1, revision=9), [audit("remove")])
    assert actions(store) == []


# -- purge


def test_what_ended_long_ago_is_forgotten_with_its_attempts_and_logs(store):
    one = claim_one(store, 1, now=NOW - 3 * DAY)
    settle(store, settlement(one, "pending", run_at=NOW - 3 * DAY, log="one"), now=NOW - 3 * DAY)
    [again] = claim(store, now=NOW - 3 * DAY)
    settle(store, settlement(again, log="two"), now=NOW - 3 * DAY)
    ended(store, 2, NOW - DAY)
    assert store.purge(ROTA, NOW - 2 * DAY, 0, 100) == 1
    assert found(store) == [2]
    assert store.run(uid(1)) is None
    assert store.attempts(uid(1)) == []


def test_the_last_runs_of_each_schedule_are_never_forgotten(store):
    for number in range(1, 6):
        ended(store, number, NOW - (40 - number) * DAY, schedule_id=uid(1), schedule="tidy-1")
        ended(store, 10 + number, NOW - (40 - number) * DAY, schedule_id=uid(2), schedule="tidy-2")
        ended(store, 20 + number, NOW - (40 - number) * DAY)
    assert store.purge(ROTA, NOW - DAY, 2, 100, dry_run=True) == 11
    assert store.purge(ROTA, NOW - DAY, 2, 100) == 11
    assert sorted(found(store)) == [4, 5, 14, 15]
    assert store.purge(ROTA, NOW - DAY, 2, 100) == 0
    assert store.purge(ROTA, NOW - DAY, 1, 100) == 2
    assert sorted(found(store)) == [5, 15]


def test_a_purge_deletes_at_most_its_limit_oldest_first(store):
    for number in range(1, 8):
        ended(store, number, NOW - (40 - number) * DAY)
    assert store.purge(ROTA, NOW, 0, 3) == 3
    assert sorted(found(store)) == [4, 5, 6, 7]
    assert store.purge(ROTA, NOW, 0, 3, dry_run=True) == 3
    assert store.purge(ROTA, NOW, 0, 3) == 3
    assert store.purge(ROTA, NOW, 0, 3) == 1


def test_kept_runs_however_many_do_not_stop_a_purge(store):
    kept = [occurrence(k, k, state=RunState.MISSED, created_at=NOW - 40 * DAY) for k in range(1, 101)]
    store.enqueue(kept)
    store.enqueue([new_run(900, state=RunState.MISSED, created_at=NOW - 30 * DAY)])
    assert store.purge(ROTA, NOW, 5, 2) == 1
    assert store.run(uid(900)) is None


def test_what_has_not_ended_is_never_forgotten(store):
    long_ago = NOW - 3650 * DAY
    store.enqueue([new_run(1, created_at=long_ago, run_at=long_ago)])
    store.enqueue([new_run(2, created_at=long_ago, run_at=NOW + DAY, queue="slow")])
    claim(store)
    assert store.purge(ROTA, NOW, 0, 100) == 0
    assert sorted(found(store)) == [1, 2]


def test_what_ended_just_now_is_kept_however_long_ago_it_was_created(store):
    long_ago = NOW - 365 * DAY
    store.enqueue([new_run(1, created_at=long_ago, run_at=long_ago)])
    [one] = claim(store)
    settle(store, settlement(one))
    assert store.purge(ROTA, NOW - DAY, 0, 100) == 0


def test_records_of_what_did_not_run_are_forgotten_too(store):
    states = [RunState.MISSED, RunState.SKIPPED]
    store.enqueue([new_run(k, state=state, created_at=NOW - DAY) for k, state in enumerate(states)])
    assert store.purge(ROTA, NOW, 0, 100) == 2


def test_a_purge_leaves_other_rotas_alone(store):
    store.enqueue([new_run(1, state=RunState.MISSED, created_at=NOW - DAY, rota="bank")])
    assert store.purge(ROTA, NOW, 0, 100) == 0


def test_what_was_forgotten_does_not_come_back(store):
    declare(store, schedule(1))
    mine = moved(schedule(1), runs=(occurrence(1),), made=1)
    store.record([mine], NOW)
    [one] = claim(store)
    settle(store, settlement(one, "failed"))
    assert store.purge(ROTA, NOW + DAY, 0, 100) == 1

    assert store.record([mine], NOW + DAY) == []
    assert found(store) == []
    [kept] = stored(store)
    assert (kept.cursor, kept.runs_made, kept.state) == (NOW, 1, ScheduleState.ACTIVE)
    assert [one.run_id for one in store.past_errors(uid(1))] == [uid(1)]


# -- the last runs of many schedules


def test_the_last_runs_of_each_schedule_come_newest_first(store):
    declare(store, schedule(1), schedule(2), schedule(3))
    ages = {11: (1, 5), 12: (1, 1), 13: (1, 9), 21: (2, 2), 14: (1, 1)}
    store.enqueue(
        [occurrence(number, of, created_at=NOW - age * SECOND) for number, (of, age) in ages.items()]
    )
    store.enqueue([new_run(50)])  # of no schedule
    last = store.latest([uid(1), uid(2), uid(3)], 3)
    assert {of: numbers(runs) for of, runs in last.items()} == {
        uid(1): [14, 12, 11],
        uid(2): [21],
        uid(3): [],
    }
    assert store.latest([], 3) == {}
    assert store.latest(["'; --", uid(2)], 1).keys() == {uid(2)}


def test_a_brief_run_says_when_how_long_and_how_it_ended(store):
    declare(store, schedule(1))
    at = NOW - HOUR
    ended(store, 1, at, schedule_id=uid(1), schedule="tidy-1", planned_at=at - SECOND)
    gap = occurrence(2, state=RunState.MISSED, count=7, reason="no scheduler was running")
    store.enqueue([gap])
    missed, ran = store.latest([uid(1)], 60)[uid(1)]
    whole = store.run(uid(1))
    assert (ran.state, ran.attempt, ran.planned_at) == (RunState.SUCCEEDED, 1, at - SECOND)
    assert (ran.created_at, ran.started_at, ran.finished_at) == (
        whole.created_at,
        whole.started_at,
        whole.finished_at,
    )
    assert (missed.state, missed.count, missed.reason) == (RunState.MISSED, 7, "no scheduler was running")
    assert missed.started_at is None
