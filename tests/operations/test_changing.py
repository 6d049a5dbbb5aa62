"""Operators change schedules: what is stored, what is refused, and what the audit says."""

from __future__ import annotations

from datetime import datetime

import pytest

from rota.core.records import RunState, ScheduleQuery, ScheduleState
from rota.errors import (
    Conflict,
    InvalidArguments,
    InvalidTimetable,
    InvalidValue,
    NotPermitted,
    UnknownSchedule,
)
from rota.operations.actor import Actor
from rota.operations.authoring import create_schedule, delete_schedule, edit_schedule
from rota.operations.changing import clear_override, override, pause, resume, skip_next
from rota.operations.lookups import every_schedule, names_matching, schedule_named
from rota.operations.schedules import get_schedule, list_schedules
from rota.testing.clock import instant


def audit(sim, subject):
    return [
        (one.action, one.actor, one.reason)
        for one in sim.rota.store.audit(sim.rota.name, subject)
        if not one.action.startswith("sync")
    ]


def test_a_paused_schedule_does_not_fire_and_says_who_paused_it(shop, ann):
    pause(shop.rota, "nightly", ann, "the disk is full")
    shop.start_node()
    shop.run_until("2026-03-05 12:00")
    resume(shop.rota, "nightly", ann)
    shop.run_until("2026-03-06 12:00")

    assert shop.ran("nightly") == ["2026-03-06 02:00"]
    [skipped] = [run for run in shop.runs("nightly") if run.state is RunState.SKIPPED]
    assert (skipped.count, skipped.reason) == (4, "paused by ann: the disk is full")
    assert audit(shop, "nightly") == [("resume", "ann", ""), ("pause", "ann", "the disk is full")]


def test_a_pause_with_an_end_ends_by_itself(shop, ann):
    pause(shop.rota, "nightly", ann, until=instant("2026-03-03 12:00"))
    shop.start_node()
    shop.run_until("2026-03-04 12:00")
    assert shop.ran("nightly") == ["2026-03-04 02:00"]


def test_a_pause_that_is_planned_begins_and_ends_by_itself(shop, ann):
    sunday = {"start": instant("2026-03-04 02:00"), "until": instant("2026-03-06 02:00")}
    [effect] = pause(shop.rota, "nightly", ann, "the database is away", **sunday).effects
    assert effect.detail == "planned to be paused from 2026-03-04T02:00:00Z until 2026-03-06T02:00:00Z"
    shop.start_node()
    for at, state, paused in (("2026-03-03 12:00", "active", 0), ("2026-03-04 02:00", "paused", 1)):
        shop.run_until(at)
        assert get_schedule(shop.rota, "nightly").view.state == state
        assert shop.rota.store.counts(shop.rota.name, shop.clock.now()).schedules.get("paused", 0) == paused
    shop.run_until("2026-03-06 12:00")

    assert shop.ran("nightly") == ["2026-03-02 02:00", "2026-03-03 02:00", "2026-03-06 02:00"]
    [skipped] = [run for run in shop.runs("nightly") if run.state is RunState.SKIPPED]
    assert (skipped.count, skipped.reason) == (2, "paused by ann: the database is away")
    assert (skipped.window_start, skipped.planned_at) == (
        instant("2026-03-04 02:00"), instant("2026-03-05 02:00"),
    )  # fmt: skip
    assert schedule_named(shop.rota, "nightly").pause is None


def test_only_a_pause_that_has_begun_is_found_as_paused(shop, ann):
    pause(shop.rota, "nightly", ann, start=instant("2026-03-03 00:00"))
    pause(shop.rota, "often", ann)
    query = ScheduleQuery(state="paused")
    assert [one.name for one in every_schedule(shop.rota, query)] == ["often"]
    shop.run_until("2026-03-03 00:00")
    assert [one.schedule.name for one in list_schedules(shop.rota, query)] == ["nightly", "often"]
    assert names_matching(shop.rota, query, 10) == ["nightly", "often"]


def test_a_planned_pause_is_taken_away_before_it_begins(shop, ann):
    pause(shop.rota, "nightly", ann, start=instant("2026-03-03 00:00"), until=instant("2026-03-05 00:00"))
    [effect] = resume(shop.rota, "nightly", ann).effects
    assert effect.detail == "not paused from 2026-03-03T00:00:00Z until 2026-03-05T00:00:00Z any more"
    shop.start_node()
    shop.run_until("2026-03-04 12:00")
    assert shop.ran("nightly") == ["2026-03-02 02:00", "2026-03-03 02:00", "2026-03-04 02:00"]
    assert shop.skipped("nightly") == 0


def test_a_pause_takes_the_place_of_one_that_is_planned(shop, ann):
    pause(shop.rota, "nightly", ann, start=instant("2026-03-05 00:00"))
    [effect] = pause(shop.rota, "nightly", Actor("bob"), until=instant("2026-03-04 00:00")).effects
    assert effect.detail == (
        "paused until 2026-03-04T00:00:00Z,"
        " in the place of the one that ann has planned from 2026-03-05T00:00:00Z until it is resumed"
    )
    [line, *_] = shop.rota.store.audit(shop.rota.name, "nightly", 10)
    assert (line.before["start"], line.after["until"]) == ("2026-03-05T00:00:00Z", "2026-03-04T00:00:00Z")


