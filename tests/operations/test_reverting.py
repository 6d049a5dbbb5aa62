"""A change is taken back: what was before is put back, unless the same was changed again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota.errors import ChangedSince, InvalidValue, NotPermitted, UnknownLine, UnknownSchedule
from rota.operations.actor import Actor
from rota.operations.authoring import create_schedule, delete_schedule, edit_schedule
from rota.operations.changing import clear_override, override, override_fields, pause, resume, skip_next
from rota.operations.lookups import schedule_named
from rota.operations.requesting import trigger
from rota.operations.reverting import revert
from rota.testing.clock import instant

BOB = Actor("bob", via="ui 10.0.0.1")


@pytest.fixture
def last(shop):
    """Return when the latest line about a schedule was written, and let a second pass."""

    def find(name: str = "nightly"):
        at = shop.rota.store.audit(shop.rota.name, name, 1)[0].at
        shop.advance(timedelta(seconds=1))
        return at

    return find


def named(shop, name: str = "nightly"):
    return schedule_named(shop.rota, name)


def test_a_pause_is_taken_back(shop, ann, last):
    pause(shop.rota, "nightly", BOB, "by mistake")
    at = last()
    assert revert(shop.rota, "nightly", at, ann, dry_run=True).effects[0].detail == "it is no longer paused"
    assert named(shop).pause is not None
    revert(shop.rota, "nightly", at, ann, "wrong schedule")
    assert named(shop).pause is None
    line = shop.rota.store.audit(shop.rota.name, "nightly", 1)[0]
    assert (line.action, line.actor, line.reason) == ("revert", "ann", "wrong schedule")
    assert (line.before["reason"], line.after) == ("by mistake", None)


def test_a_skip_is_taken_back(shop, ann, last):
    skip_next(shop.rota, "nightly", BOB)
    revert(shop.rota, "nightly", last(), ann)
    assert named(shop).pause is None


def test_a_pause_that_was_resumed_is_as_it_was(shop, ann, last):
    pause(shop.rota, "nightly", BOB, "disk", instant("2026-03-05 00:00"))
    last()
    resume(shop.rota, "nightly", ann)
    revert(shop.rota, "nightly", last(), ann, "too early")
    again = named(shop).pause
    assert (again.by, again.reason, again.until) == ("bob", "disk", instant("2026-03-05 00:00"))


def test_a_planned_pause_that_was_taken_away_is_planned_again(shop, ann, last):
    window = {"start": instant("2026-03-04 00:00"), "until": instant("2026-03-05 00:00")}
    pause(shop.rota, "nightly", BOB, "disk", **window)
    before = named(shop).pause
    last()
    resume(shop.rota, "nightly", ann)
    [effect] = revert(shop.rota, "nightly", last(), ann).effects
    assert effect.detail.startswith("planned to be paused from 2026-03-04T00:00:00Z until")
    assert named(shop).pause == before


def test_a_pause_whose_end_has_passed_is_not_begun_again(shop, ann, last):
    pause(shop.rota, "nightly", BOB, "disk", instant("2026-03-02 01:00"))
    last()
    resume(shop.rota, "nightly", ann)
    at = last()
    shop.run_until("2026-03-02 02:00")
    revert(shop.rota, "nightly", at, ann)
    assert named(shop).pause is None


def test_an_override_is_taken_back_to_what_the_code_declares(shop, ann, last):
    override_fields(shop.rota, "nightly", {"priority": 7, "timetable": "daily 04:00"}, BOB, "sale")
    revert(shop.rota, "nightly", last(), ann, "the sale is over")
    schedule = named(shop)
    assert (schedule.overrides, schedule.effective) == ((), schedule.declared)


def test_an_override_of_an_override_is_taken_back_to_the_first(shop, ann, last):
    override(shop.rota, "nightly", "priority", 3, BOB, "first")
    last()
    override(shop.rota, "nightly", "priority", 7, BOB, "second")
    revert(shop.rota, "nightly", last(), ann, "three was right")
    [one] = named(shop).overrides
    assert (one.value, one.author, one.reason) == (3, "ann", "three was right")


def test_a_cleared_override_is_put_back_and_so_is_a_revert(shop, ann, last):
    override(shop.rota, "nightly", "priority", 3, BOB)
    last()
    clear_override(shop.rota, "nightly", None, BOB)
    revert(shop.rota, "nightly", last(), ann)
    assert named(shop).effective.priority == 3
    revert(shop.rota, "nightly", last(), BOB)
    assert named(shop).overrides == ()


def test_an_edit_is_taken_back(shop, ann, last):
    create_schedule(shop.rota, "mine", "often", "daily 05:00", ann)
    last("mine")
    before = named(shop, "mine").declared
    edit_schedule(shop.rota, "mine", {"timetable": "daily 06:00", "tags": ["a"]}, BOB)
    revert(shop.rota, "mine", last("mine"), ann)
    assert named(shop, "mine").declared == before


def test_it_is_refused_when_the_same_was_changed_again_saying_by_whom(shop, ann, last):
    override(shop.rota, "nightly", "priority", 3, BOB)
    at = last()
    override_fields(shop.rota, "nightly", {"priority": 5, "queue": "slow"}, Actor("carl"))
    last()
    override(shop.rota, "nightly", "description", "x", Actor("dora"))
    with pytest.raises(ChangedSince, match=r"its priority was changed again by carl at .* \(override\)"):
        revert(shop.rota, "nightly", at, ann)
    assert named(shop).effective.priority == 5


def test_a_change_of_something_else_is_no_hindrance(shop, ann, last):
    override(shop.rota, "nightly", "priority", 3, BOB)
    at = last()
    override(shop.rota, "nightly", "queue", "slow", Actor("carl"))
    pause(shop.rota, "nightly", Actor("carl"))
    revert(shop.rota, "nightly", at, ann)
    schedule = named(shop)
    assert (schedule.effective.priority, schedule.effective.queue) == (0, "slow")
    assert schedule.pause is not None


def test_an_override_that_has_ended_by_itself_is_not_taken_back(shop, ann, last):
    override(shop.rota, "nightly", "priority", 3, BOB, until=instant("2026-03-02 01:00"))
    at = last()
    shop.start_node()
    shop.run_until("2026-03-02 12:00")
    with pytest.raises(ChangedSince, match="its end was reached"):
        revert(shop.rota, "nightly", at, ann)


def test_what_was_a_secret_is_not_put_back_masked(shop, ann, last):
    override(shop.rota, "nightly", "description", "postgresql://app:tiger@db/shop", BOB)
    last()
    override(shop.rota, "nightly", "description", "plain", BOB)
    with pytest.raises(InvalidValue, match="secret"):
        revert(shop.rota, "nightly", last(), ann)


def test_what_is_no_change_of_a_schedule_is_not_reverted(shop, ann, last):
    trigger(shop.rota, "nightly", ann)
    with pytest.raises(InvalidValue, match="not reverted"):
        revert(shop.rota, "nightly", last(), ann)
    with pytest.raises(UnknownLine):
        revert(shop.rota, "nightly", instant("2026-01-01 00:00"), ann)


def test_a_schedule_that_was_deleted_is_not_changed(shop, ann, root, last):
    create_schedule(shop.rota, "mine", "often", "daily 05:00", ann)
    last("mine")
    pause(shop.rota, "mine", ann)
    at = last("mine")
    delete_schedule(shop.rota, "mine", root)
    with pytest.raises(UnknownSchedule):
        revert(shop.rota, "mine", at, ann)


def test_a_viewer_may_not(shop, viewer, last):
    pause(shop.rota, "nightly", BOB)
    with pytest.raises(NotPermitted):
        revert(shop.rota, "nightly", last(), viewer, dry_run=True)
