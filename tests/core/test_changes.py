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


def test_a_pause_that_is_planned_leaves_what_is_due_before_it(schedule):
    change = paused(schedule, NOW, "ada", "maintenance", NOW + 3 * HOUR, NOW + HOUR)
    assert (change.after.pause.start, change.after.next_due) == (NOW + HOUR, NOW + HOUR / 2)
    assert not change.after.pause.has_begun(NOW)


@pytest.mark.parametrize(
    ("start", "until", "next_due"),
    [
        pytest.param(HOUR / 4, 3 * HOUR, 3 * HOUR, id="nothing is due before it"),
        pytest.param(HOUR / 2, 3 * HOUR, 3 * HOUR, id="its start is inside"),
        pytest.param(HOUR / 2 + timedelta(microseconds=1), 3 * HOUR, HOUR / 2, id="just before it"),
        pytest.param(HOUR / 4, None, None, id="without an end, nothing is due"),
        pytest.param(HOUR, None, HOUR / 2, id="without an end"),
        pytest.param(-HOUR, 3 * HOUR, 3 * HOUR, id="a start that has passed is now"),
    ],
)
def test_when_a_schedule_with_a_planned_pause_is_looked_at(schedule, start, until, next_due):
    after = paused(schedule, NOW, "ada", "", until and NOW + until, NOW + start).after
    assert after.next_due == (next_due and NOW + next_due)
    assert after.pause.start == max(NOW, NOW + start)


def test_a_pause_that_ends_before_it_begins_is_refused(schedule):
    with pytest.raises(InvalidValue, match=r"until: .* it must be later than the start"):
        paused(schedule, NOW, "ada", "", NOW + HOUR, NOW + HOUR)


def test_a_planned_pause_that_is_resumed_leaves_no_trace(schedule):
    planned = paused(schedule, NOW, "ada", "", NOW + 3 * HOUR, NOW + HOUR / 4).after
    change = resumed(planned, NOW + HOUR / 8)
    assert (change.after.pause, change.after.next_due, change.runs) == (None, NOW + HOUR / 2, ())


def test_another_definition_keeps_a_planned_pause(schedule):
    planned = paused(schedule, NOW, "ada", "", NOW + 3 * HOUR, NOW + HOUR).after
    change = redefined(planned, NOW + HOUR / 4, overrides=[])
    assert (change.after.pause, change.after.next_due) == (planned.pause, NOW + HOUR / 2)
    after = redefined(planned, NOW + 2 * HOUR, overrides=[])
    assert [(run.state, run.count) for run in after.runs] == [("pending", 1), ("skipped", 1)]
    assert (after.after.pause, after.after.next_due) == (planned.pause, NOW + 3 * HOUR)


def test_the_next_occurrence_is_not_skipped_in_the_place_of_a_planned_pause(schedule):
    planned = paused(schedule, NOW, "ada", "", NOW + 3 * HOUR, NOW + HOUR).after
    with pytest.raises(InvalidValue, match="a pause is planned from"):
        skipping_next(planned, NOW, "ada", "")


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