def test_a_planned_pause_does_not_end_one_that_is_in_force(shop, ann):
    pause(shop.rota, "nightly", ann, until=instant("2026-03-04 00:00"))
    before = schedule_named(shop.rota, "nightly")
    [effect] = pause(shop.rota, "nightly", ann, start=instant("2026-03-08 00:00")).effects
    assert (effect.done, effect.detail) == (
        False, "it is paused until 2026-03-04T00:00:00Z by ann; resume it before you plan another pause",
    )  # fmt: skip
    assert schedule_named(shop.rota, "nightly") == before


@pytest.mark.parametrize(
    ("start", "until", "says"),
    [
        ("2026-03-05T00:00:00", "2026-03-06T00:00:00Z", "start: .* it has no zone"),
        ("2026-03-05T00:00:00Z", "2026-03-05T00:00:00Z", "until: .* it must be later than the start"),
        ("2026-03-05T00:00:00Z", "2026-02-05T00:00:00Z", "until: .* it must be later than now"),
    ],
)
def test_a_pause_that_can_not_be_planned_is_refused(shop, ann, start, until, says):
    start, until = datetime.fromisoformat(start), datetime.fromisoformat(until)
    with pytest.raises(InvalidValue, match=says):
        pause(shop.rota, "nightly", ann, start=start, until=until)


def test_skip_next_leaves_out_one_occurrence(shop, ann):
    skip_next(shop.rota, "nightly", ann, "maintenance")
    shop.start_node()
    shop.run_until("2026-03-04 12:00")
    assert shop.ran("nightly") == ["2026-03-03 02:00", "2026-03-04 02:00"]
    assert shop.skipped("nightly") == 1


def test_a_dry_run_changes_nothing_and_says_the_same(shop, ann):
    before = schedule_named(shop.rota, "nightly")
    plan = pause(shop.rota, ["nightly", "often"], ann, dry_run=True)
    assert schedule_named(shop.rota, "nightly") == before
    assert audit(shop, None) == []
    done = pause(shop.rota, ["nightly", "often"], ann)
    assert done.effects == plan.effects
    assert (plan.dry_run, done.dry_run) == (True, False)


def test_one_unknown_name_among_many_changes_none(shop, ann):
    with pytest.raises(UnknownSchedule, match="Did you mean 'nightly'"):
        pause(shop.rota, ["often", "nigthly"], ann)
    assert schedule_named(shop.rota, "often").pause is None


def test_what_is_not_paused_is_left_alone(shop, ann):
    result = resume(shop.rota, ["nightly", "nightly"], ann)
    assert [(one.done, one.detail) for one in result.effects] == [(False, "it is not paused")]
    assert schedule_named(shop.rota, "nightly").revision == 1


def test_an_expected_revision_that_has_passed_is_a_conflict(shop, ann):
    pause(shop.rota, "nightly", ann)
    with pytest.raises(Conflict, match="nightly"):
        resume(shop.rota, "nightly", ann, expected_revision=1)
    assert resume(shop.rota, "nightly", ann, expected_revision=2).revisions == {"nightly": 3}


def test_a_change_that_loses_a_race_is_planned_anew(shop, ann, monkeypatch):
    store, amend = shop.rota.store, type(shop.rota.store).amend
    lost = []

    def losing(changes, lines):
        if not lost:
            lost.append(True)
            assert amend(store, *_raise_priority(shop, ann))
        return amend(store, changes, lines)

    monkeypatch.setattr(store, "amend", losing)
    pause(shop.rota, "nightly", ann)
    schedule = schedule_named(shop.rota, "nightly")
    assert schedule.pause is not None
    assert schedule.effective.priority == 9


def _raise_priority(shop, actor):
    from rota.core.changes import redefined
    from rota.core.records import Override

    now = shop.rota.clock.now()
    one = Override(field="priority", value=9, author="bob", reason="", created_at=now)
    return [redefined(schedule_named(shop.rota, "nightly"), now, overrides=[one])], []


def test_viewers_change_nothing(shop, viewer):
    for refused in (
        lambda: pause(shop.rota, "nightly", viewer),
        lambda: override(shop.rota, "nightly", "priority", 1, viewer),
        lambda: create_schedule(shop.rota, "mine", "nightly", "5m", viewer),
        lambda: delete_schedule(shop.rota, "nightly", viewer),
    ):
        with pytest.raises(NotPermitted):
            refused()
    assert audit(shop, None) == []


def test_an_instant_without_a_zone_is_refused(shop, ann):
    with pytest.raises(InvalidValue, match="until"):
        pause(shop.rota, "nightly", ann, until=instant("2026-04-01").replace(tzinfo=None))


# -- overrides


