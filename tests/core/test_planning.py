"""Planning: what becomes of the occurrences of a schedule that have come due."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rota.core import planning
from rota.core.changes import redefined
from rota.core.ids import occurrence_id, record_id
from rota.core.planning import compiled, first_due, paused_record, plan, run_of
from rota.core.policies import CatchUp, CatchUpRule, Concurrency, Overlap
from rota.core.records import (
    ActiveRun,
    Definition,
    DueSchedule,
    NewRun,
    Pause,
    Plan,
    RunState,
    Schedule,
    ScheduleState,
    Source,
)

TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RUNNING = ActiveRun("r-running", RunState.RUNNING)
PENDING = ActiveRun("r-pending", RunState.PENDING)
HOURLY = Definition(task="tidy", timetable="every 1h", overlap=Overlap.ALLOW)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02 {text}" if "-" not in text else text).replace(tzinfo=UTC)


def due_schedule(definition: Definition = HOURLY, cursor: str = "10:00", **changes) -> DueSchedule:
    schedule = DueSchedule(
        id="s-1", rota="shop", name="tidy", definition=definition, revision=3, cursor=utc(cursor)
    )
    return replace(schedule, **changes)


def hourly(rule: str = "latest", **changes) -> Definition:
    policy = {name: changes.pop(name) for name in ("window", "grace") if name in changes}
    return replace(HOURLY, catch_up=replace(CatchUp.of(rule), **policy), **changes)


def told(planned: Plan) -> list[str]:
    """What a plan says, in words: `run 11:00`, `missed 11:00-14:00 x4`, `skipped 11:00`."""
    return [_told(run) for run in planned.runs]


def _told(run: NewRun) -> str:
    assert run.planned_at is not None
    if run.state is RunState.PENDING:
        return f"{'late' if run.is_catch_up else 'run'} {run.planned_at:%H:%M}"
    if run.count == 1:
        assert run.window_start == run.planned_at
        return f"{run.state} {run.planned_at:%H:%M}"
    return f"{run.state} {run.window_start:%H:%M}-{run.planned_at:%H:%M} x{run.count}"


# -- on time and catching up


@pytest.mark.parametrize(
    ("definition", "now", "says"),
    [
        pytest.param(hourly(), "10:30", [], id="nothing is due"),
        pytest.param(hourly(), "11:00", ["run 11:00"], id="due now"),
        pytest.param(hourly(), "10:59:59", [], id="never before its instant"),
        pytest.param(hourly(), "11:01", ["run 11:00"], id="as late as the grace is on time"),
        pytest.param(hourly(), "11:01:01", ["late 11:00"], id="later is a catch-up"),
        pytest.param(hourly(), "14:30", ["missed 11:00-13:00 x3", "late 14:00"], id="latest"),
        pytest.param(hourly(), "14:00", ["missed 11:00-13:00 x3", "run 14:00"], id="latest: a newer one"),
        pytest.param(hourly("none"), "14:30", ["missed 11:00-14:00 x4"], id="none"),
        pytest.param(hourly("none"), "14:00", ["missed 11:00-13:00 x3", "run 14:00"], id="none: one fits"),
        pytest.param(hourly("ask"), "14:30", ["missed 11:00-14:00 x4"], id="ask"),
        pytest.param(
            hourly("all"), "14:00", ["late 11:00", "late 12:00", "late 13:00", "run 14:00"], id="all"
        ),
        pytest.param(
            hourly("all", window=2 * HOUR), "14:30", ["missed 11:00-12:00 x2", "late 13:00", "late 14:00"],
            id="all: what is older than the window is missed",
        ),
        pytest.param(
            hourly("all", window=2 * HOUR), "14:00",
            ["missed 11:00", "late 12:00", "late 13:00", "run 14:00"],
            id="all: as old as the window still runs",
        ),
        pytest.param(
            hourly(window=MINUTE), "14:30", ["missed 11:00-14:00 x4"], id="latest: none within the window"
        ),
        pytest.param(hourly(grace=3 * HOUR), "13:00", ["run 11:00", "run 12:00", "run 13:00"], id="grace"),
        pytest.param(hourly(grace=timedelta(0)), "11:00", ["run 11:00"], id="no grace"),
        pytest.param(
            hourly("none", window=MINUTE, grace=2 * HOUR), "12:30", ["missed 11:00-12:00 x2"],
            id="older than the window never runs, whatever the grace",
        ),
    ],
)  # fmt: skip
def test_catch_up(definition, now, says):
    planned = plan(due_schedule(definition), utc(now))
    assert told(planned) == says
    assert planned.cursor == utc(now)
    assert planned.made == sum(one.startswith(("run", "late")) for one in says)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("latest", "no scheduler was running"),
        ("none", "no scheduler was running"),
        ("all", "older than the catch-up window"),
        ("ask", "no scheduler was running; waiting for an operator to decide"),
    ],
)
def test_a_missed_record_says_why(rule, reason):
    planned = plan(due_schedule(hourly(rule, window=HOUR)), utc("14:30"))
    assert [run.reason for run in planned.runs if run.state is RunState.MISSED] == [reason]


def test_thirty_days_off_make_one_run_and_one_record():
    minutely = hourly(timetable="every 1m")
    planned = plan(due_schedule(minutely, cursor="2026-02-01 00:00"), utc("2026-03-03 00:02:30"))
    assert told(planned) == ["missed 00:01-00:01 x43201", "run 00:02"]
    assert planned.runs[0].window_start == utc("2026-02-01 00:01")


# -- at most so many in one tick


def test_more_than_one_tick_takes_is_left_for_the_next_which_is_due_at_once():
    schedule = due_schedule(hourly("all"))
    planned = plan(schedule, utc("15:30"), limit=2)
    assert told(planned) == ["late 11:00", "late 12:00"]
    assert (planned.cursor, planned.next_due) == (utc("12:00"), utc("13:00"))


def test_the_tick_that_takes_exactly_the_rest_leaves_nothing():
    planned = plan(due_schedule(hourly("all")), utc("13:30"), limit=3)
    assert (planned.cursor, planned.next_due) == (utc("13:30"), utc("14:00"))


def test_occurrences_on_time_that_do_not_fit_are_not_lost_to_a_late_one():
    # One is late and would be caught up; more are on time than one tick takes.
    schedule = due_schedule(hourly(grace=3 * HOUR), cursor="10:30")
    planned = plan(schedule, utc("14:30"), limit=2)
    assert told(planned) == ["missed 11:00", "run 12:00", "run 13:00"]
    assert (planned.cursor, planned.next_due) == (utc("13:00"), utc("14:00"))


# -- the cursor and the next instant


def test_the_cursor_never_goes_back():
    planned = plan(due_schedule(cursor="12:30"), utc("10:00"))
    assert told(planned) == []
    assert (planned.cursor, planned.next_due) == (utc("12:30"), utc("13:00"))


def test_a_plan_names_the_schedule_as_it_was_read():
    planned = plan(due_schedule(), utc("11:00"))
    assert (planned.schedule_id, planned.revision, planned.cursor_was) == ("s-1", 3, utc("10:00"))
    assert (planned.state, planned.next_due) == (ScheduleState.ACTIVE, utc("12:00"))


@pytest.mark.parametrize(
    ("definition", "cursor", "due"),
    [
        pytest.param(hourly(), "10:00", "11:00", id="strictly after"),
        pytest.param(hourly(), "10:59:59", "11:00", id="just before"),
        pytest.param(hourly(start=utc("13:00")), "10:00", "13:00", id="the start counts"),
        pytest.param(hourly(start=utc("13:00:01")), "10:00", "14:00", id="not before the start"),
        pytest.param(hourly(start=utc("09:00")), "10:00", "11:00", id="started long ago"),
        pytest.param(hourly(end=utc("11:00")), "10:00", "11:00", id="the end counts"),
        pytest.param(hourly(end=utc("10:59:59")), "10:00", None, id="not after the end"),
        pytest.param(hourly(timetable="once 2026-03-02T10:00:00Z"), "10:00", None, id="once, and it was"),
        pytest.param(hourly(max_runs=3), "10:00", "11:00", id="one run is left"),
        pytest.param(hourly(max_runs=2), "10:00", None, id="no run is left"),
    ],
)
def test_first_due(definition, cursor, due):
    assert first_due("tidy", definition, utc(cursor), runs_made=2) == (due and utc(due))


# -- start, end, max_runs


def test_a_one_time_schedule_makes_one_run_and_is_finished():
    planned = plan(due_schedule(hourly(timetable="once 2026-03-02T11:00:00Z")), utc("11:00"))
    assert told(planned) == ["run 11:00"]
    assert (planned.state, planned.next_due) == (ScheduleState.FINISHED, None)


def test_nothing_is_missed_before_the_start_or_after_the_end():
    planned = plan(due_schedule(hourly("none", start=utc("12:00"), end=utc("14:00"))), utc("20:30"))
    assert told(planned) == ["missed 12:00-14:00 x3"]
    assert planned.state is ScheduleState.FINISHED


def test_the_latest_occurrence_is_never_one_after_the_end():
    planned = plan(due_schedule(hourly(end=utc("12:30"))), utc("20:30"))
    assert told(planned) == ["missed 11:00", "late 12:00"]


def test_max_runs_counts_runs_and_not_what_was_skipped_or_missed():
    schedule = due_schedule(hourly("all", max_runs=5, overlap=Overlap.SKIP), runs_made=3)
    planned = plan(schedule, utc("14:30"))
    assert told(planned) == ["late 11:00", "skipped 12:00"]
    assert (planned.made, planned.state, planned.next_due) == (1, ScheduleState.ACTIVE, utc("13:00"))


def test_the_last_of_max_runs_finishes_the_schedule():
    planned = plan(due_schedule(hourly("all", max_runs=5), runs_made=3), utc("14:30"))
    assert told(planned) == ["late 11:00", "late 12:00"]
    assert (planned.state, planned.next_due, planned.cursor) == (ScheduleState.FINISHED, None, utc("12:00"))


def test_a_schedule_that_has_made_its_runs_makes_and_misses_nothing_more():
    planned = plan(due_schedule(hourly("none", max_runs=5), runs_made=6), utc("14:30"))
    assert told(planned) == []
    assert (planned.state, planned.next_due) == (ScheduleState.FINISHED, None)


# -- overlap


@pytest.mark.parametrize(
    ("overlap", "active", "says", "blocked_by"),
    [
        pytest.param("skip", [], ["run 11:00"], None, id="skip: free"),
        pytest.param("skip", [RUNNING], ["skipped 11:00"], "r-running", id="skip: one runs"),
        pytest.param("skip", [PENDING], ["skipped 11:00"], "r-pending", id="skip: a retry waits"),
        pytest.param("queue_one", [], ["run 11:00"], None, id="queue_one: free"),
        pytest.param("queue_one", [RUNNING], ["run 11:00"], None, id="queue_one: one runs"),
        pytest.param("queue_one", [PENDING], ["run 11:00"], None, id="queue_one: one is next"),
        pytest.param(
            "queue_one", [RUNNING, PENDING], ["skipped 11:00"], "r-pending", id="queue_one: another waits"
        ),
        pytest.param(
            "queue_one", [RUNNING, RUNNING], ["run 11:00"], None, id="queue_one: two run, none waits"
        ),
        pytest.param("queue_all", [RUNNING, PENDING], ["run 11:00"], None, id="queue_all"),
        pytest.param("allow", [RUNNING, PENDING], ["run 11:00"], None, id="allow"),
        pytest.param("cancel_running", [RUNNING, PENDING], ["run 11:00"], None, id="cancel_running"),
    ],
)
def test_overlap(overlap, active, says, blocked_by):
    schedule = due_schedule(hourly(overlap=Overlap(overlap)), active=tuple(active))
    planned = plan(schedule, utc("11:00"))
    assert told(planned) == says
    assert planned.runs[0].blocked_by == blocked_by
    assert planned.cancel == (("r-running", "r-pending") if overlap == "cancel_running" else ())
    assert planned.runs[0].serial is (overlap != "allow" and blocked_by is None)


@pytest.mark.parametrize(
    ("overlap", "says"),
    [
        ("skip", ["late 11:00", "skipped 12:00", "skipped 13:00"]),
        ("queue_one", ["late 11:00", "late 12:00", "skipped 13:00"]),
        ("queue_all", ["late 11:00", "late 12:00", "late 13:00"]),
        ("allow", ["late 11:00", "late 12:00", "late 13:00"]),
        ("cancel_running", ["skipped 11:00", "skipped 12:00", "late 13:00"]),
    ],
)
def test_overlap_holds_among_the_occurrences_of_one_plan(overlap, says):
    planned = plan(due_schedule(hourly("all", overlap=Overlap(overlap))), utc("13:30"))
    assert told(planned) == says
    made = [run.id for run in planned.runs if run.state is RunState.PENDING]
    assert {run.blocked_by for run in planned.runs if run.state is RunState.SKIPPED} <= set(made)
    assert planned.cancel == ()


def test_what_was_missed_cancels_nothing():
    schedule = due_schedule(hourly("none", overlap=Overlap.CANCEL_RUNNING), active=(RUNNING,))
    assert plan(schedule, utc("13:30")).cancel == ()


# -- pauses


def paused(at: str, until: str | None, reason: str = "stock-taking") -> Pause:
    return Pause(start=utc(at), by="ada", reason=reason, until=until and utc(until))


@pytest.mark.parametrize(
    ("pause", "now", "says", "cursor", "next_due"),
    [
        pytest.param(paused("10:30", None), "15:30", [], "10:29:59.999999", None, id="without an end"),
        pytest.param(
            paused("10:30", "18:00"), "15:30", [], "10:29:59.999999", "18:00", id="its end is to come"
        ),
        pytest.param(
            paused("10:30", "14:30"), "14:40", ["skipped 11:00-14:00 x4"], "14:40", "15:00", id="it has ended"
        ),
        pytest.param(
            paused("10:30", "14:00"), "14:00", ["skipped 11:00-13:00 x3", "run 14:00"], "14:00", "15:00",
            id="its end is outside",
        ),
        pytest.param(
            paused("11:00", "14:00"), "14:00", ["skipped 11:00-13:00 x3", "run 14:00"], "14:00", "15:00",
            id="its start is inside",
        ),
        pytest.param(
            paused("11:00:00.000001", None), "11:00:30", ["run 11:00"], "11:00", None, id="just before it"
        ),
        pytest.param(
            paused("12:30", "14:30"), "11:00", ["run 11:00"], "11:00", "12:00", id="planned: it fires as ever"
        ),
        pytest.param(
            paused("11:30", "14:30"), "11:00", ["run 11:00"], "11:00", "14:30",
            id="planned, and nothing is due before it",
        ),
        pytest.param(
            paused("11:30", None), "11:00", ["run 11:00"], "11:00", None, id="planned, without an end"
        ),
        pytest.param(
            paused("11:10", "11:50"), "11:00", ["run 11:00"], "11:00", "11:50", id="planned, an empty one"
        ),
        pytest.param(
            paused("12:30", "14:30"), "17:30",
            ["missed 11:00-12:00 x2", "skipped 13:00-14:00 x2", "missed 15:00-16:00 x2", "late 17:00"],
            "17:30", "18:00",
            id="the gaps before it and after it are apart",
        ),
        pytest.param(
            paused("12:30", "17:15"), "17:30", ["missed 11:00", "late 12:00", "skipped 13:00-17:00 x5"],
            "17:30", "18:00",
            id="the latest that ran may be before it",
        ),
        pytest.param(paused("10:10", "10:20"), "11:00", ["run 11:00"], "11:00", "12:00", id="an empty one"),
    ],
)  # fmt: skip
def test_pauses(pause, now, says, cursor, next_due):
    planned = plan(due_schedule(pause=pause), utc(now))
    assert told(planned) == says
    assert (planned.cursor, planned.next_due) == (utc(cursor), next_due and utc(next_due))
    assert planned.state is ScheduleState.ACTIVE
    assert planned.resumed is (pause.until is not None and pause.until <= utc(now))


def test_what_a_pause_swallowed_says_who_and_why():
    planned = plan(due_schedule(pause=paused("10:30", "12:30")), utc("12:40"))
    assert [run.reason for run in planned.runs] == ["paused by ada: stock-taking"]
    silent = plan(due_schedule(pause=paused("10:30", "12:30", reason="")), utc("12:40"))
    assert [run.reason for run in silent.runs] == ["paused by ada"]


def test_a_pause_that_has_ended_stays_until_everything_before_it_is_decided():
    schedule = due_schedule(hourly("all"), pause=paused("13:30", "15:30"))
    first = plan(schedule, utc("17:30"), limit=2)
    assert told(first) == ["late 11:00", "late 12:00"]
    assert (first.resumed, first.next_due) == (False, utc("13:00"))

    second = plan(applied(schedule, first), utc("17:30"), limit=2)
    assert told(second) == ["late 13:00", "skipped 14:00-15:00 x2", "late 16:00"]
    assert (second.resumed, second.next_due) == (True, utc("17:00"))


def test_overlap_and_the_limit_hold_across_a_pause():
    schedule = due_schedule(hourly("all", overlap=Overlap.SKIP), pause=paused("11:30", "12:30"))
    planned = plan(schedule, utc("14:30"), limit=2)
    assert told(planned) == ["late 11:00", "skipped 12:00", "skipped 13:00"]
    assert planned.cursor == utc("13:00")


def test_a_one_time_schedule_whose_instant_a_pause_swallowed_is_finished():
    once = hourly(timetable="once 2026-03-02T11:00:00Z")
    waits = plan(due_schedule(once, pause=paused("10:30", "12:00")), utc("11:30"))
    assert (told(waits), waits.state, waits.next_due) == ([], ScheduleState.ACTIVE, utc("12:00"))
    ended = plan(due_schedule(once, pause=paused("10:30", "12:00")), utc("12:00"))
    assert (told(ended), ended.state) == (["skipped 11:00"], ScheduleState.FINISHED)


def test_the_record_of_a_pause_can_be_had_alone():
    schedule = due_schedule()
    timetable = compiled("tidy", HOURLY)
    pause = paused("10:30", None)
    [record] = paused_record(schedule, timetable, utc("10:30"), utc("13:00"), pause, utc("13:00"))
    assert _told(record) == "skipped 11:00-13:00 x3"
    assert paused_record(schedule, timetable, utc("10:30"), utc("10:59"), pause, utc("13:00")) == []


def test_overlap_holds_over_several_ticks_when_a_change_has_to_decide_them_at_once():
    definition = hourly("all", timetable="every 1m", overlap=Overlap.SKIP)
    before = Schedule(
        id="s-1",
        rota="shop",
        name="tidy",
        source=Source.CODE,
        state=ScheduleState.ACTIVE,
        declared=definition,
        effective=definition,
        cursor=utc("06:00"),
        next_due=utc("06:01"),
        created_at=utc("06:00"),
        updated_at=utc("06:00"),
    )
    runs = redefined(before, utc("11:00"), name="sweep").runs
    assert Counter(run.state for run in runs) == {RunState.PENDING: 1, RunState.SKIPPED: 299}
    assert {run.blocked_by for run in runs[1:]} == {runs[0].id}


# -- what a run and a record carry


def test_the_run_of_an_occurrence_carries_what_the_definition_says():
    definition = hourly(
        args={"limit": 5}, jitter=MINUTE, priority=7, queue="slow", concurrency=Concurrency("mail", 3)
    )
    run = run_of(due_schedule(definition), utc("11:00"), utc("11:00:05"))
    assert run.id == occurrence_id("s-1", utc("11:00"))
    assert (run.task, run.args, run.policy) == ("tidy", {"limit": 5}, definition.policy)
    assert (run.priority, run.queue, run.lane, run.lane_limit) == (7, "slow", "mail", 3)
    assert (run.schedule_id, run.schedule, run.planned_at) == ("s-1", "tidy", utc("11:00"))
    assert run.created_at == utc("11:00:05")
    assert run.state is RunState.PENDING


def test_jitter_delays_the_start_and_not_the_due_time():
    schedule = due_schedule(hourly(jitter=10 * MINUTE))
    runs = [run_of(schedule, utc("00:00") + k * HOUR, utc("11:00")) for k in range(24)]
    waits = [run.run_at - run.planned_at for run in runs]
    assert all(timedelta(0) <= wait <= 10 * MINUTE for wait in waits)
    assert len(set(waits)) > 20
    assert [run.run_at for run in runs] == [
        run_of(schedule, utc("00:00") + k * HOUR, utc("23:00")).run_at for k in range(24)
    ]


def test_a_record_leaves_the_id_of_its_occurrence_free():
    # An operator may still run a missed occurrence by hand.
    [record] = plan(due_schedule(hourly("none")), utc("12:30")).runs
    assert record.id == record_id("s-1", utc("12:00"), "missed") != occurrence_id("s-1", utc("12:00"))


# -- what can not be evaluated


@pytest.mark.parametrize(
    "timetable", ["", "every never", "0 0 30 2 *", "daily 02:00 in Mars/Olympus", "\0", "x" * 10_000]
)
def test_a_schedule_that_can_not_be_evaluated_is_quarantined_alone(timetable):
    planned = plan(due_schedule(hourly(timetable=timetable)), utc("12:30"))
    assert (planned.state, planned.next_due) == (ScheduleState.QUARANTINED, None)
    assert planned.quarantine
    assert (planned.runs, planned.cancel, planned.cursor) == ((), (), utc("10:00"))


@pytest.mark.parametrize("broken", [None, 7, b"every 1h"])
def test_not_even_a_value_of_the_wrong_kind_stops_the_others(broken):
    planned = plan(due_schedule(hourly(timetable=broken)), utc("12:30"))
    assert planned.state is ScheduleState.QUARANTINED
    assert planned.quarantine


# -- every occurrence is accounted for exactly once

EPOCH = utc("2026-03-28 12:00")  # the night after, clocks in Paris skip an hour
TIMETABLES = [
    "every 97s",
    "every 1m",
    "every 25m",
    "every 1h",
    "*/20 * * * *",
    "0 2,14 * * * in Europe/Paris",
    "30 */2 * * * in Australia/Lord_Howe",
    "daily 02:30 in Europe/Paris",
    "weekly sat 13:00, sun 04:00",
    "(daily 12:30) | (every 40m)",
    "(every 10m) - (every 30m)",
    "once 2026-03-28T13:00:00Z",
]


def instants(longest: timedelta = timedelta(hours=14)) -> st.SearchStrategy[datetime]:
    return st.one_of(
        st.timedeltas(timedelta(0), longest),
        st.integers(0, longest // MINUTE).map(lambda n: n * MINUTE),  # often exactly an occurrence
        st.integers(0, 300).map(lambda n: n * SECOND),
    ).map(lambda after: EPOCH + after)


spans = st.one_of(st.sampled_from([SECOND, MINUTE, HOUR, DAY]), st.timedeltas(TICK, DAY))
policies = st.builds(CatchUp, st.sampled_from(CatchUpRule), spans, spans | st.just(timedelta(0)))
definitions = st.builds(
    Definition,
    task=st.just("tidy"),
    timetable=st.sampled_from(TIMETABLES),
    start=st.none() | instants(),
    end=st.none() | instants(),
    overlap=st.sampled_from(Overlap),
    catch_up=policies,
)
pauses = st.builds(
    Pause, start=instants(), by=st.just("ada"), reason=st.just(""), until=st.none() | instants()
)
schedules = st.builds(
    DueSchedule,
    id=st.just("s-1"),
    rota=st.just("shop"),
    name=st.just("tidy"),
    definition=definitions,
    revision=st.just(1),
    cursor=instants(3 * HOUR),
    pause=st.none() | pauses,
    active=st.lists(st.sampled_from([RUNNING, PENDING]), max_size=2, unique=True).map(tuple),
)


def occurrences(schedule: DueSchedule, after: datetime, until: datetime) -> list[datetime]:
    """Every occurrence in `(after, until]`, one by one, knowing nothing of plans."""
    definition, found = schedule.definition, []
    timetable = compiled(schedule.name, definition)
    due = timetable.next_after(after)
    while due is not None and due <= min(until, definition.end or until):
        if (definition.start or due) <= due:
            found.append(due)
        due = timetable.next_after(due)
    return found


def is_inside(pause: Pause | None, due: datetime) -> bool:
    return pause is not None and pause.start <= due and (pause.until is None or due < pause.until)


def applied(schedule: DueSchedule, planned: Plan) -> DueSchedule:
    """The schedule as it is once a store has applied the plan; its runs end at once."""
    return replace(
        schedule,
        cursor=planned.cursor,
        runs_made=schedule.runs_made + planned.made,
        pause=None if planned.resumed else schedule.pause,
        active=(),
    )


def accounted(planned: Plan, due: list[datetime]) -> Counter[datetime]:
    """How often each of the occurrences `due` is stood for by a run or a record of the plan."""
    counted: Counter[datetime] = Counter()
    for run in planned.runs:
        stood_for = [run.planned_at]
        if run.state is not RunState.PENDING:
            stood_for = [one for one in due if run.window_start <= one <= run.planned_at]
            assert run.window_start == stood_for[0]
            assert run.planned_at == stood_for[-1]
        assert run.count == len(stood_for)
        counted.update(stood_for)
    return counted


@given(schedules, instants(), st.integers(1, 30))
@settings(max_examples=60)
def test_every_occurrence_up_to_the_new_cursor_is_accounted_for_exactly_once(schedule, now, limit):
    planned = plan(schedule, now, limit=limit)

    assert planned.quarantine is None
    assert planned.cursor >= schedule.cursor
    assert planned.cursor <= max(now, schedule.cursor)
    due = occurrences(schedule, schedule.cursor, planned.cursor)
    assert accounted(planned, due) == Counter(due)


@given(schedules, instants(), st.integers(1, 30))
@settings(max_examples=60)
def test_no_run_is_for_an_instant_that_is_none_or_to_come_or_inside_a_pause(schedule, now, limit):
    planned = plan(schedule, now, limit=limit)
    due = occurrences(schedule, schedule.cursor, now)
    made = [run.planned_at for run in planned.runs if run.state is RunState.PENDING]

    assert set(made) <= set(due)
    assert not any(is_inside(schedule.pause, one) for one in made)
    assert made == sorted(set(made))
    assert len(made) == planned.made <= limit
    assert [run.planned_at for run in planned.runs] == sorted(run.planned_at for run in planned.runs)
    assert len({run.id for run in planned.runs}) == len(planned.runs)


def wanted(schedule: DueSchedule, now: datetime) -> list[datetime]:
    """Which occurrences are to run, by the words of the design."""
    policy = schedule.definition.catch_up
    due = [one for one in occurrences(schedule, schedule.cursor, now) if not is_inside(schedule.pause, one)]
    if schedule.pause is not None and (schedule.pause.until is None or schedule.pause.until > now):
        due = [one for one in due if one < schedule.pause.start]
    due = [one for one in due if now - one <= policy.window]
    on_time = [one for one in due if now - one <= policy.grace]
    if policy.rule is CatchUpRule.ALL:
        return due
    if policy.rule is CatchUpRule.LATEST:
        return on_time or due[-1:]
    return on_time


@given(schedules, instants())
@settings(max_examples=60)
@example(due_schedule(hourly(), pause=paused("10:30", "14:30")), utc("14:30"))
def test_what_runs_is_what_the_catch_up_policy_says(schedule, now):
    planned = plan(schedule, now, limit=100_000)
    taken = [run.planned_at for run in planned.runs if run.state is RunState.PENDING or run.blocked_by]
    assert taken == wanted(schedule, now)


@given(schedules, instants(), st.integers(1, 30))
@settings(max_examples=40)
def test_the_next_tick_is_due_exactly_when_something_has_to_be_decided(schedule, now, limit):
    planned = plan(schedule, now, limit=limit)
    pause, due = schedule.pause, first_due(schedule.name, schedule.definition, planned.cursor)
    if planned.state is ScheduleState.FINISHED:
        assert planned.next_due is None
        assert due is None
    elif pause is not None and pause.start <= due and (pause.until is None or now < pause.until):
        assert planned.next_due == pause.until
    else:
        assert planned.next_due == due


@given(schedules, st.lists(instants(), min_size=1, max_size=6).map(sorted), st.integers(1, 30))
@settings(max_examples=40)
def test_planning_in_steps_accounts_for_the_same_as_in_one_go(schedule, nows, limit):
    stepped = schedule
    counted: Counter[datetime] = Counter()
    ids: list[str] = []
    for now in nows:
        while True:
            planned = plan(stepped, now, limit=limit)
            counted += accounted(planned, occurrences(schedule, stepped.cursor, planned.cursor))
            ids += [run.id for run in planned.runs]
            stepped = applied(stepped, planned)
            if planned.next_due is None or planned.next_due > now:
                break
        if planned.next_due is None:
            break
    whole = plan(schedule, nows[-1], limit=100_000)

    assert len(ids) == len(set(ids))
    if planned.state is ScheduleState.ACTIVE:
        assert stepped.cursor == whole.cursor
    assert counted == accounted(whole, occurrences(schedule, schedule.cursor, whole.cursor))


@given(schedules, instants(), st.integers(1, 5), st.integers(0, 6))
@settings(max_examples=40)
def test_a_schedule_never_makes_more_than_max_runs(schedule, now, most, runs_made):
    limited = replace(schedule, runs_made=runs_made, definition=replace(schedule.definition, max_runs=most))
    for _ in range(10):
        planned = plan(limited, now, limit=3)
        limited = applied(limited, planned)
        assert limited.runs_made <= max(most, runs_made)
        if limited.runs_made >= most:
            assert (planned.state, planned.next_due) == (ScheduleState.FINISHED, None)


@given(schedules, instants())
@settings(max_examples=20)
def test_two_schedulers_plan_the_same(schedule, now):
    assert plan(schedule, now) == plan(schedule, now)


@pytest.mark.parametrize("overlap", Overlap)
@pytest.mark.parametrize("active", [(), (ActiveRun("a", RunState.RUNNING), ActiveRun("b", RunState.PENDING))])
def test_the_short_way_for_what_happens_nearly_always_says_the_same_as_the_general_one(overlap, active):
    schedule = due_schedule(hourly(overlap=overlap), active=active)
    timetable = compiled(schedule.name, schedule.definition)
    now = schedule.cursor + timedelta(hours=1, seconds=1)
    short = planning._punctual(schedule, timetable, now, 100)
    is_free = not active or overlap in (Overlap.ALLOW, Overlap.QUEUE_ALL)
    assert (short is not None) == is_free
    assert short in (None, planning._plan(schedule, timetable, now, 100))
