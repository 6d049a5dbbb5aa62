"""A store: what it says of the numbers of runs is what a recount gives, whatever happened."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from rota.core.policies import RunPolicy
from rota.core.records import RunQuery, RunState
from tests.stores.contract.build import (
    DAY,
    HOUR,
    LEASE,
    NOW,
    ROTA,
    SECOND,
    at_once,
    claim,
    declare,
    moved,
    new_run,
    occurrence,
    released,
    schedule,
    settle,
    settlement,
    shared,
    the_schedule,
    uid,
)

ENDS = ("succeeded", "failed", "cancelled")


def recount(store, since=None):
    """Count the runs by state; those that ended since an instant, if one is given."""
    found = store.runs(RunQuery(rota=ROTA, limit=5000))
    return Counter(
        str(one.state)
        for one in found
        if since is None or (one.finished_at is not None and one.finished_at >= since)
    )


def whole_hour(instant):
    return instant.replace(minute=0, second=0, microsecond=0)


def assert_counted(store, now):
    counts = store.counts(ROTA, now)
    assert counts.runs == recount(store)
    assert counts.last_hour == recount(store, whole_hour(now - HOUR))
    assert counts.last_day == recount(store, whole_hour(now - DAY))


class Walk:
    """Anything that is done to runs, in any order, while hours pass."""

    def __init__(self, store, seed):
        self.store, self.drawn, self.now = store, random.Random(seed), NOW - 3 * DAY
        self.made, self.held = 0, []
        declare(store, schedule(1))

    def step(self):
        self.now += timedelta(seconds=self.drawn.choice([1, 600, 7000]))
        often = [self.enqueue, self.claim, self.settle]
        seldom = [self.record, self.settle_again, self.rescue, self.cancel, self.expire, self.purge]
        self.drawn.choice([*often, *often, *seldom])()

    def numbers(self):
        self.made += 3
        return range(self.made - 2, self.made + 1)

    def enqueue(self):
        own = {"created_at": self.now, "run_at": self.now}
        policy = RunPolicy(start_deadline=self.drawn.choice([None, HOUR]))
        self.store.enqueue([new_run(number, policy=policy, **own) for number in self.numbers()])

    def record(self):
        """Skipped and missed occurrences end when they are made; one run is there already."""
        states = (RunState.PENDING, RunState.SKIPPED, RunState.MISSED)
        runs = [
            occurrence(n, state=state, created_at=self.now, run_at=self.now, serial=False)
            for n, state in zip(self.numbers(), states, strict=True)
        ]
        again = [occurrence(1, state=RunState.SKIPPED, created_at=self.now)] if self.made > 3 else []
        plan = moved(the_schedule(self.store), cursor=self.now, next_due=self.now, runs=[*runs, *again])
        assert self.store.record([plan], self.now)

    def claim(self):
        self.held += claim(self.store, now=self.now, limit=5)

    def taken(self):
        self.drawn.shuffle(self.held)
        taken, self.held = self.held[:4], self.held[4:]
        return taken

    def settle(self):
        ends = [settlement(one, self.drawn.choice(ENDS)) for one in self.taken()]
        settle(self.store, *ends, now=self.now)
        settle(self.store, *ends, now=self.now)  # the answer was lost

    def settle_again(self):
        backs = [self.drawn.choice([released, given_up])(one) for one in self.taken()]
        settle(self.store, *backs, now=self.now)

    def rescue(self):
        overdue = self.store.overdue(ROTA, self.now, 3)
        settle(self.store, *(settlement(one, "failed", overdue=True) for one in overdue), now=self.now)

    def cancel(self):
        self.store.cancel([uid(self.drawn.randint(1, self.made + 1)) for _ in range(4)], "ada", self.now)

    def expire(self):
        self.store.expire(ROTA, self.now, 2)

    def purge(self):
        self.store.purge(
            ROTA, self.now - self.drawn.choice([SECOND, HOUR, DAY]), self.drawn.choice([0, 2]), 5
        )


def given_up(one):
    """A settlement that tries the run again at once."""
    return settlement(one, "pending", run_at=one.run_at)


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_what_a_recount_gives_whatever_happens(store, seed):
    walk = Walk(store, seed)
    seen = set()
    for _ in range(150):
        walk.step()
        assert_counted(store, walk.now)
        seen |= set(recount(store))
    assert seen == set(map(str, RunState))


def test_hours_are_counted_whole(store):
    now = NOW + timedelta(minutes=30)
    for number, ago in enumerate([timedelta(0), 90 * SECOND * 60, HOUR * 2, DAY, DAY + 31 * SECOND * 60], 1):
        at = now - ago
        store.enqueue([new_run(number, created_at=at, run_at=at)])
        [one] = claim(store, now=at)
        settle(store, settlement(one, finished_at=at), now=at)
    counts = store.counts(ROTA, now)
    assert (counts.last_hour, counts.last_day) == ({"succeeded": 2}, {"succeeded": 4})


@shared
def test_many_who_end_runs_at_once_lose_none(store, another):
    store.enqueue([new_run(number) for number in range(1, 201)])
    claimed = claim(store, limit=160)

    def end(place):
        def work():
            own = another()
            ours = claimed[place * 20 : place * 20 + 20]
            for number, one in enumerate(ours):
                settle(own, settlement(one, ("succeeded", "failed")[(place + number) % 2]), now=NOW + SECOND)
            own.cancel([uid(161 + place)], "ada", NOW)
            own.purge(ROTA, NOW + 2 * SECOND, 0, 5)

        return work

    at_once(*map(end, range(8)))
    assert_counted(store, NOW + LEASE)
    while store.purge(ROTA, NOW + HOUR, 0, 50):
        assert_counted(store, NOW + LEASE)
    assert set(store.counts(ROTA, NOW).runs) == {"pending"}
