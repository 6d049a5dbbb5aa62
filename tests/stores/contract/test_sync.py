"""A store: syncs and changes of schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rota.core.overriding import FIELDS, value_of, with_value
from rota.core.policies import (
    Backoff,
    CatchUp,
    CatchUpRule,
    Concurrency,
    Crash,
    Growth,
    Overlap,
    Retry,
    RunPolicy,
    TimeLimit,
)
from rota.core.records import (
    ActiveRun,
    Change,
    Definition,
    Override,
    Pause,
    RunState,
    ScheduleQuery,
    ScheduleState,
    Source,
)
from tests.stores.contract.build import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    ROTA,
    SECOND,
    actions,
    at_once,
    audit,
    change,
    claim,
    declare,
    generation,
    moved,
    new_run,
    numbers,
    occurrence,
    schedule,
    shared,
    states,
    stored,
    sync_plan,
    the_run,
    the_schedule,
    uid,
)

EVERYTHING = Definition(
    task="mail.digest",
    timetable="daily 02:30 in Europe/Paris",
    args={"limit": 5, "ratio": 0.5, "who": ["ada", None, True], "ünïcode": {"nested": "🐘"}},
    start=NOW - DAY,
    end=NOW + 400 * DAY + timedelta(microseconds=1),
    max_runs=12,
    jitter=timedelta(seconds=90, microseconds=5),
    overlap=Overlap.QUEUE_ONE,
    catch_up=CatchUp(CatchUpRule.ALL, window=3 * DAY, grace=5 * SECOND),
    concurrency=Concurrency("mail-server", 3),
    policy=RunPolicy(
        retry=Retry(
            attempts=7,
            backoff=Backoff(Growth.LINEAR, 3 * SECOND, 1.5, HOUR, 0.1),
            retry_on=("OSError", "requests.Timeout"),
            give_up_on=("KeyError",),
        ),
        time_limit=TimeLimit(soft=MINUTE, hard=HOUR),
        on_crash=Crash.FAIL,
        start_deadline=2 * HOUR,
    ),
    priority=-1000,
    queue="slow",
    tags=("mail", "nightly"),
    description="Send the digest; 送信",
)


# -- the generation


def test_there_is_no_generation_before_the_first_sync(store):
    assert store.generation(ROTA) is None


def test_a_sync_puts_its_generation_in_force(store):
    first = generation(1, number=4, fingerprint="abc", past=("x", "y"))
    assert store.sync(replace(sync_plan(), generation=first))
    assert store.generation(ROTA) == first


def test_a_sync_that_was_computed_from_an_older_generation_does_nothing(store):
    declare(store, schedule(1))
    late = sync_plan(0, create=(schedule(2),), change=(change(schedule(1), name="other"),))
    assert not store.sync(late, [audit("sync")])
    assert [one.name for one in stored(store)] == ["tidy-1"]
    assert actions(store) == []
    assert store.generation(ROTA).revision == 1


def test_every_sync_is_a_new_revision_of_the_generation(store):
    assert store.sync(sync_plan(0))
    assert store.sync(sync_plan(1))
    assert not store.sync(sync_plan(1))
    assert store.generation(ROTA).revision == 2


def test_two_rotas_in_one_store_do_not_see_each_other(store):
    declare(store, schedule(1))
    other = replace(sync_plan(), generation=generation(rota="bank"))
    assert store.sync(replace(other, create=(schedule(2, rota="bank", name="tidy-1"),)))
    assert numbers(store.declared(ROTA, [])) == [1]
    assert numbers(store.declared("bank", [])) == [2]
    assert numbers(store.due("bank", NOW, 10)) == [2]


def test_many_syncs_at_once_leave_one_row_for_each_schedule(another):
    plan = sync_plan(0, create=(schedule(1), schedule(2)))

    def sync_as_a_new_node(place):
        one = another()
        mine = replace(plan, create=tuple(schedule(k + 10 * place, name=f"tidy-{k}") for k in (1, 2)))
        return lambda: one.sync(mine)

    done = at_once(*[sync_as_a_new_node(place) for place in range(8)])
    assert sorted(done) == [False] * 7 + [True]
    assert [one.name for one in stored(another())] == ["tidy-1", "tidy-2"]


# -- what a sync does


@pytest.mark.parametrize("source", Source)
def test_every_field_of_a_schedule_comes_back(store, source):
    whole = schedule(
        1,
        name="digest/é 🐘",
        source=source,
        declared=EVERYTHING,
        effective=replace(EVERYTHING, priority=5),
        overrides=(Override(field="priority", value=5, author="ada", reason="", created_at=NOW),),
        pause=Pause(start=NOW, by="ada", reason="stock-taking", until=NOW + DAY),
        generation=4,
        revision=6,
        cursor=NOW - timedelta(microseconds=1),
        next_due=NOW + timedelta(microseconds=1),
        runs_made=3,
    )
    declare(store, whole)
    assert the_schedule(store) == whole


@pytest.mark.parametrize("field", FIELDS)
def test_an_override_of_any_field_comes_back(store, field):
    value = value_of(EVERYTHING, field)
    override = Override(
        field=field, value=value, author="ada", reason="on call", created_at=NOW, until=NOW + DAY
    )
    after = with_value(Definition(task="tidy", timetable="every 1h"), field, value)
    declare(store, schedule(1))
    assert store.amend([change(schedule(1), effective=after, overrides=(override,))], [])

    found = the_schedule(store)
    assert found.overrides == (override,)
    assert found.effective == after
    assert found.declared == schedule(1).declared
    assert store.declared(ROTA, []) == [found]


@pytest.mark.parametrize(
    ("field", "value"),
    [("start", None), ("max_runs", None), ("concurrency", None), ("args", {}), ("tags", [])],
)
def test_an_override_may_take_a_value_away(store, field, value):
    override = Override(field=field, value=value, author="ada", reason="", created_at=NOW)
    after = with_value(EVERYTHING, field, value)
    declare(store, schedule(1, declared=EVERYTHING, effective=after, overrides=(override,)))
    assert the_schedule(store).overrides == (override,)
    assert the_schedule(store).effective == after


def test_a_sync_changes_retires_and_creates_together(store):
    declare(store, schedule(1), schedule(2))
    retired = change(schedule(2), state=ScheduleState.RETIRED, next_due=None)
    newer = change(schedule(1), declared=EVERYTHING, effective=EVERYTHING, generation=2)
    assert store.sync(sync_plan(1, create=(schedule(3),), change=(newer, retired)), [audit("sync")])

    assert the_schedule(store, 1) == newer.after
    assert the_schedule(store, 2).state is ScheduleState.RETIRED
    assert numbers(store.due(ROTA, NOW, 10)) == [1, 3]
    assert actions(store) == ["sync"]


def test_a_sync_is_undone_whole_when_one_of_its_schedules_has_changed_since(store):
    declare(store, schedule(1), schedule(2))
    store.amend([change(schedule(2), pause=Pause(start=NOW, by="ada", reason=""))], [])
    stale = sync_plan(1, create=(schedule(3),), change=(change(schedule(1)), change(schedule(2))))
    assert not store.sync(stale)
    assert [one.revision for one in stored(store)] == [1, 2]
    assert store.generation(ROTA).revision == 1


def test_two_schedules_may_swap_their_names(store):
    declare(store, schedule(1, name="a"), schedule(2, name="b"))
    swap = (change(schedule(1, name="a"), name="b"), change(schedule(2, name="b"), name="a"))
    assert store.sync(sync_plan(1, change=swap))
    assert [(one.name, *numbers([one])) for one in stored(store)] == [("a", 2), ("b", 1)]


def test_a_sync_reads_what_code_declared_and_what_has_the_same_names(store):
    declare(store, schedule(1))
    store.add_schedule(schedule(2, name="mine", source=Source.USER), [])
    store.add_schedule(schedule(3, name="yours", source=Source.USER), [])
    assert numbers(store.declared(ROTA, [])) == [1]
    assert numbers(store.declared(ROTA, ["mine", "unknown"])) == [2, 1]


def test_schedules_are_read_with_their_active_runs_oldest_first(store):
    declare(store, schedule(1), schedule(2))
    runs = [occurrence(12, created_at=NOW - SECOND), occurrence(11), occurrence(13, state=RunState.MISSED)]
    store.enqueue(runs)
    claim(store, limit=1, now=NOW + SECOND)
    active = (ActiveRun(uid(12), RunState.PENDING), ActiveRun(uid(11), RunState.RUNNING))
    assert the_schedule(store).active == active
    assert store.declared(ROTA, [])[0].active == active
    assert [one.active for one in store.due(ROTA, NOW, 5)] == [active, ()]


def test_of_a_backlog_that_a_schedule_does_not_mind_a_part_is_read_with_it_and_what_runs_is_in_it(store):
    freely = Definition(task="tidy", timetable="every 1h", overlap=Overlap.ALLOW)
    declare(store, schedule(1, definition=freely), schedule(2))
    backlog = [occurrence(number, created_at=NOW + number * SECOND, serial=False) for number in range(30)]
    store.enqueue([*backlog, *(occurrence(number, 2) for number in range(30, 60))])
    store.enqueue([occurrence(60, priority=9, serial=False, created_at=NOW + DAY)])
    assert [one.id for one in claim(store, limit=1)] == [uid(60)]
    of_one, of_two = (one.active for one in store.declared(ROTA, []))
    assert len(of_one) == 20 and of_one[-1] == ActiveRun(uid(60), RunState.RUNNING)
    assert list(of_one) == sorted(of_one, key=lambda one: int(one.id[-12:], 16))
    assert len(of_two) == 30


# -- changes by operators


def test_changes_are_applied_together_with_their_runs_and_their_audit_lines(store):
    declare(store, schedule(1), schedule(2))
    store.enqueue([occurrence(20)])
    pause = Pause(start=NOW, by="ada", reason="stock-taking")
    first = change(schedule(1), pause=pause, next_due=None, cursor=NOW)
    first = replace(first, runs=(occurrence(21, state=RunState.MISSED),), cancel=(uid(20),))
    assert store.amend([first, change(schedule(2), pause=pause)], [audit("pause"), audit("pause", "tidy-2")])

    assert the_schedule(store).pause == pause
    assert (the_schedule(store).cursor, the_schedule(store).next_due) == (NOW, None)
    assert states(store, 20, 21) == ["cancelled", "missed"]
    assert actions(store) == ["pause", "pause"]


def test_all_changes_are_applied_or_none(store):
    declare(store, schedule(1), schedule(2))
    store.amend([change(schedule(2), runs_made=1)], [])
    good = Change(revision=1, after=replace(schedule(1), revision=2), runs=(new_run(9),))
    assert not store.amend([good, change(schedule(2), runs_made=5)], [audit("edit")])
    assert the_schedule(store, 1) == schedule(1)
    assert store.run(uid(9)) is None
    assert actions(store) == []


def test_of_two_changes_of_the_same_revision_one_is_applied(another):
    declare(another(), schedule(1))
    nodes = [another() for _ in range(4)]
    pauses = [Pause(start=NOW, by=f"operator-{k}", reason="") for k in range(4)]
    done = at_once(
        *[
            lambda node=node, pause=pause: node.amend([change(schedule(1), pause=pause)], [audit("pause")])
            for node, pause in zip(nodes, pauses, strict=True)
        ]
    )
    assert sorted(done) == [False, False, False, True]
    assert the_schedule(another()).pause == pauses[done.index(True)]
    assert actions(another()) == ["pause"]


def test_a_change_never_moves_the_cursor_or_the_count_of_runs_back(store):
    declare(store, schedule(1, cursor=NOW, runs_made=5))
    assert store.amend([change(schedule(1, cursor=NOW - DAY, runs_made=2))], [])
    assert (the_schedule(store).cursor, the_schedule(store).runs_made) == (NOW, 5)


def test_a_pause_comes_and_goes(store):
    declare(store, schedule(1))
    paused = schedule(1, pause=Pause(start=NOW, by="ada", reason="", until=NOW + HOUR), revision=2)
    assert store.amend([Change(revision=1, after=paused)], [])
    assert store.due(ROTA, NOW, 5)[0].pause == paused.pause
    assert store.amend([change(paused, pause=None)], [])
    assert the_schedule(store).pause is None


def test_a_schedule_of_a_user_is_added_once_and_removed_by_its_revision(store):
    mine = schedule(1, name="mine", source=Source.USER)
    assert store.add_schedule(mine, [audit("add")])
    assert not store.add_schedule(schedule(2, name="mine", source=Source.USER), [audit("add again")])
    store.enqueue([occurrence(10)])

    assert not store.remove_schedule(replace(mine, revision=2), [audit("remove too late")])
    assert store.remove_schedule(mine, [audit("remove")])
    assert stored(store) == []
    assert the_run(store, 10).schedule_id == uid(1)
    assert sorted(actions(store)) == ["add", "remove"]


def test_of_many_who_add_a_schedule_of_one_name_one_does(another):
    nodes = [another() for _ in range(5)]
    calls = [
        lambda node=node, k=k: node.add_schedule(schedule(k, name="mine", source=Source.USER), [])
        for k, node in enumerate(nodes, 1)
    ]
    assert sorted(at_once(*calls)) == [False] * 4 + [True]


def test_schedules_with_an_override_that_has_reached_its_end_are_found(store):
    def overridden(number, until):
        override = Override(
            field="priority", value=1, author="ada", reason="", created_at=NOW - DAY, until=until
        )
        return schedule(number, overrides=(override,))

    declare(store, overridden(1, NOW), overridden(2, NOW + SECOND), overridden(3, None), schedule(4))
    assert numbers(store.ending(ROTA, NOW, 10)) == [1]
    assert numbers(store.ending(ROTA, NOW + SECOND, 10)) == [1, 2]
    assert numbers(store.ending(ROTA, NOW + SECOND, 1)) == [1]


# -- looking


def test_schedules_are_found_by_every_filter_by_name(store):
    definition = Definition(task="tidy", timetable="every 1h")
    declare(
        store,
        schedule(1, name="b"),
        schedule(2, name="a", definition=replace(definition, task="mail", tags=("purge", "night"))),
        schedule(3, name="c", definition=replace(definition, queue="slow", description="Straße räumen")),
        schedule(4, name="d", pause=Pause(start=NOW, by="ada", reason="")),
        schedule(5, name="e", state=ScheduleState.RETIRED, next_due=None),
    )
    store.add_schedule(schedule(6, name="f_%", source=Source.USER), [])

    def found(**filters):
        return numbers(store.schedules(ScheduleQuery(rota=ROTA, **filters)))

    assert found() == [2, 1, 3, 4, 5, 6]
    assert numbers(store.schedules(ScheduleQuery())) == [2, 1, 3, 4, 5, 6]
    assert numbers(store.schedules(ScheduleQuery(rota="bank"))) == []
    assert found(names=("e", "a", "unknown")) == [2, 5]
    assert found(state="paused") == [4]
    assert found(state="retired") == [5]
    assert found(source=Source.USER) == [6]
    assert found(tag="purge") == [2]
    assert found(tag="pur") == []
    assert found(task="mail") == [2]
    assert found(tasks=("mail", "tid", "unknown")) == [2]
    assert found(tasks=("tidy", "mail"), limit=2) == [2, 1]
    assert found(tasks=("tidy", "mail"), task="mail") == [2]
    assert found(tasks=()) == []
    assert found(queue="slow") == [3]
    assert found(text="STRASSE") == [3]
    assert found(text="MaIl") == [2]
    assert found(text="_%") == [6]
    assert found(text="\\") == []
    assert found(after="c") == [4, 5, 6]
    assert found(limit=2) == [2, 1]
    assert found(after="a", limit=2) == [1, 3]
    assert found(order="-name") == [6, 5, 4, 3, 1, 2]
    assert found(order="-name", after="d", limit=2) == [3, 1]


def test_paused_schedules_are_those_whose_pause_has_begun(store):
    window = Pause(start=NOW + HOUR, by="ada", reason="", until=NOW + 2 * HOUR)
    declare(store, schedule(1), schedule(2, pause=window), schedule(3, pause=replace(window, start=NOW)))

    def paused(now):
        return numbers(store.schedules(ScheduleQuery(rota=ROTA, state="paused", now=now)))

    assert [paused(NOW - SECOND), paused(NOW), paused(NOW + HOUR)] == [[], [3], [2, 3]]
    assert paused(None) == [2, 3]  # planned ones too
    assert numbers(store.schedules(ScheduleQuery(rota=ROTA, now=NOW))) == [1, 2, 3]
    store.amend([change(the_schedule(store, 3), pause=replace(window, start=NOW + 3 * HOUR))], [])
    assert [paused(NOW + HOUR), paused(NOW + 3 * HOUR)] == [[2], [2, 3]]
    store.amend([change(the_schedule(store, 3), pause=None)], [])
    assert paused(None) == [2]


def test_schedules_are_found_by_when_they_are_due_next(store):
    dues = {1: NOW + HOUR, 2: NOW, 3: None, 4: NOW + HOUR, 5: None}
    declare(store, *(schedule(number, next_due=due) for number, due in dues.items()))

    def found(after=None, limit=10):
        at = dues[after] if after else None
        query = ScheduleQuery(
            rota=ROTA, order="next", after=after and f"tidy-{after}", after_due=at, limit=limit
        )
        return numbers(store.schedules(query))

    assert found() == [2, 1, 4, 3, 5]
    assert found(limit=2) == [2, 1]
    assert [found(after=number) for number in (2, 1, 4, 3, 5)] == [[1, 4, 3, 5], [4, 3, 5], [3, 5], [5], []]


def test_schedules_are_found_by_whether_a_field_is_overridden(store):
    override = Override(field="priority", value=1, author="ada", reason="", created_at=NOW)
    declare(store, schedule(1, overrides=(override,)), schedule(2))
    found = [ScheduleQuery(rota=ROTA, is_overridden=which) for which in (True, False, None)]
    assert [numbers(store.schedules(query)) for query in found] == [[1], [2], [1, 2]]


@shared
def test_an_override_written_by_hand_that_can_not_be_read_hides_nothing_else(store, by_hand):
    override = Override(field="priority", value=1, author="ada", reason="", created_at=NOW)
    declare(store, schedule(1, overrides=(override,)), schedule(2))
    by_hand("UPDATE rota_override SET field = 'nonsense'")
    assert numbers(stored(store)) == [1, 2]


def test_a_change_that_was_computed_before_a_tick_is_refused(store):
    """The tick has decided what the change decides too: with both, it would be recorded twice."""
    declare(store, schedule(1, cursor=NOW - HOUR, next_due=NOW))
    before = the_schedule(store)
    assert store.record([moved(before)], NOW) == [before.id]
    assert not store.amend([replace(change(before, generation=7), cursor_was=before.cursor)], [])
    assert store.amend([replace(change(the_schedule(store), generation=7), cursor_was=NOW)], [])
