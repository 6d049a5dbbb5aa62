"""Triggers of the real APScheduler: they and what is made of them are due at the same instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import AndTrigger, OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from rota.core.timetables import parse_timetable
from rota.errors import InvalidValue
from rota.importers.apscheduler import from_scheduler, from_trigger

ZURICH = ZoneInfo("Europe/Zurich")
START = datetime(2026, 4, 1, 10, 7, 30, tzinfo=UTC)  # no clock is changed until October


def report(kind="long"): ...


def theirs(trigger, count):
    found, last, now = [], None, START
    for _ in range(count):
        last = trigger.get_next_fire_time(last, now)
        if last is None:
            break
        now = last + timedelta(microseconds=1)
        found.append(last.astimezone(UTC))
    return found


def cron(**fields):
    return CronTrigger(timezone=ZURICH, **fields)


@pytest.mark.parametrize(
    "trigger",
    [
        cron(hour=2, minute=30),
        cron(minute="*/7"),
        cron(second="*/20"),
        cron(hour="8-18/2", minute="5,35"),
        cron(day_of_week="mon-fri", hour=9),
        cron(day_of_week=0, hour=9),
        cron(day_of_week="5", hour=9),
        cron(day_of_week="6", hour=9),
        cron(day=13, day_of_week="fri"),
        cron(day="1-7", day_of_week="mon,wed", hour="*/6"),
        cron(day="*/2", hour=4),
        cron(day="last", hour=23, minute=59),
        cron(day="1st fri", hour=7),
        cron(day="last sun", hour=7),
        cron(month="jan,jul-sep", day=31),
        cron(month="*/5", day=1),
        CronTrigger.from_crontab("15 3 * * 0", timezone="UTC"),
        IntervalTrigger(minutes=10, start_date=datetime(2026, 1, 1, 0, 3, tzinfo=UTC)),
        IntervalTrigger(days=3, start_date=datetime(2026, 3, 30, 12, 0, tzinfo=ZURICH)),
        DateTrigger(datetime(2026, 5, 1, 12, 0, tzinfo=ZURICH)),
        OrTrigger([cron(hour=2), cron(day=1, hour=12)]),
    ],
    ids=str,
)
def test_both_are_due_at_the_same_instants(trigger):
    timetable, _ = from_trigger(trigger)
    assert timetable.upcoming(START, 40) == theirs(trigger, 40)
    assert parse_timetable(str(timetable)) == timetable


@pytest.mark.parametrize(
    ("trigger", "named"),
    [
        (cron(year=2027), "year: '2027' is refused"),
        (cron(week=3), "week: '3' is refused"),
        (cron(day="1st fri,15"), "day: '1st fri' is refused; it stands beside other days"),
        (cron(day="last", day_of_week="mon"), "day: 'L' is refused"),
        (AndTrigger([cron(hour=2), cron(day=1)]), "trigger: .* is refused"),
        (IntervalTrigger(seconds=0.5), "interval .*in whole seconds"),
    ],
    ids=str,
)
def test_what_has_no_counterpart_is_named(trigger, named):
    with pytest.raises(InvalidValue, match=named):
        from_trigger(trigger)


def test_start_and_end_are_options():
    start, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    _, options = from_trigger(cron(hour=2, start_date=start, end_date=end))
    assert options == {"start": start, "end": end}


def test_the_jobs_of_a_scheduler():
    scheduler = BackgroundScheduler(timezone=ZURICH)
    scheduler.add_job(report, "cron", hour=2, id="nightly", kwargs={"kind": "short"})
    scheduler.add_job(report, "cron", hour=3, id="paused", next_run_time=None)
    scheduler.add_job(report, "cron", hour=4, id="positional", args=["long"])
    scheduler.add_job(report, "cron", year=2027, id="unsaid")
    nightly, paused, positional, unsaid = from_scheduler(scheduler)
    assert nightly.declaration() == (
        f"rota.schedule({report.__module__ + '.report'!r}, 'cron 0 2 * * * in Europe/Zurich', "
        "name='nightly', args={'kind': 'short'})"
    )
    assert (nightly.is_on, paused.is_on) == (True, False)
    assert positional.notes == ("positional arguments ('long',): give them names",)
    assert unsaid.declaration() == ""
    assert "year: '2027' is refused" in unsaid.problem