def test_an_override_survives_a_sync_and_ends_by_clearing(shop, ann):
    override(shop.rota, "nightly", "timetable", "daily 05:00", ann, "load test")
    shop.rota.sync()
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    clear_override(shop.rota, "nightly", "timetable", ann)
    shop.run_until("2026-03-03 12:00")
    assert shop.ran("nightly") == ["2026-03-02 05:00", "2026-03-03 02:00"]
    assert audit(shop, "nightly") == [("clear override", "ann", ""), ("override", "ann", "load test")]


def test_an_override_with_an_end_is_taken_back(shop, ann):
    override(shop.rota, "nightly", "timetable", "daily 05:00", ann, until=instant("2026-03-02 12:00"))
    shop.start_node()
    shop.run_until("2026-03-03 12:00")
    assert shop.ran("nightly") == ["2026-03-02 05:00", "2026-03-03 02:00"]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("priority", "7", 7),
        ("tags", "a, b", ["a", "b"]),
        ("tags", '["a"]', ["a"]),
        ("overlap", "allow", "allow"),
        ("catch_up", "none", {"rule": "none", "window": "1d", "grace": "1m"}),
        ("catch_up", {"rule": "all", "window": "2d"}, {"rule": "all", "window": "2d", "grace": "1m"}),
        ("time_limit", "25m", "25m"),
        ("time_limit", "none", None),
        ("retries", "3", 3),
        ("start", "2026-04-01T00:00:00+02:00", "2026-03-31T22:00:00Z"),
        ("concurrency", '["mail", 2]', ["mail", 2]),
        ("description", "none of [these]", "none of [these]"),
        ("timetable", "0 5 * * *", "cron 0 5 * * * in UTC"),
    ],
)
def test_values_as_people_type_them(shop, ann, field, value, shown):
    from rota.core.overriding import value_of

    override(shop.rota, "nightly", field, value, ann)
    schedule = schedule_named(shop.rota, "nightly")
    assert [one.field for one in schedule.overrides] == [field]
    assert value_of(schedule.effective, field) == shown
    assert schedule.state is ScheduleState.ACTIVE


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("timetable", "0 0 * * 8", InvalidTimetable),
        ("timetable", "0 0 30 2 *", InvalidTimetable),
        ("priority", "5000", InvalidValue),
        ("priority", "high", InvalidValue),
        ("queue", "", InvalidValue),
        ("overlap", "sometimes", InvalidValue),
        ("retries", "-1", InvalidValue),
        ("args", '{"limti": 3}', InvalidArguments),
        ("args", "[1]", InvalidValue),
        ("end", "1999-01-01T00:00:00", InvalidValue),
        ("colour", "red", InvalidValue),
        ("task", "often", InvalidValue),
    ],
)
def test_what_a_declaration_refuses_an_override_refuses(shop, ann, field, value, error):
    with pytest.raises(error):
        override(shop.rota, "nightly", field, value, ann)
    assert schedule_named(shop.rota, "nightly").overrides == ()
    assert audit(shop, None) == []


def test_an_override_may_not_contradict_another(shop, ann):
    override(shop.rota, "nightly", "hard_time_limit", "10m", ann)
    with pytest.raises(InvalidValue, match="longer than time_limit"):
        override(shop.rota, "nightly", "time_limit", "20m", ann)


# -- schedules that users make


def test_a_user_makes_edits_and_deletes_a_schedule(shop, ann, root):
    create_schedule(
        shop.rota, "mine [1] 'ü'", "nightly", "daily 06:00", ann, "for the fair", {"priority": "3"}
    )
    edit_schedule(shop.rota, "mine [1] 'ü'", {"timetable": "daily 07:00"}, ann)
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    assert shop.ran("mine [1] 'ü'") == ["2026-03-02 07:00"]
    shop.rota.sync()
    assert schedule_named(shop.rota, "mine [1] 'ü'").declared.priority == 3

    delete_schedule(shop.rota, "mine [1] 'ü'", root, "over")
    with pytest.raises(UnknownSchedule):
        schedule_named(shop.rota, "mine [1] 'ü'")
    assert [line[0] for line in audit(shop, "mine [1] 'ü'")] == ["delete", "edit", "create"]


def test_what_the_code_declares_is_neither_edited_nor_deleted(shop, root):
    with pytest.raises(InvalidValue, match="the code declares it"):
        edit_schedule(shop.rota, "nightly", {"priority": 1}, root)
    with pytest.raises(InvalidValue, match="the code declares it"):
        delete_schedule(shop.rota, "nightly", root)
    with pytest.raises(InvalidValue, match="has this name"):
        create_schedule(shop.rota, "nightly", "nightly", "5m", root)


def test_events_tell_of_changes_after_the_commit(shop, ann):
    heard = []
    shop.rota.on("schedule_changed", lambda event: heard.append((event.subject, event.facts["action"])))
    pause(shop.rota, "nightly", ann, dry_run=True)
    pause(shop.rota, "nightly", ann)
    assert heard == [("nightly", "pause")]
