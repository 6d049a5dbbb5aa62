"""How a rota stands: what is ahead, what needs a person, and the story of one run."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rota import daily, every
from rota.core.records import RunState, ScheduleQuery
from rota.operations.ahead import ahead, soonest
from rota.operations.attention import standing
from rota.operations.changing import pause
from rota.operations.history import count_runs, overview
from rota.operations.requesting import backfill, retry
from rota.operations.story import remaining, steps_of, story
from rota.operations.timeline import SPANS, loose_lanes, timeline
from rota.testing.clock import instant

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def planned(found):
    return [(f"{one.at:%H:%M}", one.schedule) for one in found]


def test_what_is_ahead_is_in_order_over_all_schedules(shop):
    found = ahead(shop.rota, instant("2026-03-02 03:30"))
    assert planned(found) == [
        ("01:00", "often"),
        ("02:00", "nightly"),
        ("02:00", "often"),
        ("03:00", "often"),
    ]


def test_what_is_paused_is_not_ahead_until_it_ends(shop, ann):
    pause(shop.rota, ["often"], ann, until=instant("2026-03-02 02:30"))
    assert planned(ahead(shop.rota, instant("2026-03-02 03:30"))) == [
        ("02:00", "nightly"),
        ("03:00", "often"),
    ]
    pause(shop.rota, ["nightly"], ann)
    assert planned(ahead(shop.rota, instant("2026-03-02 03:30"))) == [("03:00", "often")]


def test_a_schedule_that_may_run_twice_more_is_twice_ahead(sim):
    sim.declare("few", every("1h"), max_runs=2)
    sim.rota.sync()
    assert planned(ahead(sim.rota, sim.clock.now() + timedelta(days=1))) == [
        ("01:00", "few"),
        ("02:00", "few"),
    ]


def test_the_soonest_may_be_far_away(sim):
    sim.declare("yearly", "2027-01-01T00:00:00Z")
    sim.rota.sync()
    assert ahead(sim.rota, sim.clock.now() + HOUR) == []
    assert soonest(sim.rota).at == instant("2027-01-01 00:00")


def test_without_schedules_nothing_is_soonest(sim):
    assert soonest(sim.rota) is None


def test_the_next_one_is_found_whatever_its_name(sim):
    for number in range(60):
        sim.declare(f"a{number:02}", daily("23:00"))
    sim.declare("zzz", every("1h"))
    sim.start_node()
    sim.advance(timedelta(seconds=1))
    assert standing(sim.rota).sentence == "All 61 schedules are on time. Next: zzz in 59 minutes."


def test_failing_missed_and_late_schedules_need_attention(sim):
    sim.declare("broken", every("1h"), fails=lambda run: True)
    sim.declare("silent", every("1h"), catch_up="none")
    sim.start_node()
    sim.advance(timedelta(hours=2, minutes=1))
    found = {one.subject: one for one in standing(sim.rota).attention}
    assert found["broken"].about == "schedule"
    assert found["broken"].run == sim.runs("broken")[-1].id
    sim.stop_all_nodes()
    sim.clock.advance(timedelta(hours=5))
    late = [one.problem for one in standing(sim.rota).attention if one.subject == "scheduler"]
    assert late == ["the earliest schedule has been due since 2026-03-02T03:00:00Z, and is not decided"]
    sim.start_node()
    sim.advance(MINUTE)
    assert any("occurrences were missed" in one.problem for one in standing(sim.rota).attention)


def test_what_was_missed_is_said_of_each_schedule_until_it_has_been_run(sim, ann):
    for name in ("silent", "quiet"):
        sim.declare(name, every("1h"), catch_up="none")
    sim.start_node()
    sim.advance(timedelta(minutes=1))
    sim.stop_all_nodes()
    sim.clock.advance(timedelta(hours=5))
    sim.start_node()
    sim.advance(MINUTE)
    found = {one.subject: one for one in standing(sim.rota).attention}
    missed = "4 occurrences were missed in the last 24 hours, at last at 2026-03-02T04:00:00Z"
    assert {name: one.problem.partition(": ")[0] for name, one in found.items()} == {
        "silent": missed, "quiet": missed,
    }  # fmt: skip
    command = "`rota backfill silent --from 2026-03-02T01:00:00Z --to 2026-03-02T04:00:01Z`"
    assert found["silent"].remedy == f"To run them: {command}"

    start, end = re.findall(r"20\S+Z", found["silent"].remedy)
    done = backfill(sim.rota, "silent", datetime.fromisoformat(start), datetime.fromisoformat(end), ann)
    assert len(done.runs) == 4
    assert [one.subject for one in standing(sim.rota).attention] == ["quiet"]


def test_a_failure_that_was_followed_by_success_is_over(sim):
    outcomes = iter([True, False])
    sim.declare("shaky", every("1h"), fails=lambda run: next(outcomes))
    sim.start_node()
    sim.advance(timedelta(hours=1, minutes=1))
    assert [run.schedule for run in overview(sim.rota).failing] == ["shaky"]
    sim.advance(HOUR)
    assert overview(sim.rota).failing == ()


def test_the_hours_of_a_day_add_up(shop):
    shop.start_node()
    shop.advance(timedelta(hours=30))
    one = overview(shop.rota)
    assert len(one.hours) == 24
    assert one.hours[-1].start == instant("2026-03-03 06:00")
    assert sum(hour.total for hour in one.hours) <= sum(one.recent.values())
    assert [hour.total for hour in one.hours if hour.start == instant("2026-03-03 02:00")] == [2]


def test_beyond_a_limit_the_hours_of_a_day_are_those_that_runs_ended_in(shop, monkeypatch):
    from rota.operations import history

    shop.start_node()
    shop.advance(timedelta(hours=30, minutes=5))
    exact = overview(shop.rota)
    monkeypatch.setattr(history, "ENOUGH", 5)
    capped = overview(shop.rota)
    assert [hour.total for hour in capped.hours] == [hour.total for hour in exact.hours]
    assert capped.last_hour == exact.last_hour
    monkeypatch.setattr(history, "ENOUGH", 1)
    assert overview(shop.rota).last_hour == {RunState.SUCCEEDED: 2}  # by whole hours


def test_runs_are_counted_up_to_a_limit(shop):
    shop.start_node()
    shop.advance(timedelta(hours=10, minutes=30))
    from rota.core.records import RunQuery

    assert count_runs(shop.rota, RunQuery(schedule="often"), 100) == (10, False)
    assert count_runs(shop.rota, RunQuery(schedule="often"), 10) == (10, False)
    assert count_runs(shop.rota, RunQuery(schedule="often"), 4) == (4, True)


def test_a_search_looks_at_so_many_runs_and_says_where_it_stopped(shop, monkeypatch):
    from rota.core.records import RunQuery
    from rota.operations import history

    shop.start_node()
    shop.advance(timedelta(hours=48))
    monkeypatch.setattr(history, "LOOKED_AT", 10)
    query, found, pages = RunQuery(task="nightly", limit=5), [], 0
    while True:
        page = history.search(shop.rota, query)
        found += page.runs
        pages += 1
        if page.next is None:
            break
        query = replace(query, before=page.next)
    assert [run.id for run in found] == [run.id for run in shop.runs("nightly")][::-1]
    assert pages > 3
    assert count_runs(shop.rota, RunQuery(task="nightly")) == (0, True)
    assert count_runs(shop.rota, RunQuery(schedule="nightly")) == (2, False)


# -- stories
def test_a_run_knows_the_ones_around_it_however_far(sim):
    sim.declare("rare", daily("02:00"))
    sim.start_node()
    sim.advance(timedelta(days=60))
    runs = sim.runs("rare")
    for before, here, after in zip(runs, runs[1:], runs[2:], strict=False):
        told = story(sim.rota, here.id)
        assert (told.previous.id, told.next.id) == (before.id, after.id)
    assert story(sim.rota, runs[0].id).previous is None
    assert story(sim.rota, runs[-1].id).next is None


def test_the_steps_of_a_run_that_is_tried_again(sim):
    sim.declare(
        "broken", every("1h"), fails=lambda run: run.attempt < 2, task={"retries": 2, "backoff": "10m"}
    )
    sim.start_node()
    sim.advance(timedelta(hours=1, minutes=5))
    (run,) = sim.runs("broken")
    words = [step.word for step in story(sim.rota, run.id).steps]
    assert words == ["scheduled", "queued", "attempt 1", "failed", "next attempt"]
    sim.advance(timedelta(minutes=20))
    words = [step.word for step in story(sim.rota, run.id).steps]
    assert words == ["scheduled", "queued", "attempt 1", "failed", "attempt 2", "succeeded"]


def test_a_run_knows_its_retries(sim, ann):
    sim.declare("broken", every("1h"), fails=lambda run: True)
    sim.start_node()
    sim.advance(timedelta(hours=1, minutes=1))
    (run,) = sim.runs("broken")
    made = retry(sim.rota, run.id, ann)
    assert [one.id for one in story(sim.rota, run.id).retries] == [made]
    assert story(sim.rota, made).retries == ()


def test_a_record_of_a_gap_ends_as_what_it_is(sim):
    sim.declare("often", every("1h"), catch_up="none")
    sim.rota.sync()
    sim.clock.advance(timedelta(hours=5))
    sim.start_node(("scheduler",))
    sim.advance(MINUTE)
    record = next(run for run in sim.runs("often") if run.state is RunState.MISSED)
    assert [step.word for step in steps_of(record, ())] == ["scheduled", "queued", "missed"]


@pytest.mark.parametrize(
    ("done", "total", "left"),
    [
        (1, 4, 3 * MINUTE),
        (4, 4, timedelta(0)),
        (5, 4, timedelta(0)),
        (0, 4, None),
        (None, None, None),
        (1, None, None),
    ],
)
def test_what_remains_goes_by_the_pace_so_far(sim, done, total, left):
    sim.declare("often", every("1h"), takes=HOUR)
    sim.start_node()
    sim.advance(timedelta(hours=1, minutes=1))
    (run,) = sim.runs("often")
    at = run.started_at + MINUTE
    assert remaining(replace(run, done=done, total=total), at) == left


# -- the timeline
def test_lanes_hold_past_and_future_by_name(shop):
    shop.start_node()
    shop.run_until("2026-03-02 03:30")
    whole = timeline(shop.rota, "6h")
    assert [lane.name for lane in whole.lanes] == ["nightly", "often"]
    often = whole.lanes[1]
    assert [f"{run.planned_at:%H}" for run in often.runs] == ["01", "02", "03"]
    assert f"{often.planned[0]:%H:%M}" == "04:00"
    assert often.typical == MINUTE
    assert whole.lanes[0].planned == ()


def test_what_is_due_too_often_to_be_drawn_is_counted(shop):
    shop.start_node()
    shop.run_until("2026-03-02 03:30")
    whole = timeline(shop.rota, "7d")
    often = whole.lanes[1]
    assert (often.planned, often.ahead) == ((), 5 * 24 - 3)  # the last one at the end of the picture
    assert (f"{often.first:%d %H}", often.last) == ("02 04", whole.end)
    assert sum(often.load) == often.ahead


def test_the_load_is_what_begins_and_how_much_of_it_goes_on_at_once(shop):
    shop.start_node()
    shop.run_until("2026-03-02 03:30")
    whole = timeline(shop.rota, "24h")
    assert sum(part.runs for part in whole.load) == sum(lane.ahead for lane in whole.lanes)
    assert [part.start for part in whole.load][1:] == [part.end for part in whole.load][:-1]
    part = next(one for one in whole.load if one.runs)
    assert part.busy == pytest.approx(part.runs * MINUTE / (part.end - part.start))


def test_what_was_paused_together_is_one_window(shop, ann):
    pause(shop.rota, ["nightly", "often"], ann, "Database upgrade", until=instant("2026-03-02 02:30"))
    [window] = timeline(shop.rota, "6h").windows
    assert window.names == ("nightly", "often")
    assert (window.pause.reason, window.pause.by) == ("Database upgrade", "ann")
    lanes = {lane.name: lane for lane in timeline(shop.rota, "6h").lanes}
    assert f"{lanes['often'].first:%H:%M}" == "03:00"
    assert lanes["nightly"].pause == window.pause


def test_lanes_come_page_by_page_and_by_tag(shop):
    for number in range(60):
        shop.declare(f"x-{number:02}", "every 1h", task={"tags": ["many"]})
    shop.rota.sync()
    first = timeline(shop.rota, "6h")
    assert (len(first.lanes), first.more) == (40, first.lanes[-1].name)
    second = timeline(shop.rota, "6h", ScheduleQuery(after=first.more))
    assert (len(second.lanes), second.more) == (22, None)
    assert len(timeline(shop.rota, "6h", ScheduleQuery(tag="traffic")).lanes) == 1


def test_lanes_read_a_capped_number_of_runs(shop, monkeypatch):
    asked = []
    real = shop.rota.store.latest
    monkeypatch.setattr(
        shop.rota.store, "latest", lambda ids, limit: (asked.append((len(ids), limit)), real(ids, limit))[1]
    )
    for span in SPANS:
        timeline(shop.rota, span)
    assert asked == [(2, 300)] * len(SPANS)


def test_the_grid_stands_on_full_hours_and_holds_now(shop):
    shop.run_until("2026-03-02 05:41")
    for span in SPANS:
        whole = timeline(shop.rota, span)
        assert whole.ticks[0] == whole.start < whole.now < whole.end == whole.ticks[-1]
        assert whole.start.minute % 10 == 0


def test_nothing_gives_no_lanes():
    assert loose_lanes([]) == ()
