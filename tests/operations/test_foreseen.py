"""What lies ahead of a schedule: what is left out between its occurrences, and what clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rota import cron, daily, every, weekly
from rota.operations import changing
from rota.operations.ahead import ahead
from rota.operations.crowd import crowd_at
from rota.operations.foreseen import foreseen, mark_of
from rota.operations.lookups import schedule_named
from rota.operations.schedules import upcoming

PARIS = ZoneInfo("Europe/Paris")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "before", "mark"),
    [
        pytest.param("2026-03-27 01:30", "2026-03-26 01:30", "", id="an ordinary day"),
        pytest.param(
            "2026-03-29 01:00", "2026-03-28 01:30", "clocks skip 02:00 to 03:00: due when they have", id="gap"
        ),
        pytest.param(
            "2026-03-29 10:00", "2026-03-28 11:00", "clocks have gone forward by 60 min", id="after the gap"
        ),
        pytest.param("2026-10-25 00:30", "2026-10-24 00:30", "shown twice: the first time", id="first"),
        pytest.param("2026-10-25 01:30", "2026-10-25 01:00", "shown twice: the second time", id="second"),
        pytest.param(
            "2026-10-26 01:30", "2026-10-25 00:30", "clocks have gone back by 60 min", id="after the repeat"
        ),
    ],
)  # fmt: skip
def test_a_clock_change_is_marked(at, before, mark):
    assert mark_of(utc(at), utc(before), PARIS) == mark


def ahead_of(shop, name, count=4):
    own = schedule_named(shop.rota, name)
    return foreseen(own, upcoming(shop.rota, name, count), shop.clock.now(), "UTC")


def told(found):
    return [(f"{one.at:%d %H:%M}", one.count, one.left_out) for one in found]


@pytest.mark.parametrize(
    ("timetable", "expected"),
    [
        pytest.param(
            daily("02:00") - weekly("wed 02:00"),
            [("02 02:00", 1, ""), ("03 02:00", 1, ""), ("04 02:00", 1, "excluded"), ("05 02:00", 1, "")],
            id="another timetable",
        ),
        pytest.param(
            daily("02:00") - [(date(2026, 3, 2), date(2026, 3, 5))],
            [("02 02:00", 4, "excluded"), ("06 02:00", 1, ""), ("07 02:00", 1, ""), ("08 02:00", 1, "")],
            id="days before the first",
        ),
        pytest.param(
            (daily("02:00") | daily("14:00")) - weekly("mon 14:00"),
            [("02 02:00", 1, ""), ("02 14:00", 1, "excluded"), ("03 02:00", 1, ""), ("03 14:00", 1, "")],
            id="of several",
        ),
        pytest.param(
            every("1h") - cron("0 1-22 * * *"),
            [("02 01:00", 22, "excluded"), ("02 23:00", 1, ""), ("03 00:00", 1, "")],
            id="many in a row",
        ),
    ],
)  # fmt: skip
def test_what_is_excluded_stands_where_it_would_have_been(shop, timetable, expected):
    shop.declare("x", timetable)
    shop.rota.sync()
    assert told(ahead_of(shop, "x"))[: len(expected)] == expected


def test_what_a_pause_leaves_out_comes_first(shop, ann):
    changing.pause(shop.rota, "often", ann, until=shop.clock.now() + timedelta(hours=3))
    assert told(ahead_of(shop, "often"))[:2] == [("02 01:00", 2, "paused"), ("02 03:00", 1, "")]


def test_nothing_is_foreseen_of_a_schedule_that_is_paused_for_good(shop, ann):
    changing.pause(shop.rota, "often", ann)
    assert ahead_of(shop, "often") == []


def test_what_a_planned_pause_leaves_out_stands_where_it_would_be(shop, ann):
    now = shop.clock.now()
    changing.pause(shop.rota, "often", ann, start=now + timedelta(hours=2), until=now + timedelta(hours=5))
    assert told(ahead_of(shop, "often", 3)) == [
        ("02 01:00", 1, ""), ("02 02:00", 3, "paused"), ("02 05:00", 1, ""), ("02 06:00", 1, ""),
    ]  # fmt: skip
    assert told(ahead_of(shop, "often", 1)) == [("02 01:00", 1, ""), ("02 02:00", 3, "paused")]


def test_of_a_planned_pause_without_an_end_the_first_it_leaves_out_is_foreseen(shop, ann):
    changing.pause(shop.rota, "often", ann, start=shop.clock.now() + timedelta(hours=2))
    assert told(ahead_of(shop, "often")) == [("02 01:00", 1, ""), ("02 02:00", 1, "paused")]
    assert [one.at for one in ahead(shop.rota, shop.clock.now() + timedelta(hours=9))][-1] == utc(
        "2026-03-02 02:00"
    )  # nightly


def test_what_is_excluded_before_a_planned_pause_is_said_before_it(shop, ann):
    shop.declare("x", daily("02:00") - weekly("tue 02:00"))
    shop.rota.sync()
    changing.pause(shop.rota, "x", ann, start=utc("2026-03-04 00:00"), until=utc("2026-03-05 00:00"))
    assert told(ahead_of(shop, "x", 2)) == [
        ("02 02:00", 1, ""), ("03 02:00", 1, "excluded"), ("04 02:00", 1, "paused"), ("05 02:00", 1, ""),
    ]  # fmt: skip


def test_a_crowd_is_who_is_really_due_in_that_minute(shop, ann):
    for name, timetable in {
        "sometimes": "every 7m", "at two": "daily 02:00", "later": "daily 02:01", "asleep": "daily 02:00",
        "monthly": "monthly 5 02:00",
    }.items():  # fmt: skip
        shop.declare(name, timetable)
    shop.rota.sync()
    changing.pause(shop.rota, "asleep", ann, start=utc("2026-03-02 02:00"))
    at = utc("2026-03-02 02:00")
    assert crowd_at(shop.rota, at).others == 4  # nightly, often, at two, sometimes
    assert crowd_at(shop.rota, at, "nightly").others == 3
    assert crowd_at(shop.rota, at + timedelta(minutes=7)).others == 1  # every seven minutes since 1970
    assert not crowd_at(shop.rota, at).is_more
