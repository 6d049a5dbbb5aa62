"""A sync makes the store say what the code says, and loses nothing an operator chose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rota.core.reconcile import is_outdated, new_schedule, reconcile
from rota.core.records import (
    Declared,
    Definition,
    Generation,
    Node,
    Override,
    Pause,
    ScheduleState,
    Source,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hourly(**values):
    return Definition(task="purge", timetable="cron 0 * * * * in UTC", **values)


def stored(name="purge", definition=None, **values):
    made = new_schedule("shop", name, definition or hourly(), Source.CODE, NOW - 3 * HOUR, generation=1)
    return replace(made, **{"cursor": NOW - timedelta(minutes=1), "next_due": NOW + HOUR} | values)


def declared(name="purge", definition=None, was=None):
    return Declared(name=name, definition=definition or hourly(), was=was)


GENERATION = Generation(rota="shop", number=1, fingerprint="one", revision=4, synced_at=NOW - 3 * HOUR)


def plan(declared_, stored_, fingerprint="two", **options):
    return reconcile("shop", declared_, stored_, GENERATION, fingerprint, NOW, **options)


def verbs(plan_):
    return {line.name: line.verb for line in plan_.lines}


def test_the_first_sync_creates_everything_as_generation_one():
    made = reconcile("shop", [declared()], [], None, "one", NOW)
    assert made.generation.number == 1
    assert made.revision == 0
    assert [one.name for one in made.create] == ["purge"]
    assert made.create[0].next_due == NOW + HOUR
    assert made.create[0].cursor == NOW


def test_what_is_the_same_is_left_alone():
    made = plan([declared()], [stored()], fingerprint="one")
    assert (made.create, made.change) == ((), ())
    assert verbs(made) == {"purge": "keep"}
    assert made.generation.number == 1
    assert made.generation.revision == 5


def test_a_change_in_code_is_a_new_generation_and_rewrites_the_schedule():
    made = plan([declared(definition=hourly(priority=5))], [stored()])
    assert made.generation.number == 2
    assert made.generation.past == ("one",)
    assert made.change[0].after.declared.priority == 5
    assert made.lines[0].detail == "priority: 0 -> 5"


def test_an_override_lives_through_a_change_in_code():
    override = Override(field="priority", value=9, author="ada", reason="urgent", created_at=NOW - HOUR)
    known = stored(overrides=(override,), effective=hourly(priority=9))
    made = plan([declared(definition=hourly(priority=5, queue="slow"))], [known])
    after = made.change[0].after
    assert (after.declared.priority, after.effective.priority, after.effective.queue) == (5, 9, "slow")


def test_reset_returns_to_code():
    override = Override(field="priority", value=9, author="ada", reason="urgent", created_at=NOW - HOUR)
    made = plan([declared()], [stored(overrides=(override,), effective=hourly(priority=9))], reset=True)
    assert made.change[0].after.effective == hourly()
    assert made.change[0].after.overrides == ()


def test_a_pause_lives_through_a_change_in_code():
    pause = Pause(start=NOW - HOUR, by="ada", reason="maintenance")
    known = stored(pause=pause, cursor=NOW - HOUR, next_due=None)
    after = plan([declared(definition=hourly(priority=5))], [known]).change[0].after
    assert after.pause == pause
    assert after.next_due is None


def test_what_is_no_longer_declared_is_retired_and_keeps_its_history():
    made = plan([], [stored()])
    after = made.change[0].after
    assert (after.state, after.next_due) == (ScheduleState.RETIRED, None)
    assert verbs(made) == {"purge": "retire"}


def test_what_a_user_made_is_not_retired():
    made = plan([], [stored(source=Source.USER)])
    assert made.change == ()


def test_what_is_declared_again_is_taken_up_without_its_past():
    known = stored(state=ScheduleState.RETIRED, next_due=None)
    known = replace(known, cursor=NOW - timedelta(days=30))
    made = plan([declared()], [known])
    after = made.change[0].after
    assert verbs(made) == {"purge": "restore"}
    assert (after.state, after.cursor, after.next_due) == (ScheduleState.ACTIVE, NOW, NOW + HOUR)
    assert made.change[0].runs == ()


def test_a_rename_keeps_the_id_and_so_the_history():
    known = stored("old-name")
    made = plan([declared("new-name", was="old-name")], [known])
    assert made.create == ()
    assert (made.change[0].after.id, made.change[0].after.name) == (known.id, "new-name")
    assert verbs(made) == {"new-name": "rename"}


def test_what_came_due_before_the_change_is_decided_by_the_old_definition():
    known = replace(stored(), cursor=NOW - 2 * HOUR, next_due=NOW - HOUR)
    made = plan([declared(definition=replace(hourly(), timetable="cron 30 * * * * in UTC"))], [known])
    change = made.change[0]
    assert [run.planned_at for run in change.runs if run.state == "pending"] == [NOW]
    assert change.after.cursor == NOW
    assert change.after.next_due == NOW + timedelta(minutes=30)


def test_a_broken_timetable_is_quarantined_alone():
    broken = Definition(task="purge", timetable="every blue moon")
    made = reconcile("shop", [declared("bad", broken), declared("good")], [], None, "one", NOW)
    states = {one.name: one.state for one in made.create}
    assert states == {"bad": ScheduleState.QUARANTINED, "good": ScheduleState.ACTIVE}


def test_a_quarantined_schedule_is_tried_again_at_the_next_sync():
    known = stored(state=ScheduleState.QUARANTINED, quarantine="no such zone", next_due=None)
    made = plan([declared()], [known], fingerprint="one")
    assert verbs(made) == {"purge": "retry"}
    assert made.change[0].after.state is ScheduleState.ACTIVE
    assert made.change[0].after.quarantine is None


def live(fingerprint):
    return Node(
        id="n", rota="shop", host="h", pid=1, version="1", roles=("worker",), fingerprint=fingerprint,
        started_at=NOW, seen_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fingerprint", "nodes", "outdated"),
    [
        pytest.param("two", [live("two")], False, id="the current one"),
        pytest.param("three", [live("two")], False, id="a new one"),
        pytest.param("one", [live("two"), live("one")], True, id="replaced by one that a live node runs"),
        pytest.param("one", [live("one")], False, id="rolled back: nobody runs the newer one"),
        pytest.param("one", [], False, id="rolled back, and the first to start"),
    ],
)
def test_an_old_release_is_told_from_a_rollback(fingerprint, nodes, outdated):
    current = replace(GENERATION, number=2, fingerprint="two", past=("one",))
    assert is_outdated(current, fingerprint, nodes) is outdated
