"""A store: enqueueing runs and claiming them."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from rota.core.policies import Retry, RunPolicy
from rota.core.records import AlikeRuns, Origin, RunState
from tests.stores.contract.build import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    ROTA,
    SECOND,
    actions,
    at_once,
    audit,
    claim,
    declare,
    in_a_file,
    lease,
    new_run,
    numbers,
    occurrence,
    released,
    request,
    schedule,
    settle,
    settlement,
    shared,
    states,
    the_run,
    uid,
)

# -- enqueue


def test_every_field_of_a_run_comes_back(store):
    whole = new_run(
        1,
        task="mail",
        run_at=NOW + SECOND,
        origin=Origin.MANUAL,
        args={"limit": 5, "who": ["ada", None, 0.5]},
        policy=RunPolicy(retry=Retry(attempts=3), start_deadline=HOUR),
        queue="slow",
        priority=-7,
        schedule_id=uid(77),
        schedule="tidy-77",
        planned_at=NOW - HOUR,
        window_start=NOW - DAY,
        count=3,
        reason="by hand",
        is_catch_up=True,
        serial=True,
        lane="mail-server",
        lane_limit=3,
        blocked_by=uid(8),
        parent=uid(9),
        by="ada",
    )
    assert store.enqueue([whole]) == [uid(1)]
    found = the_run(store)
    same = {name: getattr(found, name) for name in whole.__dataclass_fields__}
    assert replace(whole, **same) == whole
    assert (found.attempt, found.token, found.node, found.result) == (0, 0, None, None)


def test_one_id_makes_one_run(store):
    assert store.enqueue([new_run(1), new_run(2)]) == [uid(1), uid(2)]
    assert store.enqueue([new_run(2, task="mail"), new_run(3), new_run(1)]) == [uid(3)]
    assert the_run(store, 2).task == "tidy"
    assert numbers(claim(store)) == [1, 2, 3]


def test_one_id_twice_in_one_batch_makes_one_run(store):
    assert set(store.enqueue([new_run(1), new_run(1)])) == {uid(1)}
    assert numbers(claim(store)) == [1]


def test_one_id_from_many_callers_makes_one_run(another):
    nodes = [another() for _ in range(6)]
    new = at_once(*[lambda node=node: node.enqueue([new_run(k) for k in (1, 2, 3)]) for node in nodes])
    assert sorted(one for found in new for one in found) == [uid(1), uid(2), uid(3)]


def test_nothing_may_be_enqueued(store):
    assert store.enqueue([]) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_runs_that_are_alike_are_stored_as_if_each_had_been_made_by_itself(store, count):
    pattern = replace(new_run(0), queue="mail", priority=3, lane="card", lane_limit=2, by="ann")
    args = [{"text": f'{number} \u00e9\0"{{}}\\'} if number % 2 else {} for number in range(count)]
    together = [uid(number) for number in range(count)]
    assert store.enqueue(AlikeRuns(pattern, together, args)) == together
    assert store.enqueue(AlikeRuns(pattern, together, args)) == []

    apart = [uid(100 + number) for number in range(count)]
    for run_id, values in zip(apart, args, strict=True):
        store.enqueue([replace(pattern, id=run_id, args=values)])
    assert [replace(store.run(one), id="") for one in together] == [
        replace(store.run(one), id="") for one in apart
    ]


def test_runs_of_which_each_differs_in_one_thing_are_stored_as_they_are(store):
    runs = [
        replace(new_run(1), priority=7),
        replace(new_run(2), queue="mail"),
        replace(new_run(3), policy=RunPolicy(retry=Retry(attempts=3))),
        replace(new_run(4), run_at=NOW + HOUR, lane="card", lane_limit=4),
    ]
    assert store.enqueue(runs) == [one.id for one in runs]
    found = [store.run(one.id) for one in runs]
    assert [(one.priority, one.queue, one.policy, one.run_at, one.lane, one.lane_limit) for one in found] == [
        (one.priority, one.queue, one.policy, one.run_at, one.lane, one.lane_limit) for one in runs
    ]


def test_enqueueing_has_its_audit_line_in_the_same_transaction(store):
    store.enqueue([new_run(1)], [audit("enqueue")])
    assert actions(store) == ["enqueue"]


@shared
def test_a_run_is_there_exactly_when_the_callers_transaction_is_committed(store, connect):
    with closing(connect()) as connection:
        connection.execute("CREATE TABLE orders (id integer)")
        connection.commit()
        connection.execute("INSERT INTO orders VALUES (1)")
        assert store.enqueue([new_run(1)], [audit("enqueue")], connection=connection) == [uid(1)]
        assert store.run(uid(1)) is None
        connection.rollback()
        assert store.run(uid(1)) is None
        assert actions(store) == []

        connection.execute("INSERT INTO orders VALUES (2)")
        assert store.enqueue([new_run(1), new_run(2)], connection=connection) == [uid(1), uid(2)]
        assert store.enqueue([new_run(2)], connection=connection) == []
        connection.commit()
        assert [tuple(row) for row in connection.execute("SELECT id FROM orders").fetchall()] == [(2,)]
    assert numbers(claim(store)) == [1, 2]


@shared
def test_the_callers_transaction_is_neither_ended_nor_begun_anew(store, connect):
    with closing(connect()) as connection:
        connection.execute("CREATE TABLE orders (id integer)")
        connection.commit()
        store.enqueue([new_run(1)], connection=connection)
        connection.execute("INSERT INTO orders VALUES (1)")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM orders").fetchone()[0] == 0
    assert store.run(uid(1)) is None


# -- the order


def test_runs_start_by_priority_then_by_instant_then_by_id(store):
    store.enqueue(
        [
            new_run(1, run_at=NOW - SECOND),
            new_run(2, priority=5),
            new_run(3, priority=-5, run_at=NOW - DAY),
            new_run(5, run_at=NOW - HOUR),
            new_run(4, run_at=NOW - HOUR),
            new_run(6, priority=5, run_at=NOW - SECOND),
        ]
    )
    assert numbers(claim(store, limit=4)) == [6, 2, 4, 5]
    assert numbers(claim(store, limit=4)) == [1, 3]


def test_the_order_is_one_for_runs_that_wait_for_others_and_runs_that_do_not(store):
    store.enqueue(
        [
            new_run(1, run_at=NOW - 3 * SECOND),
            occurrence(2, 1, run_at=NOW - 4 * SECOND),
            new_run(3, run_at=NOW - SECOND, queue="slow"),
            occurrence(4, 2, run_at=NOW - 2 * SECOND, queue="slow"),
            new_run(5, priority=1, lane="mail"),
        ]
    )
    both = {"queues": ("default", "slow")}
    assert numbers(claim(store, limit=2, **both)) == [5, 2]
    assert numbers(claim(store, limit=2, **both)) == [1, 4]
    assert numbers(claim(store, limit=2, **both)) == [3]


def test_no_run_starts_before_its_instant(store):
    store.enqueue([new_run(1, run_at=NOW + SECOND)])
    assert claim(store) == []
    assert numbers(claim(store, now=NOW + SECOND)) == [1]


def test_at_most_as_many_are_claimed_as_asked_for(store):
    store.enqueue([new_run(k) for k in range(1, 6)])
    assert claim(store, limit=0) == []
    assert numbers(claim(store, limit=3)) == [1, 2, 3]
    assert numbers(claim(store, limit=3)) == [4, 5]
    assert claim(store, limit=3) == []


def test_a_node_claims_from_its_own_queues_only(store):
    store.enqueue([new_run(1), new_run(2, queue="slow"), new_run(3, rota="bank")])
    assert numbers(claim(store, queues=("slow", "slow", "unknown"))) == [2]
    assert claim(store, queues=()) == []
    assert numbers(claim(store, rota="bank")) == [3]
    assert numbers(claim(store)) == [1]


def test_a_run_of_an_unknown_task_is_left_alone_and_not_counted(store):
    store.enqueue([new_run(1, task="brand.new", run_at=NOW - HOUR), new_run(2)])
    assert numbers(claim(store)) == [2]
    assert claim(store, tasks=()) == []
    assert (the_run(store).state, the_run(store).attempt, the_run(store).token) == (RunState.PENDING, 0, 0)
    assert numbers(claim(store, tasks=("brand.new",))) == [1]


def test_unknown_tasks_however_many_do_not_hide_the_known(store):
    store.enqueue([new_run(k, task="brand.new", run_at=NOW - HOUR) for k in range(1, 301)])
    store.enqueue([new_run(900), occurrence(901)])
    assert numbers(claim(store, limit=2)) == [900, 901]


@shared
def test_runs_deleted_by_hand_do_not_hide_those_behind_them(store, by_hand):
    store.enqueue([new_run(number, run_at=NOW - HOUR + number * SECOND) for number in range(1, 8)])
    by_hand(f"DELETE FROM rota_run WHERE id <= '{uid(6)}'")
    found = [one for _ in range(4) for one in claim(store, limit=2)]
    assert numbers(found) == [7]


@shared
def test_nothing_waits_for_ever_for_a_running_run_that_was_deleted_by_hand(store, by_hand):
    store.enqueue([occurrence(1)])
    claim(store)
    store.enqueue([occurrence(2)])
    by_hand(f"DELETE FROM rota_run WHERE id = '{uid(1)}'")
    assert store.overdue(ROTA, NOW, 10) == []
    assert numbers(claim(store)) == [2]


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
@pytest.mark.parametrize("lane", [None, "printer"])
def test_a_run_whose_row_someone_holds_is_left_alone_and_stops_nobody(store, connect, lane):
    store.enqueue([new_run(number, lane=lane, lane_limit=9) for number in range(1, 4)])
    with closing(connect()) as operator:
        operator.execute(f"SELECT 1 FROM rota_run WHERE id = '{uid(2)}' FOR UPDATE")
        assert numbers(claim(store)) == [1, 3]
        operator.rollback()
    assert numbers(claim(store)) == [2]


def test_a_run_past_its_start_deadline_is_not_claimed(store):
    deadline = RunPolicy(start_deadline=MINUTE)
    store.enqueue(
        [new_run(1, policy=deadline), new_run(2, policy=deadline, serial=True, schedule_id=uid(50))]
    )
    assert claim(store, now=NOW + MINUTE) == []
    assert numbers(claim(store, now=NOW + MINUTE - SECOND)) == [1, 2]


def test_runs_that_have_ended_or_are_records_are_not_claimed(store):
    store.enqueue([new_run(k, state=state) for k, state in enumerate(RunState, 1) if state != "running"])
    assert numbers(claim(store)) == [1]


# -- what a claim gives


def test_a_claim_carries_what_the_attempt_needs(store):
    policy = RunPolicy(retry=Retry(attempts=3))
    declare(store, schedule(1))
    store.enqueue(
        [occurrence(1, args={"limit": 5}, policy=policy, is_catch_up=True, created_at=NOW - SECOND)]
    )
    [one] = claim(store)
    assert (one.id, one.token, one.attempt, one.task, one.args) == (uid(1), 1, 1, "tidy", {"limit": 5})
    assert (one.policy, one.queue, one.created_at, one.run_at) == (policy, "default", NOW - SECOND, NOW)
    assert (one.started_at, one.schedule_id, one.schedule) == (NOW, uid(1), "tidy-1")
    assert (one.planned_at, one.is_catch_up, one.cancel_requested) == (NOW, True, False)

    found = the_run(store)
    assert (found.state, found.node, found.lease_until) == (RunState.RUNNING, "node-1", NOW + LEASE)
    assert (found.started_at, found.attempt, found.token) == (NOW, 1, 1)


def test_a_claim_knows_the_last_success_of_its_schedule(store):
    declare(store, schedule(1))
    store.enqueue([occurrence(1, planned_at=NOW - DAY)])
    [first] = claim(store)
    assert first.last_success is None
    settle(store, settlement(first))
    store.enqueue([occurrence(2)])
    assert [one.last_success for one in claim(store)] == [NOW - DAY]


def test_the_token_and_the_attempt_grow_with_each_claim(store):
    store.enqueue([new_run(1)])
    for expected in (1, 2, 3):
        [one] = claim(store)
        assert (one.token, one.attempt) == (expected, expected)
        settle(store, settlement(one, "pending", run_at=NOW))


def test_when_the_next_run_is_ready_is_known(store):
    assert store.next_ready(ROTA, ["default"], NOW) is None
    store.enqueue(
        [
            new_run(1, run_at=NOW),
            new_run(2, run_at=NOW + HOUR, priority=9),
            new_run(3, run_at=NOW + MINUTE),
            new_run(4, run_at=NOW + SECOND, queue="slow"),
        ]
    )
    assert store.next_ready(ROTA, ["default"], NOW) == NOW + MINUTE
    assert store.next_ready(ROTA, ["default", "slow"], NOW) == NOW + SECOND
    assert store.next_ready(ROTA, ["default"], NOW + MINUTE) == NOW + HOUR
    assert store.next_ready(ROTA, ["default"], NOW + HOUR) is None
    assert store.next_ready("bank", ["default"], NOW) is None


# -- overlap: one run of a schedule at a time


def test_a_serial_run_waits_while_another_of_its_schedule_is_running(store):
    store.enqueue([occurrence(1), occurrence(2), occurrence(3, 2)])
    first, other = claim(store)
    assert numbers([first, other]) == [1, 3]
    assert claim(store) == []
    settle(store, settlement(first))
    assert numbers(claim(store)) == [2]


def test_a_serial_run_waits_for_every_run_of_its_schedule(store):
    store.enqueue([occurrence(1, serial=False)])
    claim(store)
    store.enqueue([occurrence(2), occurrence(3, serial=False)])
    assert numbers(claim(store)) == [3]


def test_a_retry_that_waits_lets_the_next_one_start(store):
    store.enqueue([occurrence(1), occurrence(2)])
    [first] = claim(store)
    settle(store, settlement(first, "pending", run_at=NOW + HOUR))
    assert numbers(claim(store)) == [2]


def test_a_serial_run_that_was_taken_back_or_lost_frees_its_schedule(store):
    store.enqueue([occurrence(1, run_at=NOW - SECOND), occurrence(2)])
    [first] = claim(store)
    settle(store, released(first))
    assert numbers(claim(store)) == [1]


# -- concurrency keys


def lane(number: int, limit: int = 2, name: str = "mail", **changes):
    return new_run(number, lane=name, lane_limit=limit, **changes)


def test_no_more_runs_of_a_concurrency_key_start_than_its_limit(store):
    store.enqueue([lane(k) for k in range(1, 6)] + [lane(6, name="disk"), new_run(7)])
    first = claim(store)
    assert numbers(first) == [1, 2, 6, 7]
    assert claim(store) == []
    settle(store, settlement(first[0]))
    assert numbers(claim(store)) == [3]


def test_a_key_counts_the_runs_of_all_queues_and_nodes(store):
    store.enqueue([lane(1, queue="slow"), lane(2), lane(3)])
    claim(store, queues=("slow",), node="node-2")
    assert numbers(claim(store)) == [2]


def test_the_same_key_in_another_rota_is_another_one(store):
    store.enqueue([lane(1, limit=1), lane(2, limit=1, rota="bank")])
    assert numbers(claim(store)) == [1]
    assert numbers(claim(store, rota="bank")) == [2]


def test_overlap_and_concurrency_hold_together(store):
    lanes = {"lane": "mail", "lane_limit": 2}
    store.enqueue([occurrence(1, **lanes), occurrence(2, **lanes), occurrence(3, 2, **lanes), lane(4)])
    assert numbers(claim(store)) == [1, 3]


def test_a_long_backlog_behind_a_full_key_does_not_starve_the_others(store):
    store.enqueue([lane(k, limit=1, run_at=NOW - HOUR) for k in range(1, 401)])
    store.enqueue([occurrence(k, 1, run_at=NOW - HOUR) for k in range(401, 801)])
    store.enqueue([new_run(900), lane(901, name="disk"), occurrence(902, 2)])
    assert sorted(numbers(claim(store, limit=5))) == [1, 401, 900, 901, 902]
    assert claim(store, limit=5) == []


def test_a_backlog_of_high_priority_that_has_to_wait_lets_the_lower_ones_start(store):
    store.enqueue([lane(k, limit=1, priority=9) for k in range(1, 60)])
    store.enqueue([new_run(100), new_run(101, priority=-9)])
    assert numbers(claim(store, limit=3)) == [1, 100, 101]


# -- many at once


def drain(node, **changes):
    """Claim until nothing is left, settling at once; return the ids in the order of the claims."""
    claimed = []
    while found := claim(node, limit=3, **changes):
        claimed += found
        settle(node, *map(settlement, found))
    return [one.id for one in claimed]


def test_no_two_nodes_share_a_run(another):
    another().enqueue([new_run(k) for k in range(1, 201)])
    nodes = [another() for _ in range(6)]
    claimed = at_once(*[lambda node=node: drain(node) for node in nodes])
    assert sorted(numbers([one for found in claimed for one in found])) == list(range(1, 201))


def test_a_concurrency_limit_holds_under_many_claims_at_once(another):
    store = another()
    store.enqueue([lane(k, limit=3) for k in range(1, 61)])
    store.enqueue([occurrence(k, k % 5) for k in range(100, 140)])
    nodes = [another() for _ in range(8)]
    for _ in range(4):
        found = at_once(*[lambda node=node: claim(node, limit=4) for node in nodes])
        running = [one for some in found for one in some]
        by_schedule = Counter(one.schedule_id for one in running)
        assert by_schedule.pop(None, 0) <= 3
        assert all(count == 1 for count in by_schedule.values())
        assert len({one.id for one in running}) == len(running)
        settle(store, *map(settlement, running))


def test_whatever_is_claimed_at_once_everything_is_done_in_the_end(another):
    store = another()
    store.enqueue([lane(k, limit=2) for k in range(1, 31)])
    store.enqueue([occurrence(k, k % 3) for k in range(31, 61)])
    store.enqueue([new_run(k, priority=k % 4) for k in range(61, 91)])
    nodes = [another() for _ in range(4)]
    claimed = at_once(*[lambda node=node: drain(node) for node in nodes])
    everything = [one for found in claimed for one in found] + drain(store)
    assert sorted(numbers(everything)) == list(range(1, 91))
    assert set(states(store, *range(1, 91))) == {"succeeded"}


@in_a_file
@pytest.mark.parametrize("isolation_level", [None, "DEFERRED", "IMMEDIATE"])
def test_the_callers_connection_may_be_in_any_mode(store, connect, isolation_level):
    with closing(connect()) as connection:
        connection.isolation_level = isolation_level
        connection.execute("BEGIN")
        store.enqueue([new_run(1)], connection=connection)
        connection.rollback()
    assert store.run(uid(1)) is None


# -- a claim whose answer was lost


def test_what_a_claim_has_leased_is_found_by_its_request(store):
    store.enqueue([new_run(number) for number in (1, 2, 3)])
    first, second = request(limit=2), request(limit=2, until=NOW + LEASE + SECOND)
    assert store.claimed(first) == []
    leased = store.claim(first)
    others = store.claim(second)
    assert (numbers(leased), numbers(others)) == ([1, 2], [3])
    assert store.claimed(first) == leased
    assert store.claimed(second) == others
    assert store.claimed(request(node="another")) == []


def test_what_was_renewed_or_has_ended_is_no_longer_found_by_the_request_of_its_claim(store):
    store.enqueue([new_run(number) for number in (1, 2, 3)])
    asked = request()
    first, second, third = store.claim(asked)
    store.renew([lease(first)], NOW + SECOND, NOW + HOUR)
    settle(store, settlement(second))
    assert store.claimed(asked) == [third]


def test_a_lease_that_was_renewed_until_the_end_of_a_later_claim_is_not_taken_for_one_of_its_own(store):
    store.enqueue([new_run(number) for number in (1, 2)])
    [first] = store.claim(request(limit=1))
    later = request(now=NOW + SECOND, until=NOW + SECOND + LEASE)
    second = store.claim(later)
    store.renew([lease(first)], NOW + SECOND, NOW + SECOND + LEASE)
    assert store.claimed(later) == second
