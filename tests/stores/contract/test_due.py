"""A store: what is due, and what is recorded about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rota.core.ids import occurrence_id
from rota.core.planning import plan
from rota.core.policies import Overlap
from rota.core.records import Definition, Pause, RunQuery, RunState, ScheduleQuery, ScheduleState
from tests.stores.contract.build import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    ROTA,
    SECOND,
    at_once,
    change,
    claim,
    declare,
    moved,
    new_run,
    numbers,
    occurrence,
    schedule,
    settle,
    settlement,
    shared,
    states,
    stored,
    the_run,
    the_schedule,
    uid,
)

# -- due


def test_schedules_are_due_from_their_instant_on_earliest_first(store):
    declare(
        store,
        schedule(1, next_due=NOW),
        schedule(2, next_due=NOW - DAY),
        schedule(3, next_due=NOW + SECOND),
        schedule(4, next_due=None),
    )
    assert numbers(store.due(ROTA, NOW, 10)) == [2, 1]
    assert numbers(store.due(ROTA, NOW, 1)) == [2]
    assert numbers(store.due(ROTA, NOW + SECOND, 10)) == [2, 1, 3]
    assert store.due("bank", NOW, 10) == []


def test_the_first_that_are_due_can_be_passed_over(store):
    declare(store, *(schedule(number, next_due=NOW - number * SECOND) for number in range(1, 6)))
    assert numbers(store.due(ROTA, NOW, 10, 2)) == [3, 2, 1]
    assert numbers(store.due(ROTA, NOW, 2, 2)) == [3, 2]
    assert store.due(ROTA, NOW, 2, 5) == []


def test_the_earliest_instant_is_known(store):
    assert store.next_due(ROTA) is None
    declare(store, schedule(1, next_due=NOW + HOUR), schedule(2, next_due=None))
    assert store.next_due(ROTA) == NOW + HOUR
    assert store.next_due("bank") is None


def test_a_next_due_ten_years_old_is_due(store):
    declare(store, schedule(1, next_due=NOW - 3650 * DAY))
    assert numbers(store.due(ROTA, NOW, 10)) == [1]


@pytest.mark.parametrize("state", [state for state in ScheduleState if state is not ScheduleState.ACTIVE])
def test_only_an_active_schedule_is_due(store, state):
    declare(store, schedule(1, state=state))
    assert store.due(ROTA, NOW, 10) == []
    assert store.next_due(ROTA) is None


def test_what_planning_needs_is_read(store):
    pause = Pause(start=NOW, by="ada", reason="", until=NOW + HOUR)
    effective = Definition(task="tidy", timetable="every 5m", priority=3)
    whole = schedule(1, effective=effective, pause=pause, revision=7, runs_made=2, cursor=NOW - MINUTE)
    declare(store, whole)
    [due] = store.due(ROTA, NOW, 10)
    assert (due.id, due.rota, due.name, due.definition) == (whole.id, ROTA, "tidy-1", effective)
    assert (due.revision, due.cursor, due.runs_made, due.pause) == (7, NOW - MINUTE, 2, pause)


@pytest.mark.parametrize("overlap", list(Overlap))
def test_what_is_active_is_read_where_planning_minds_it_and_a_backlog_is_not(store, overlap):
    effective = Definition(task="tidy", timetable="every 5m", overlap=overlap)
    declare(store, schedule(1, effective=effective))
    store.enqueue([occurrence(10), occurrence(11)])
    [due] = store.due(ROTA, NOW, 10)
    wanted = [uid(10), uid(11)] if overlap.minds_others else []
    assert [one.id for one in due.active] == wanted


# -- record


def test_runs_are_inserted_and_the_schedule_moved_together(store):
    declare(store, schedule(1))
    assert store.record([moved(schedule(1), runs=(occurrence(10),), made=1)], NOW) == [uid(1)]
    assert states(store, 10) == ["pending"]
    found = the_schedule(store)
    assert (found.cursor, found.next_due, found.runs_made) == (NOW, NOW + HOUR, 1)
    assert store.due(ROTA, NOW, 10) == []


def test_every_schedule_of_a_batch_stands_for_itself(store):
    declare(store, schedule(1), schedule(2), schedule(3))
    stale = moved(schedule(2), revision=99, runs=(occurrence(12, 2),))
    plans = [moved(schedule(k), runs=(occurrence(10 + k, k),)) for k in (3, 1)]
    assert sorted(store.record([plans[0], stale, plans[1]], NOW)) == [uid(1), uid(3)]
    assert states(store, 11, 13) == ["pending", "pending"]
    assert store.run(uid(12)) is None
    assert numbers(store.due(ROTA, NOW, 10)) == [2]


def test_nothing_is_recorded_for_nothing(store):
    assert store.record([], NOW) == []


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param({"revision": 2}, id="a revision to come"),
        pytest.param({"revision": 0}, id="an older revision"),
        pytest.param({"cursor_was": NOW - 2 * HOUR}, id="an older cursor"),
        pytest.param({"cursor_was": NOW}, id="a newer cursor"),
        pytest.param({"schedule_id": uid(77)}, id="a schedule that is not there"),
    ],
)
def test_a_plan_of_another_state_of_the_schedule_is_not_applied(store, stale):
    declare(store, schedule(1))
    store.enqueue([occurrence(20)])
    late = moved(schedule(1), runs=(occurrence(10),), cancel=(uid(20),), made=1, **stale)
    assert store.record([late], NOW) == []
    assert store.run(uid(10)) is None
    assert states(store, 20) == ["pending"]
    assert the_schedule(store).cursor == NOW - HOUR
    assert the_schedule(store).runs_made == 0


def test_a_plan_made_before_a_pause_or_a_change_is_not_applied(store):
    declare(store, schedule(1))
    store.amend([change(schedule(1), pause=Pause(start=NOW, by="ada", reason=""), next_due=None)], [])
    assert store.record([moved(schedule(1), runs=(occurrence(10),))], NOW) == []
    assert store.run(uid(10)) is None


def test_a_plan_for_a_schedule_that_was_retired_is_not_applied(store):
    declare(store, schedule(1))
    store.amend([change(schedule(1), state=ScheduleState.RETIRED, next_due=None)], [])
    assert store.record([moved(schedule(1, revision=2), runs=(occurrence(10),))], NOW) == []
    assert store.run(uid(10)) is None


def test_the_cursor_never_goes_back(store):
    declare(store, schedule(1, cursor=NOW))
    back = moved(schedule(1, cursor=NOW), cursor=NOW - DAY, next_due=NOW + MINUTE)
    assert store.record([back], NOW) == [uid(1)]
    assert the_schedule(store).cursor == NOW


def test_a_run_that_exists_already_is_left_as_it_is(store):
    declare(store, schedule(1))
    store.enqueue([occurrence(10, args={"by": "hand"})])
    [claimed] = claim(store)
    settle(store, settlement(claimed))
    plans = [moved(schedule(1), runs=(occurrence(10), occurrence(11)), made=2)]
    assert store.record(plans, NOW) == [uid(1)]
    assert (the_run(store, 10).state, the_run(store, 10).args) == (RunState.SUCCEEDED, {"by": "hand"})
    assert states(store, 11) == ["pending"]


def test_what_did_not_run_is_recorded_with_its_span_and_reason(store):
    declare(store, schedule(1))
    record = occurrence(
        10,
        state=RunState.MISSED,
        planned_at=NOW - HOUR,
        window_start=NOW - DAY,
        count=24,
        reason="no scheduler was running",
        serial=False,
    )
    store.record([moved(schedule(1), runs=(record,))], NOW)
    found = the_run(store, 10)
    assert (found.state, found.count, found.reason) == (RunState.MISSED, 24, "no scheduler was running")
    assert (found.window_start, found.planned_at, found.finished_at) == (NOW - DAY, NOW - HOUR, NOW)
    assert claim(store) == []


def test_the_runs_in_the_way_are_stopped(store):
    declare(store, schedule(1))
    store.enqueue([occurrence(10, run_at=NOW - HOUR), occurrence(11)])
    [running] = claim(store, limit=1)
    assert running.id == uid(10)
    plans = [moved(schedule(1), runs=(occurrence(12),), cancel=(uid(10), uid(11), uid(99)))]
    assert store.record(plans, NOW) == [uid(1)]
    assert states(store, 10, 11, 12) == ["running", "cancelled", "pending"]
    assert the_run(store, 10).cancel_by is not None


def test_a_schedule_without_occurrences_left_is_finished(store):
    declare(store, schedule(1))
    store.record([moved(schedule(1), next_due=None, state=ScheduleState.FINISHED)], NOW)
    assert the_schedule(store).state is ScheduleState.FINISHED
    assert store.next_due(ROTA) is None


def test_a_pause_that_has_ended_is_taken_away(store):
    declare(store, schedule(1, pause=Pause(start=NOW - HOUR, by="ada", reason="", until=NOW)))
    store.record([moved(schedule(1), resumed=True)], NOW)
    assert the_schedule(store).pause is None
    assert the_schedule(store).state is ScheduleState.ACTIVE
    assert store.schedules(ScheduleQuery(rota=ROTA, state="paused")) == []
    assert "paused" not in store.counts(ROTA, NOW).schedules


def test_a_schedule_that_can_not_be_evaluated_is_set_aside_and_nothing_of_its_plan_is_done(store):
    declare(store, schedule(1), schedule(2))
    broken = moved(
        schedule(1),
        state=ScheduleState.QUARANTINED,
        quarantine="no such zone",
        runs=(occurrence(10),),
        made=1,
    )
    store.record([broken, moved(schedule(2))], NOW)
    found = the_schedule(store, 1)
    assert (found.state, found.quarantine, found.next_due) == (
        ScheduleState.QUARANTINED,
        "no such zone",
        None,
    )
    assert (found.cursor, found.runs_made) == (NOW - HOUR, 0)
    assert store.run(uid(10)) is None
    assert the_schedule(store, 2).cursor == NOW


def test_a_schedule_that_is_taken_up_again_goes_on_from_its_cursor(store):
    declare(store, schedule(1))
    aside = moved(schedule(1), state=ScheduleState.QUARANTINED, quarantine="no such zone")
    store.record([aside], NOW)
    mended = change(the_schedule(store), state=ScheduleState.ACTIVE, quarantine=None, next_due=NOW)
    assert store.amend([mended], [])
    assert [one.cursor for one in store.due(ROTA, NOW, 10)] == [NOW - HOUR]


# -- a row that was broken by hand


@shared
@pytest.mark.parametrize(
    "broken", ["'{\"task\": 7}'", "'[]'", "'null'", '\'{"task":"tidy","timetable":"1h","overlap":"maybe"}\'']
)
def test_a_definition_broken_by_hand_is_quarantined_and_delays_no_other(store, by_hand, broken):
    declare(store, schedule(1), schedule(2), schedule(3))
    by_hand(f"UPDATE rota_schedule SET effective = {broken} WHERE name = 'tidy-2'")

    assert numbers(store.due(ROTA, NOW, 10)) == [1, 3]
    assert numbers(store.due(ROTA, NOW, 10)) == [1, 3]
    found = the_schedule(store, 2)
    assert found.state is ScheduleState.QUARANTINED
    assert found.quarantine
    assert numbers(store.declared(ROTA, [])) == [1, 2, 3]


@shared
def test_a_definition_that_can_be_read_but_not_evaluated_is_quarantined_by_its_plan(store, by_hand):
    declare(store, schedule(1), schedule(2))
    by_hand("UPDATE rota_schedule SET effective = replace(effective, '1h', '1x') WHERE name = 'tidy-1'")
    applied = store.record([plan(due, NOW) for due in store.due(ROTA, NOW, 10)], NOW)
    assert numbers(applied) == [1, 2]
    assert the_schedule(store, 1).state is ScheduleState.QUARANTINED
    assert the_schedule(store, 2).state is ScheduleState.ACTIVE


# -- several schedulers


def test_schedulers_that_race_on_the_same_schedules_make_each_run_once(another):
    count, schedulers = 20, 4
    definition = Definition(task="tidy", timetable="every 1h", overlap=Overlap.ALLOW)
    declare(another(), *[schedule(k, definition=definition) for k in range(1, count + 1)])

    def scheduler():
        store, now, applied = another(), NOW, []
        for _ in range(6):
            due = store.due(ROTA, now, 7)
            applied += [(one, now) for one in store.record([plan(each, now) for each in due], now)]
            if not due:
                now += HOUR
        return applied

    applied = [one for found in at_once(*[scheduler] * schedulers) for one in found]

    store = another()
    hours = {found.cursor for found in stored(store)}
    runs = store.runs(RunQuery(rota=ROTA, limit=500))
    assert (
        len(runs) == len({run.id for run in runs}) == len({(one.schedule_id, one.planned_at) for one in runs})
    )
    assert all(run.id == occurrence_id(run.schedule_id, run.planned_at) for run in runs)
    assert len(applied) == sum(found.runs_made for found in stored(store)) == len(runs)
    assert hours <= {NOW - HOUR, *[NOW + k * HOUR for k in range(6)]}


def test_of_two_schedulers_with_the_same_plan_one_applies_it(another):
    declare(another(), schedule(1))
    nodes = [another() for _ in range(4)]
    mine = moved(schedule(1), runs=(occurrence(10),), made=1)
    applied = at_once(*[lambda node=node: node.record([mine], NOW) for node in nodes])
    assert sorted(applied) == [[], [], [], [uid(1)]]
    assert the_schedule(another()).runs_made == 1


def test_batches_in_opposite_order_do_not_lock_each_other(another):
    count = 30
    declare(another(), *[schedule(k) for k in range(1, count + 1)])
    nodes = [another() for _ in range(4)]
    plans = [moved(schedule(k), runs=(occurrence(100 + k, k),)) for k in range(1, count + 1)]
    applied = at_once(
        *[
            lambda node=node, mine=plans[:: 1 if k % 2 else -1]: node.record(mine, NOW)
            for k, node in enumerate(nodes)
        ]
    )
    assert sorted(one for found in applied for one in found) == [uid(k) for k in range(1, count + 1)]


def test_a_scheduler_and_an_operator_at_once_leave_no_run_inside_the_pause(another):
    store, other = another(), another()
    for k in range(1, 11):
        store.add_schedule(schedule(k), [])
        pause = Pause(start=NOW - MINUTE, by="ada", reason="")
        recorded, amended = at_once(
            lambda k=k: bool(store.record([moved(schedule(k), runs=(occurrence(100 + k, k),))], NOW)),
            lambda k=k, pause=pause: other.amend([change(schedule(k), pause=pause, next_due=None)], []),
        )
        made = store.run(uid(100 + k)) is not None
        assert made is recorded
        # The plan moves the cursor without a new revision: both may be applied, the run first.
        assert recorded or amended


def test_a_new_revision_is_seen_by_who_read_the_old_one(store):
    declare(store, schedule(1))
    [read] = store.due(ROTA, NOW, 10)
    store.amend([change(schedule(1), effective=replace(schedule(1).effective, task="mail"))], [])
    assert store.record([moved(read, runs=(new_run(10),))], NOW) == []
