"""What pages about schedules ask of operations: policies in sentences, differences, edits of any schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rota import every
from rota.core.policies import Backoff, CatchUp, Crash, Growth, Overlap, Retry, RunPolicy, TimeLimit
from rota.core.records import Definition, ScheduleQuery
from rota.errors import Conflict, InvalidTimetable, InvalidValue
from rota.operations.authoring import create_schedule, set_fields
from rota.operations.instants import read_instant
from rota.operations.lookups import names_matching, schedule_named
from rota.operations.preview import difference
from rota.operations.schedules import list_with_runs
from rota.operations.sentences import policies
from rota.operations.strips import half_and_most, length

HOUR = timedelta(hours=1)


def test_policies_are_said_in_plain_sentences():
    plain = policies(Definition(task="t", timetable="every 1h"))
    assert plain == [
        "If the run before is still active, the next one is skipped.",
        "After an outage, only the latest missed occurrence runs, unless it is older than 1 day.",
        "A failed run is not tried again.",
        "If its node dies, another takes the run over: it runs at least once.",
        "Workers of the queue 'default' take its runs.",
    ]
    policy = RunPolicy(
        retry=Retry(4, Backoff(Growth.EXPONENTIAL, timedelta(seconds=10)), ("OSError",), ("KeyError",)),
        time_limit=TimeLimit(timedelta(minutes=25), timedelta(minutes=30)),
        on_crash=Crash.FAIL,
        start_deadline=HOUR,
    )
    one = Definition(
        task="t", timetable="every 1h", policy=policy, overlap=Overlap.ALLOW, catch_up=CatchUp.of("none"),
        max_runs=3, jitter=timedelta(minutes=5), priority=4, end=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert policies(one) == [
        "It is not due after 2027-01-01T00:00:00Z.",
        "It makes 3 runs in all.",
        "Each run starts up to 5 minutes after it is due, to spread the load.",
        "Runs may overlap.",
        "What is missed in an outage does not run.",
        "A failed run is tried up to 3 more times, after 10 seconds, waiting longer each time."
        " It is for OSError only. It is never for KeyError.",
        "An attempt is told to stop after 25 minutes.",
        "An attempt is killed after 30 minutes.",
        "A run that has not started within 1 hour expires.",
        "If its node dies, the run has failed: it runs at most once.",
        "Workers of the queue 'default' take its runs, with priority 4.",
    ]


@pytest.mark.parametrize("overlap", list(Overlap))
def test_every_overlap_has_its_sentence(overlap):
    said = {policies(Definition(task="t", timetable="every 1h", overlap=one))[0] for one in Overlap}
    assert len(said) == len(Overlap)
    assert policies(Definition(task="t", timetable="every 1h", overlap=overlap))[0] in said


def test_a_difference_is_what_comes_and_goes_in_thirty_days(shop):
    found = difference(shop.rota, "nightly", "daily 02:00")
    assert (found.added, found.removed, found.same) == ((), (), 30)
    found = difference(shop.rota, "nightly", "0 2,14 * * *")
    assert (len(found.added), found.removed, found.same) == (30, (), 30)
    assert found.added[0].isoformat() == "2026-03-02T14:00:00+00:00"
    assert len(difference(shop.rota, "nightly", "daily 03:00").removed) == 30
    with pytest.raises(InvalidTimetable):
        difference(shop.rota, "nightly", "every full moon")


def test_a_difference_of_very_many_ends_where_the_counting_ends(shop):
    found = difference(shop.rota, "often", "every 10s")
    assert found.until - shop.clock.now() < timedelta(hours=14)
    assert len(found.added) + found.same <= 5001
    assert found.removed == ()
    assert found.same == 13


def test_fields_are_overridden_or_edited_as_the_schedule_is(shop, ann):
    set_fields(shop.rota, "often", {"priority": "4"}, ann, "calm", shop.clock.now() + HOUR)
    [override] = schedule_named(shop.rota, "often").overrides
    assert (override.value, override.reason, override.until) == (4, "calm", shop.clock.now() + HOUR)
    create_schedule(shop.rota, "mine", "often", "every 2h", ann)
    set_fields(shop.rota, "mine", {"priority": "4"}, ann, expected_revision=1)
    mine = schedule_named(shop.rota, "mine")
    assert (mine.declared.priority, mine.overrides) == (4, ())
    with pytest.raises(InvalidValue, match="until"):
        set_fields(shop.rota, "mine", {"priority": "5"}, ann, until=shop.clock.now() + HOUR)
    with pytest.raises(Conflict):
        set_fields(shop.rota, "mine", {"priority": "5"}, ann, expected_revision=1)


def test_names_of_all_that_match_are_those_of_every_page_up_to_a_limit(shop):
    for number in range(600):
        shop.declare(f"x-{number:03}", every("1h"), tags=["many"])
    shop.rota.sync()
    many = ScheduleQuery(tag="many", after="x-500", limit=3)
    assert names_matching(shop.rota, many, 600) == [f"x-{number:03}" for number in range(600)]
    with pytest.raises(InvalidValue, match="Filter further"):
        names_matching(shop.rota, many, 599)


def test_schedules_come_with_their_last_runs_oldest_first(shop):
    shop.start_node()
    shop.advance(timedelta(hours=5, minutes=30))
    found = {view.schedule.name: runs for view, runs in list_with_runs(shop.rota, ScheduleQuery(), 3)}
    assert [len(found[name]) for name in ("nightly", "often")] == [1, 3]
    planned = [run.planned_at for run in found["often"]]
    assert planned == sorted(planned)
    assert half_and_most(map(length, found["often"])) == (timedelta(minutes=1), timedelta(minutes=1))


def test_a_span_an_instant_and_a_local_time_are_read(shop):
    now = shop.clock.now()
    assert read_instant("until", "2h", now, "UTC") == now + 2 * HOUR
    assert read_instant("until", "2026-03-03 09:00", now, "Europe/Paris").hour == 8
    with pytest.raises(InvalidValue, match="until"):
        read_instant("until", "soon", now, "UTC")
