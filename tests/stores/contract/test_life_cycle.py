"""The life of runs: several nodes do anything in any order, and the invariants hold.

A small model that knows nothing of the store says what may be true of each run; a run that any step
touches is compared with it at once, all of them at the end of each step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rota.core.outcomes import decide, lost
from rota.core.policies import Backoff, Crash, Growth, Retry, RunPolicy
from rota.core.records import (
    ENDED,
    Claimed,
    Failure,
    Finished,
    Lease,
    Outcome,
    Report,
    RunQuery,
    RunState,
)
from rota.stores import open_store
from tests.stores.contract.build import (
    LEASE,
    NOW,
    ROTA,
    SECOND,
    TASKS,
    declare,
    new_run,
    request,
    schedule,
    uid,
)

NODES = ("ada", "grace", "mary")
POLICIES = [
    RunPolicy(),
    RunPolicy(retry=Retry(attempts=3, backoff=Backoff(Growth.FIXED, SECOND, jitter=0.0))),
    RunPolicy(retry=Retry(attempts=2), on_crash=Crash.FAIL),
    RunPolicy(start_deadline=30 * SECOND),
]
LEGAL = {
    RunState.PENDING: {RunState.RUNNING, RunState.CANCELLED, RunState.EXPIRED},
    RunState.RUNNING: {RunState.PENDING, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED},
}


@dataclass
class Known:
    """What the model knows of one run."""

    number: int
    created_at: datetime
    policy: RunPolicy
    serial_key: int | None
    lane: str | None
    state: RunState = RunState.PENDING
    token: int = 0
    attempts: int = 0
    node: str | None = None
    lease_until: datetime | None = None
    asked: bool = False
    purged: bool = False

    def becomes(self, state: RunState) -> None:
        assert state in LEGAL.get(self.state, set()), f"{self.state} -> {state}"
        self.state = state
        if state is not RunState.RUNNING:
            self.node = self.lease_until = None


class LifeCycle(RuleBasedStateMachine):
    """Three nodes, one store in memory, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.store = open_store("sqlite:///:memory:")
        self.now = NOW
        self.known: dict[str, Known] = {}
        self.held: list[tuple[str, Claimed]] = []  # also leases that are long lost

    def teardown(self) -> None:
        self.store.close()

    @initialize()
    def declares(self) -> None:
        declare(self.store, schedule(1), schedule(2))

    # -- what may happen

    @rule(after=st.sampled_from([0, 1, 5, 25]))
    def time_passes(self, after: int) -> None:
        self.now += timedelta(seconds=after)

    @rule(
        count=st.integers(1, 3),
        policy=st.sampled_from(POLICIES),
        wait=st.sampled_from([0, 0, 2]),
        priority=st.integers(-1, 1),
        of=st.sampled_from([None, 1, 2]),
        lane=st.sampled_from([None, None, "mail"]),
    )
    def enqueues(self, count, policy, wait, priority, of, lane) -> None:
        runs = []
        for _ in range(count):
            number = len(self.known) + 1
            own = {"schedule_id": uid(of), "schedule": f"tidy-{of}", "serial": True} if of else {}
            run = new_run(
                number,
                created_at=self.now,
                run_at=self.now + wait * SECOND,
                policy=policy,
                priority=priority,
                lane=lane,
                lane_limit=2,
                **own,
            )
            runs.append(run)
            self.known[run.id] = Known(number, self.now, policy, of, lane)
        assert self.store.enqueue(runs) == [run.id for run in runs]
        assert self.store.enqueue(runs) == []

    @rule(node=st.sampled_from(NODES), limit=st.integers(1, 4), seconds=st.sampled_from([5, 20]))
    def claims(self, node, limit, seconds) -> None:
        until = self.now + seconds * SECOND
        claimed = self.store.claim(request(node=node, now=self.now, until=until, limit=limit, tasks=TASKS))
        assert len(claimed) <= limit
        for one in claimed:
            known = self.known[one.id]
            known.becomes(RunState.RUNNING)
            assert one.token == known.token + 1, "the token grows by one"
            assert one.attempt == known.attempts + 1, "attempts have no hole"
            assert one.run_at <= self.now
            assert known.created_at <= one.started_at == self.now
            assert not known.asked, "after an accepted cancel no attempt begins"
            known.token, known.attempts, known.node, known.lease_until = one.token, one.attempt, node, until
            self.held.append((node, one))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), seconds=st.sampled_from([5, 20]))
    def renews(self, data, seconds) -> None:
        until = self.now + seconds * SECOND
        leases = data.draw(st.lists(st.sampled_from(self.held), max_size=4, unique_by=lambda one: one[1].id))
        answer = self.store.renew([Lease(one.id, one.token) for _, one in leases], self.now, until)
        for _, one in leases:
            known = self.known[one.id]
            valid = self.is_valid(Lease(one.id, one.token))
            assert (one.id in answer.lost) is not valid
            assert (one.id in answer.cancelled) is (valid and known.asked)
            if valid and known.lease_until is not None:
                known.lease_until = max(known.lease_until, until)

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        outcomes=st.lists(
            st.sampled_from([one for one in Outcome if one is not Outcome.LOST]), min_size=1, max_size=3
        ),
    )
    def settles(self, data, outcomes) -> None:
        """Nodes end their attempts; some of them no longer hold the lease, or have settled before."""
        count = len(outcomes)
        drawn = data.draw(
            st.lists(st.sampled_from(self.held), min_size=1, max_size=count, unique_by=lambda one: one[1].id)
        )
        finished = [
            Finished(
                run=replace(one, cancel_requested=self.known[one.id].asked and data.draw(st.booleans())),
                outcome=outcome,
                started_at=one.started_at,
                finished_at=self.now,
                failure=Failure(kind="x", message="") if outcome is Outcome.FAILED else None,
                log=data.draw(st.sampled_from(["", "a line\n"])),
            )
            for (_, one), outcome in zip(drawn, outcomes, strict=False)
        ]
        self.settle(finished)

    @precondition(lambda self: self.held)
    @rule(node=st.sampled_from(NODES))
    def takes_over(self, node) -> None:
        """All nodes but one are away for longer than their leases."""
        self.time_passes(25)
        self.rescues(9)
        self.claims(node, 9, 20)

    @precondition(lambda self: self.stale())
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def wakes_up_late(self, data, outcome) -> None:
        """A node goes on with a run that another one has taken over: nothing of it is written."""
        one = data.draw(st.sampled_from(self.stale()))
        before = self.store.run(one.id)
        assert self.store.renew([Lease(one.id, one.token)], self.now, self.now + 99 * SECOND).lost == (
            one.id,
        )
        self.store.report([Report(run_id=one.id, token=one.token, attempt=one.attempt, done=1.0, log="late")])
        finished = Finished(run=one, outcome=outcome, started_at=one.started_at, finished_at=self.now)
        assert self.store.settle([decide(finished, 0.0)], self.now) == [one.id]
        assert self.store.run(one.id) == before

    def stale(self) -> list[Claimed]:
        """Return claims of runs that are running under a newer token."""
        known = self.known
        return [
            one
            for _, one in self.held
            if known[one.id].state is RunState.RUNNING and known[one.id].token > one.token
        ]

    @rule(limit=st.integers(1, 3))
    def rescues(self, limit) -> None:
        found = self.store.overdue(ROTA, self.now, limit)
        overdue = {
            run_id for run_id, one in self.known.items() if (one.lease_until or self.now + LEASE) <= self.now
        }
        assert {one.id for one in found} <= overdue
        assert len(found) == min(limit, len(overdue))
        for one in found:
            assert one.token == self.known[one.id].token
            assert one.attempt == self.known[one.id].attempts
        self.settle([lost(one, self.now) for one in found])

    def settle(self, finished: list[Finished]) -> None:
        settlements = [decide(one, 0.0) for one in finished]
        before = {one.run_id: self.is_valid(Lease(one.run_id, one.token)) for one in settlements}
        answer = self.store.settle(settlements, self.now)
        for one in settlements:
            known = self.known[one.run_id]
            if not before[one.run_id]:
                # Told as lost, or it is where this settlement would put it: the same answer came before.
                if one.run_id not in answer:
                    assert known.token == one.token
                    assert known.state in {one.state, RunState.CANCELLED}
                continue
            assert one.run_id not in answer
            if not one.counted:
                known.attempts -= 1
            again = one.state is RunState.PENDING
            known.becomes(RunState.CANCELLED if again and known.asked else one.state)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancels(self, data) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.known)), max_size=3, unique=True))
        answer = self.store.cancel([*ids, uid(999_999)], "ada", self.now)
        assert answer.unknown == (*[one for one in ids if self.known[one].purged], uid(999_999))
        for run_id in ids:
            known = self.known[run_id]
            if known.purged:
                continue
            assert (run_id in answer.at_once) is (known.state is RunState.PENDING)
            assert (run_id in answer.asked) is (known.state is RunState.RUNNING)
            assert (run_id in answer.ended) is (known.state in ENDED)
            if known.state not in ENDED:
                known.asked = True
            if known.state is RunState.PENDING:
                known.becomes(RunState.CANCELLED)

    @rule()
    def expires(self) -> None:
        for run_id in self.store.expire(ROTA, self.now, 100):
            assert self.known[run_id].policy.start_deadline is not None
            self.known[run_id].becomes(RunState.EXPIRED)

    @rule(age=st.sampled_from([0, 10]), keep=st.integers(0, 2))
    def purges(self, age, keep) -> None:
        kept = {run_id for of in (1, 2) for run_id in self.newest(of, keep)}
        deleted = self.store.purge(ROTA, self.now - age * SECOND, keep, 100)
        left = {run.id for run in self.store.runs(RunQuery(rota=ROTA, limit=500))}
        gone = {run_id for run_id, one in self.known.items() if run_id not in left and not one.purged}
        assert len(gone) == deleted
        assert not gone & kept, "the last runs of a schedule are never forgotten"
        for run_id in gone:
            assert self.known[run_id].state in ENDED, "what has not ended is never forgotten"
            self.known[run_id].purged = True

    def newest(self, of: int, count: int) -> list[str]:
        """Return the last `count` ended runs of a schedule. Their numbers grow with their creation."""
        ended = [
            run_id
            for run_id, one in self.known.items()
            if one.serial_key == of and one.state in ENDED and not one.purged
        ]
        return ended[len(ended) - count :] if count < len(ended) else ended

    # -- what is always true

    def is_valid(self, lease: Lease) -> bool:
        known = self.known[lease.run_id]
        return known.state is RunState.RUNNING and known.token == lease.token

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        runs = {run.id: run for run in self.store.runs(RunQuery(rota=ROTA, limit=500))}
        assert runs.keys() == {run_id for run_id, one in self.known.items() if not one.purged}
        for run_id, run in runs.items():
            known = self.known[run_id]
            assert (run.state, run.token, run.attempt) == (known.state, known.token, known.attempts)
            assert run.lease_until == known.lease_until
            assert run.node == known.node or run.state in ENDED
            assert (run.finished_at is not None) is (run.state in ENDED)
            times = [one for one in (run.created_at, run.started_at, run.finished_at) if one is not None]
            assert times == sorted(times)

    @invariant()
    def overlap_and_concurrency_hold(self) -> None:
        running = [one for one in self.known.values() if one.state is RunState.RUNNING]
        for of in (1, 2):
            assert sum(one.serial_key == of for one in running) <= 1
        assert sum(one.lane == "mail" for one in running) <= 2

    @invariant()
    def attempts_are_numbered_without_a_hole(self) -> None:
        for run_id, known in self.known.items():
            attempts = [] if known.purged else self.store.attempts(run_id)
            expected = 0 if known.purged else known.attempts
            assert [one.number for one in attempts] == list(range(1, expected + 1))
            going_on = [one for one in attempts if one.outcome is None]
            assert len(going_on) == (known.state is RunState.RUNNING)

    @invariant()
    def counts_are_what_a_recount_gives(self) -> None:
        counts = self.store.counts(ROTA, self.now).runs
        recount = [str(one.state) for one in self.known.values() if not one.purged]
        assert dict(counts) == {state: recount.count(state) for state in set(recount)}


LifeCycle.TestCase.settings = settings(max_examples=40, stateful_step_count=40)
TestLifeCycle = LifeCycle.TestCase
