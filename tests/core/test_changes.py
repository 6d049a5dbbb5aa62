"""Pauses, resumptions and new definitions: no run inside a pause, none of a replaced definition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rota.core.changes import paused, redefined, resumed, retired, skipping_next
from rota.core.reconcile import new_schedule
from rota.core.records import Definition, Override, RunState, ScheduleState, Source
from rota.errors import InvalidValue

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURLY = Definition(task="purge", timetable="cron 0 * * * * in UTC")


@pytest.fixture
def schedule():
    made = new_schedule("shop", "purge", HOURLY, Source.CODE, NOW - 5 * HOUR)
    return replace(made, cursor=NOW, next_due=NOW + HOUR / 2)


def test_a_pause_silences_a_schedule_until_it_is_resumed(schedule):
    change = paused(schedule, NOW, "ada", "maintenance")
    assert change.after.next_due is None
    assert change.after.pause.reason == "maintenance"
    assert change.after.revision == schedule.revision + 1


def test_a_pause_with_an_end_is_looked_at_again_then(schedule):
    assert paused(schedule, NOW, "ada", "", NOW + 3 * HOUR).after.next_due == NOW + 3 * HOUR


def test_a_pause_that_ends_in_the_past_is_refused(schedule):
    with pytest.raises(InvalidValue, match="until"):
        paused(schedule, NOW, "ada", "", NOW - HOUR)


def test_what_came_due_before_a_pause_still_runs(schedule):
    late = replace(schedule, cursor=NOW - HOUR, next_due=NOW - HOUR / 2)
    change = paused(late, NOW, "ada", "")
    assert [run.planned_at for run in change.runs] == [NOW - HOUR / 2]


def test_resuming_records_what_the_pause_swallowed_and_runs_none_of_it(schedule):
    during = paused(schedule, NOW, "ada", "maintenance").after
    change = resumed(during, NOW + 3 * HOUR)
    [record] = change.runs
    assert (record.state, record.count) == (RunState.SKIPPED, 3)
    assert record.reason == "paused by ada: maintenance"
    assert change.after.pause is None
    assert change.after.next_due == NOW + 3.5 * HOUR


def test_what_a_pause_swallowed_is_recorded_by_the_definition_that_was_in_force(schedule):
    during = paused(schedule, NOW, "ada", "maintenance").after
    change = redefined(during, NOW + 3 * HOUR, declared=replace(HOURLY, timetable="every 1m"))
    [record] = change.runs
    assert (record.state, record.count) == (RunState.SKIPPED, 3)
    assert change.after.cursor == NOW + 3 * HOUR
    [rest] = resumed(change.after, NOW + 3 * HOUR + timedelta(minutes=10)).runs
    assert rest.count == 10


def test_what_a_pause_swallowed_is_recorded_when_another_takes_its_place(schedule):
    first = paused(schedule, NOW, "ada", "maintenance").after
    change = paused(first, NOW + 2 * HOUR, "grace", "longer")
    assert [(run.count, run.reason) for run in change.runs] == [(2, "paused by ada: maintenance")]
    [rest] = resumed(change.after, NOW + 3 * HOUR).runs
    assert (rest.count, rest.reason) == (1, "paused by grace: longer")


def test_what_a_pause_swallowed_is_recorded_when_the_schedule_is_retired(schedule):
    during = paused(schedule, NOW, "ada", "maintenance").after
    assert [run.count for run in retired(during, NOW + 3 * HOUR, 2).runs] == [3]


def test_skipping_the_next_occurrence_is_a_pause_until_just_after_it(schedule):
    change = skipping_next(schedule, NOW, "ada", "")
    assert change.after.pause.until == NOW + HOUR / 2 + timedelta(microseconds=1)
    with pytest.raises(InvalidValue, match="it is paused"):
        skipping_next(change.after, NOW, "ada", "")


def test_a_new_timetable_counts_from_now(schedule):
    change = redefined(schedule, NOW, declared=replace(HOURLY, timetable="cron 15 * * * * in UTC"))
    assert change.after.next_due == NOW + timedelta(minutes=45)
    assert change.after.cursor == NOW


def test_an_override_that_has_ended_is_dropped(schedule):
    over = Override(
        field="priority", value=9, author="ada", reason="", created_at=NOW - 2 * HOUR, until=NOW - HOUR
    )
    change = redefined(replace(schedule, overrides=(over,), effective=replace(HOURLY, priority=9)), NOW)
    assert change.after.overrides == ()
    assert change.after.effective.priority == 0


def test_a_retired_schedule_fires_no_more(schedule):
    after = retired(schedule, NOW, 2).after
    assert (after.state, after.next_due) == (ScheduleState.RETIRED, None)
    assert paused(after, NOW + HOUR, "ada", "", NOW + 2 * HOUR).after.next_due is None


def test_a_one_time_schedule_stays_finished_when_it_is_edited_after_it_ran(schedule):
    once = Definition(task="purge", timetable="2026-03-02T11:00:00Z")
    done = replace(schedule, declared=once, effective=once, state=ScheduleState.FINISHED, next_due=None)
    change = redefined(done, NOW, declared=replace(once, priority=3))
    assert change.after.state is ScheduleState.FINISHED
    assert change.runs == ()
