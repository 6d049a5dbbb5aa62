"""A store: leases, and what becomes of runs when an attempt has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rota.core.outcomes import decide, lost
from rota.core.policies import Crash, Retry, RunPolicy
from rota.core.records import Cancelled, Lease, Outcome, Renewal, Report, RunQuery, RunState
from tests.stores.contract.build import (
    BOOM,
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
    claim_one,
    declare,
    lease,
    moved,
    new_run,
    numbers,
    occurrence,
    released,
    schedule,
    settle,
    settlement,
    states,
    the_run,
    the_schedule,
    uid,
)

LATER = NOW + LEASE + SECOND


def taken_over(store):
    """Return the old and the new claim of a run whose first node was away for longer than its lease."""
    first = claim_one(store, policy=RunPolicy(retry=Retry(attempts=5)))
    [found] = store.overdue(ROTA, LATER, 10)
    assert settle(store, decide(lost(found, LATER), 0.0), now=LATER) == []
    [second] = claim(store, now=LATER, node="node-2")
    return first, second


# -- settling


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_run_ends(store, state):
    one = claim_one(store)
    result = '{"rows":5,"who":["ada",null]}' if state == "succeeded" else None
    assert settle(store, settlement(one, state, result=result, reason="because", log="a line\n")) == []

    found = the_run(store)
    assert found.state is RunState(state)
    assert found.result == ({"rows": 5, "who": ["ada", None]} if result else None)
    assert found.failure == (BOOM if state == "failed" else None)
    assert (found.reason, found.attempt, found.token) == ("because", 1, 1)
    assert found.created_at <= found.started_at <= found.finished_at == NOW + SECOND
    assert found.lease_until is None
    [attempt] = store.attempts(uid(1))
    assert (attempt.number, attempt.node, attempt.log) == (1, "node-1", "a line\n")
    assert (attempt.started_at, attempt.finished_at) == (NOW, NOW + SECOND)
    assert attempt.failure == found.failure
    assert claim(store, now=NOW + DAY) == []


def test_a_batch_is_settled_at_once(store):
    store.enqueue([new_run(k) for k in range(1, 7)])
    ends = ["succeeded", "failed", "pending", "cancelled", "succeeded", "pending"]
    claimed = claim(store)
    assert settle(store, *map(settlement, claimed, ends)) == []
    assert states(store, *range(1, 7)) == ends


def test_nothing_may_be_settled(store):
    assert settle(store) == []


def test_a_body_that_took_no_time_ends_when_it_began(store):
    one = claim_one(store)
    settle(store, settlement(one, finished_at=NOW - SECOND))
    assert the_run(store).finished_at == the_run(store).started_at == NOW


def test_a_retry_waits_for_its_instant_and_is_the_next_attempt(store):
    one = claim_one(store)
    settle(store, settlement(one, "pending"))
    waits = the_run(store)
    assert (waits.state, waits.run_at, waits.attempt) == (RunState.PENDING, NOW + MINUTE, 1)
    assert (waits.node, waits.lease_until, waits.finished_at) == (None, None, None)
    assert claim(store, now=NOW + MINUTE - SECOND) == []
    [again] = claim(store, now=NOW + MINUTE)
    assert (again.attempt, again.token) == (2, 2)


def test_attempts_are_numbered_without_a_hole_and_each_is_kept(store):
    one, now = claim_one(store), NOW
    for number in (1, 2, 3):
        end = "pending" if number < 3 else "succeeded"
        settle(store, settlement(one, end, log=f"attempt {number}\n", run_at=now + MINUTE), now=now)
        now += MINUTE
        claimed = claim(store, now=now, node=f"node-{number + 1}")
        one = claimed[0] if claimed else one

    attempts = store.attempts(uid(1))
    assert [one.number for one in attempts] == [1, 2, 3]
    assert [one.node for one in attempts] == ["node-1", "node-2", "node-3"]
    assert [one.log for one in attempts] == ["attempt 1\n", "attempt 2\n", "attempt 3\n"]
    assert [one.outcome for one in attempts] == [Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED]
    assert [one.failure for one in attempts] == [BOOM, BOOM, None]
    assert [one.started_at for one in attempts] == [NOW, NOW + MINUTE, NOW + 2 * MINUTE]


def test_the_attempt_that_goes_on_is_shown_without_an_outcome(store):
    one = claim_one(store)
    store.report([Report(run_id=one.id, token=one.token, attempt=1, log="so far\n")])
    [attempt] = store.attempts(uid(1))
    assert (attempt.number, attempt.outcome, attempt.finished_at, attempt.log) == (1, None, None, "so far\n")


def test_a_run_that_waits_has_no_attempts(store):
    store.enqueue([new_run(1)])
    assert store.attempts(uid(1)) == []
    assert store.attempts(uid(99)) == store.attempts("nonsense") == []


def test_a_run_that_is_given_back_gives_the_attempt_back_too(store):
    one = claim_one(store)
    assert settle(store, released(one)) == []
    back = the_run(store)
    assert (back.state, back.attempt, back.token, back.started_at) == (RunState.PENDING, 0, 1, None)
    assert store.attempts(uid(1)) == []
    [again] = claim(store)
    assert (again.attempt, again.token) == (1, 2)


def test_a_retry_that_is_given_back_keeps_the_attempts_before_it(store):
    one = claim_one(store)
    settle(store, settlement(one, "pending", run_at=NOW))
    [second] = claim(store)
    settle(store, released(second))
    [third] = claim(store)
    settle(store, settlement(third))
    assert [(one.number, one.outcome) for one in store.attempts(uid(1))] == [(1, "failed"), (2, "succeeded")]


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "pending"])
def test_settling_again_is_harmless(store, end):
    declare(store, schedule(1))
    store.enqueue([occurrence(1)])
    [one] = claim(store)
    mine = settlement(one, end, log="once\n")
    assert settle(store, mine) == []
    before, attempts = the_run(store), store.attempts(uid(1))
    assert settle(store, mine) == []
    assert the_run(store) == before
    assert store.attempts(uid(1)) == attempts
    assert [one.log for one in attempts] == ["once\n"]
    assert len(store.past_errors(uid(1))) == (1 if end in ("failed", "pending") else 0)


def test_a_run_is_cancelled_and_not_retried_if_someone_asked_while_its_attempt_failed(store):
    one = claim_one(store)
    store.cancel([one.id], "ada", NOW)
    assert settle(store, settlement(one, "pending", run_at=NOW)) == []
    assert the_run(store).state is RunState.CANCELLED
    assert the_run(store).finished_at is not None
    assert claim(store, now=NOW + DAY) == []


def test_a_run_given_back_after_someone_asked_it_to_stop_is_cancelled(store):
    one = claim_one(store)
    store.cancel([one.id], "ada", NOW)
    settle(store, released(one))
    assert the_run(store).state is RunState.CANCELLED
    assert claim(store, now=NOW + DAY) == []


# -- fencing


def test_only_the_newest_token_settles(store):
    first, second = taken_over(store)
    assert settle(store, settlement(first, "succeeded", log="too late"), now=LATER) == [uid(1)]
    assert settle(store, settlement(first, "failed"), now=LATER) == [uid(1)]
    assert (the_run(store).state, the_run(store).token) == (RunState.RUNNING, 2)
    assert settle(store, settlement(second), now=LATER) == []
    assert the_run(store).state is RunState.SUCCEEDED
    assert [one.outcome for one in store.attempts(uid(1))] == [Outcome.LOST, Outcome.SUCCEEDED]
    assert "too late" not in store.attempts(uid(1))[1].log


def test_only_the_newest_token_gives_back_or_retries(store):
    first, second = taken_over(store)
    assert settle(store, released(first), settlement(first, "pending"), now=LATER) == [uid(1), uid(1)]
    assert (the_run(store).state, the_run(store).attempt, the_run(store).token) == (RunState.RUNNING, 2, 2)
    assert settle(store, settlement(second), now=LATER) == []


def test_a_late_settlement_among_others_stops_none_of_them(store):
    first, _ = taken_over(store)
    other = claim_one(store, 2)
    assert settle(store, settlement(other, "failed"), settlement(first), now=LATER) == [uid(1)]
    assert states(store, 1, 2) == ["running", "failed"]


def test_only_the_newest_token_reports(store):
    first, second = taken_over(store)
    store.report([Report(run_id=uid(1), token=first.token, attempt=1, done=0.9, note="late", log="late\n")])
    assert (the_run(store).done, the_run(store).note) == (None, None)
    store.report([Report(run_id=uid(1), token=second.token, attempt=2, done=0.5, log="mine\n")])
    assert the_run(store).done == 0.5
    assert [one.log for one in store.attempts(uid(1))] == ["", "mine\n"]


def test_only_the_newest_token_renews(store):
    first, second = taken_over(store)
    assert store.renew([lease(first)], LATER, LATER + HOUR) == Renewal(lost=(uid(1),))
    assert the_run(store).lease_until == LATER + LEASE
    assert store.renew([lease(second)], LATER, LATER + HOUR) == Renewal()
    assert the_run(store).lease_until == LATER + HOUR


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_an_ended_run_is_not_ended_otherwise(store, end):
    one = claim_one(store)
    settle(store, settlement(one, end))
    before = the_run(store)
    for other in {"succeeded", "failed", "cancelled", "pending"} - {end}:
        settle(store, settlement(one, other))
    settle(store, released(one))
    store.report([Report(run_id=uid(1), token=one.token, attempt=1, done=1.0, log="late")])
    store.cancel([uid(1)], "ada", NOW)
    store.expire(ROTA, NOW + DAY, 10)
    assert store.renew([lease(one)], NOW, NOW + HOUR).lost == (uid(1),)
    assert the_run(store) == before
    assert [one.log for one in store.attempts(uid(1))] == [""]


def test_a_run_that_does_not_exist_is_lost(store):
    one = claim_one(store)
    gone = replace(settlement(one), run_id=uid(99))
    assert settle(store, gone, settlement(one)) == [uid(99)]
    assert store.renew([Lease(uid(99), 1)], NOW, NOW + HOUR) == Renewal(lost=(uid(99),))


def test_of_a_settlement_and_a_takeover_at_once_exactly_one_wins(another):
    worker, rescuer = another(), another()
    for number in range(1, 11):
        one = claim_one(worker, number)
        [found] = rescuer.overdue(ROTA, LATER, 10)
        rescue = decide(lost(found, LATER), 0.0)
        mine, theirs = at_once(
            lambda one=one: worker.settle([settlement(one)], LATER),
            lambda rescue=rescue: rescuer.settle([rescue], LATER),
        )
        assert sorted([mine, theirs]) == [[], [uid(number)]]
        assert the_run(worker, number).state == ("pending" if mine else "succeeded")
        worker.cancel([uid(number)], "test", LATER)


# -- success and errors of a schedule


def test_the_last_success_of_a_schedule_moves_forward_only(store):
    declare(store, schedule(1))
    for number, planned_at, end, expected in [
        (1, NOW - HOUR, "failed", None),
        (2, NOW - HOUR, "succeeded", NOW - HOUR),
        (3, NOW, "cancelled", NOW - HOUR),
        (4, NOW, "succeeded", NOW),
        (5, NOW - DAY, "succeeded", NOW),
    ]:
        store.enqueue([occurrence(number, planned_at=planned_at)])
        [one] = claim(store)
        settle(store, settlement(one, end))
        assert the_schedule(store).last_success == expected


def test_the_last_five_errors_of_a_schedule_are_kept_newest_first(store):
    declare(store, schedule(1), schedule(2))
    for number in range(1, 9):
        store.enqueue([occurrence(number)])
        [one] = claim(store)
        failure = replace(BOOM, message=f"boom {number}")
        settle(store, settlement(one, "failed", failure=failure, finished_at=NOW + number * SECOND))
    errors = store.past_errors(uid(1))
    assert [one.failure.message for one in errors] == [f"boom {k}" for k in (8, 7, 6, 5, 4)]
    assert (errors[0].at, errors[0].run_id) == (NOW + 8 * SECOND, uid(8))
    assert errors[0].failure == replace(BOOM, message="boom 8")
    assert store.past_errors(uid(2)) == store.past_errors("nonsense") == []


def test_the_errors_of_retries_are_kept_too(store):
    declare(store, schedule(1))
    store.enqueue([occurrence(1)])
    [one] = claim(store)
    settle(store, settlement(one, "pending"))
    assert [one.run_id for one in store.past_errors(uid(1))] == [uid(1)]


def test_a_node_whose_clock_is_behind_starts_and_ends_no_run_before_it_was_made(store):
    behind = NOW - SECOND
    store.enqueue([new_run(1, run_at=behind), new_run(2, run_at=behind)])
    one, two = claim(store, now=behind)
    assert one.started_at == NOW
    settle(store, settlement(one, started_at=behind, finished_at=behind), now=behind)
    settle(store, settlement(two, "failed", started_at=behind, finished_at=behind, failure=BOOM), now=behind)
    assert {(the_run(store, n).started_at, the_run(store, n).finished_at) for n in (1, 2)} == {(NOW, NOW)}


def test_a_run_is_not_taken_from_a_node_that_has_come_back_in_time(store):
    one = claim_one(store)
    [found] = store.overdue(ROTA, LATER, 10)
    assert store.renew([lease(one)], LATER, LATER + LEASE) == Renewal()
    assert settle(store, decide(lost(found, LATER), 0.0), now=LATER) == [uid(1)]
    assert (the_run(store).state, the_run(store).lease_until) == (RunState.RUNNING, LATER + LEASE)
    assert settle(store, settlement(one), now=LATER) == []


def test_a_lost_lease_leaves_no_error_and_no_success(store):
    declare(store, schedule(1))
    store.enqueue([occurrence(1)])
    [one] = claim(store)
    late = replace(one, token=one.token + 1)
    assert settle(store, settlement(late, "failed")) == [uid(1)]
    assert settle(store, settlement(late)) == [uid(1)]
    assert store.past_errors(uid(1)) == []
    assert the_schedule(store).last_success is None


# -- leases


def test_a_lease_is_extended_and_never_shortened(store):
    one = claim_one(store)
    assert store.renew([lease(one)], NOW, NOW + HOUR) == Renewal()
    assert the_run(store).lease_until == NOW + HOUR
    assert store.renew([lease(one)], NOW, NOW + MINUTE) == Renewal()
    assert the_run(store).lease_until == NOW + HOUR


def test_a_heartbeat_tells_what_is_lost_and_what_is_to_stop(store):
    store.enqueue([new_run(k) for k in range(1, 5)])
    claimed = claim(store)
    settle(store, settlement(claimed[0]))
    store.cancel([uid(2), uid(3)], "ada", NOW)
    answer = store.renew([lease(one) for one in claimed], NOW, NOW + HOUR)
    assert (numbers(answer.lost), numbers(answer.cancelled)) == ([1], [2, 3])
    assert store.renew([], NOW, NOW + HOUR) == Renewal()


def test_a_lease_that_has_run_out_is_still_held_until_someone_takes_the_run(store):
    one = claim_one(store)
    assert store.renew([lease(one)], LATER, LATER + HOUR) == Renewal()
    assert store.overdue(ROTA, LATER, 10) == []


def test_runs_whose_lease_has_run_out_are_overdue_longest_first(store):
    claim_one(store, 1, now=NOW)
    claim_one(store, 2, now=NOW - MINUTE)
    claim_one(store, 3, now=NOW + MINUTE)
    assert numbers(store.overdue(ROTA, NOW + LEASE, 10)) == [2, 1]
    assert numbers(store.overdue(ROTA, NOW + LEASE - SECOND, 10)) == [2]
    assert numbers(store.overdue(ROTA, NOW + DAY, 1)) == [2]
    assert store.overdue("bank", NOW + DAY, 10) == []


def test_a_run_is_found_overdue_however_long_ago_those_claimed_with_it_have_ended(store):
    store.enqueue([new_run(number) for number in range(1, 10)])
    first, *others = claim(store)
    for one in others:
        settle(store, settlement(one))
        assert store.overdue(ROTA, NOW, 10) == []
        assert numbers(store.runs(RunQuery(rota=ROTA, states=(RunState.RUNNING,))))[-1] == 1
    assert numbers(store.overdue(ROTA, NOW + LEASE, 10)) == [1]
    settle(store, settlement(first))
    assert store.overdue(ROTA, NOW + LEASE, 10) == []
    assert store.runs(RunQuery(rota=ROTA, states=(RunState.RUNNING,))) == []


def test_an_overdue_run_carries_what_is_needed_to_decide_about_it(store):
    policy = RunPolicy(retry=Retry(attempts=4), on_crash=Crash.FAIL)
    one = claim_one(store, policy=policy)
    store.cancel([one.id], "ada", NOW)
    [found] = store.overdue(ROTA, LATER, 10)
    assert found == replace(one, cancel_requested=True)


def test_of_many_who_rescue_the_same_run_one_does(another):
    claim_one(another())
    nodes = [another() for _ in range(4)]
    [found] = nodes[0].overdue(ROTA, LATER, 10)
    at_once(*[lambda node=node: node.settle([decide(lost(found, LATER), 0.0)], LATER) for node in nodes])
    store = another()
    assert [one.number for one in store.attempts(uid(1))] == [1]
    claimed = at_once(*[lambda node=node: claim(node, now=LATER) for node in nodes])
    assert [(one.attempt, one.token) for found in claimed for one in found] == [(2, 2)]


# -- start deadlines


def test_pending_runs_past_their_start_deadline_expire(store):
    deadline = RunPolicy(start_deadline=MINUTE)
    store.enqueue(
        [
            new_run(1, policy=deadline),
            new_run(2, policy=deadline, run_at=NOW + SECOND),
            new_run(3),
            new_run(4, policy=deadline, queue="slow"),
        ]
    )
    [running] = claim(store, queues=("slow",))
    assert running.id == uid(4)
    assert store.expire(ROTA, NOW + MINUTE - SECOND, 10) == []
    assert store.expire("bank", NOW + DAY, 10) == []
    assert store.expire(ROTA, NOW + MINUTE, 10) == [uid(1)]
    assert store.expire(ROTA, NOW + HOUR, 10) == [uid(2)]
    assert states(store, 1, 2, 3, 4) == ["expired", "expired", "pending", "running"]
    assert the_run(store).finished_at == NOW + MINUTE
    assert the_run(store).reason
    assert numbers(claim(store, now=NOW + DAY)) == [3]


def test_at_most_so_many_expire_at_once(store):
    store.enqueue([new_run(k, policy=RunPolicy(start_deadline=MINUTE)) for k in range(1, 6)])
    assert len(store.expire(ROTA, NOW + HOUR, 3)) == 3
    assert len(store.expire(ROTA, NOW + HOUR, 3)) == 2


def test_the_deadline_of_a_retry_counts_from_its_own_instant(store):
    one = claim_one(store, policy=RunPolicy(start_deadline=MINUTE))
    settle(store, settlement(one, "pending", run_at=NOW + HOUR))
    assert store.expire(ROTA, NOW + HOUR, 10) == []
    assert numbers(claim(store, now=NOW + HOUR)) == [1]


# -- cancelling


def test_a_pending_run_is_cancelled_at_once_and_a_running_one_is_asked(store):
    store.enqueue([new_run(1), new_run(2), new_run(3, run_at=NOW + HOUR)])
    first, second = claim(store)
    settle(store, settlement(first))
    asked = [uid(1), uid(2), uid(3), uid(99), "nonsense", uid(2)]
    assert store.cancel(asked, "ada", NOW, [audit("cancel")]) == Cancelled(
        at_once=(uid(3),), asked=(uid(2),), ended=(uid(1),), unknown=(uid(99), "nonsense")
    )
    assert states(store, 1, 2, 3) == ["succeeded", "running", "cancelled"]
    assert [the_run(store, k).cancel_by for k in (1, 2, 3)] == [None, "ada", "ada"]
    assert the_run(store, 3).finished_at == NOW
    assert claim(store, now=NOW + DAY) == []
    assert actions(store) == ["cancel"]
    settle(store, settlement(second, "cancelled"))
    assert states(store, 2) == ["cancelled"]


def test_nothing_may_be_cancelled(store):
    assert store.cancel([], "ada", NOW) == Cancelled()


def test_a_running_run_that_was_asked_may_still_succeed(store):
    one = claim_one(store)
    store.cancel([one.id], "ada", NOW)
    store.cancel([one.id], "grace", NOW)
    assert settle(store, settlement(one)) == []
    assert (the_run(store).state, the_run(store).cancel_by) == (RunState.SUCCEEDED, "ada")


def test_after_an_accepted_cancel_no_attempt_begins(another):
    nodes = [another() for _ in range(3)]
    for number in range(1, 11):
        nodes[0].enqueue([new_run(number)])
        answer, *claimed = at_once(
            lambda number=number: nodes[0].cancel([uid(number)], "ada", NOW),
            lambda: claim(nodes[1]),
            lambda: claim(nodes[2]),
        )
        begun = [one for found in claimed for one in found]
        assert bool(answer.at_once) is not bool(begun)
        assert bool(answer.asked) is bool(begun)
        for one in begun:
            settle(nodes[0], settlement(one, "pending", run_at=NOW))
        assert states(nodes[0], number) == ["cancelled"]


# -- progress and logs


def test_progress_is_kept_part_by_part(store):
    one = claim_one(store)
    own = {"run_id": one.id, "token": one.token, "attempt": 1}
    store.report([Report(**own, done=1, total=10), Report(**own, done=2.5)])
    store.report([Report(**own, note="half way")])
    found = the_run(store)
    assert (found.done, found.total, found.note) == (2.5, 10, "half way")
    store.report([])


def test_the_log_of_an_attempt_is_appended_in_order(store):
    one = claim_one(store)
    own = {"run_id": one.id, "token": one.token, "attempt": 1}
    store.report([Report(**own, log="one\n"), Report(**own, log="two\n")])
    store.report([Report(**own, log="three\n")])
    settle(store, settlement(one, log="four\n"))
    assert store.attempts(uid(1))[0].log == "one\ntwo\nthree\nfour\n"


@pytest.mark.parametrize("pieces", [1, 3, 30])
def test_the_log_of_an_attempt_ends_at_a_megabyte(store, pieces):
    one = claim_one(store)
    piece = "é" * (1_200_000 // pieces // 2)
    for _ in range(pieces):
        store.report([Report(run_id=one.id, token=one.token, attempt=1, log=piece)])
    settle(store, settlement(one, "pending", run_at=NOW, log="the end"))
    [again] = claim(store)
    settle(store, settlement(again, log="the next attempt"))
    first, second = store.attempts(uid(1))
    assert 999_900 <= len(first.log.encode()) <= 1_000_200
    assert first.log.startswith("ééé")
    assert "1 MB" in first.log[-100:]
    assert second.log == "the next attempt"


def test_a_retry_starts_without_the_progress_of_the_attempt_before(store):
    one = claim_one(store)
    store.report([Report(run_id=one.id, token=one.token, attempt=1, done=9, total=10, note="nearly")])
    settle(store, settlement(one, "pending", run_at=NOW))
    claim(store)
    found = the_run(store)
    assert (found.done, found.total, found.note) == (None, None, None)


def test_an_occurrence_that_fails_is_still_decided(store):
    declare(store, schedule(1))
    store.record([moved(schedule(1), runs=(occurrence(1),))], NOW)
    [one] = claim(store)
    settle(store, settlement(one, "failed"))
    assert store.record([moved(schedule(1), runs=(occurrence(1),))], NOW) == []
    assert len(store.runs(RunQuery(rota=ROTA))) == 1
