"""Every kind of timetable but cron: when it is due, how it is said, written and stored."""

import copy
import json
import pickle
from datetime import UTC, date, datetime, time, timedelta

import pytest

from rota.core.timetables import (
    Timetable,
    cron,
    daily,
    every,
    monthly,
    once,
    parse_timetable,
    timetable_from_json,
    weekly,
)
from rota.errors import InvalidTimetable


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PARIS = "Europe/Paris"
CHRISTMAS = date(2026, 12, 25)


@pytest.mark.parametrize(
    ("timetable", "after", "due"),
    [
        pytest.param(every("5m"), "2026-11-20 09:01", "2026-11-20 09:05", id="on the beat of 1970"),
        pytest.param(every("5m"), "2026-11-20 09:05", "2026-11-20 09:10", id="strictly after"),
        pytest.param(every("1h30m"), "1970-01-01", "1970-01-01 01:30", id="not only whole hours"),
        pytest.param(
            every("5m", start="2026-01-01T00:01:00Z"), "2026-11-20 09:01", "2026-11-20 09:06", id="from"
        ),
        pytest.param(
            every("5m", start=utc("2026-01-01 00:01")), "1999-01-01", "2026-01-01 00:01", id="not before"
        ),
        pytest.param(every("1w"), "2026-11-20", "2026-11-26", id="weeks since a Thursday"),
        pytest.param(daily("02:00", "14:00"), "2026-11-20 02:00", "2026-11-20 14:00", id="two times a day"),
        pytest.param(daily(time(2, 30, 15)), "2026-11-20", "2026-11-20 02:30:15", id="a time as such"),
        pytest.param(
            daily("02:30", timezone=PARIS), "2026-03-28 12:00", "2026-03-29 01:00", id="after the gap"
        ),
        pytest.param(
            daily("02:30", timezone=PARIS), "2026-10-25 00:30", "2026-10-26 01:30", id="first showing"
        ),
        pytest.param(daily("00:00", every=2), "1970-01-01", "1970-01-03", id="each second day since 1970"),
        pytest.param(
            daily("00:00", every=3, start="2026-11-20"), "2026-11-20", "2026-11-23", id="or since a day"
        ),
        pytest.param(daily("00:00", start="2026-11-20"), "2026-01-01", "2026-11-20", id="not before it"),
        pytest.param(weekly("sun 04:00"), "2026-11-20", "2026-11-22 04:00", id="weekly"),
        pytest.param(
            weekly("sun 04:00", "mon,wed 09:30"), "2026-11-22 04:00", "2026-11-23 09:30", id="other times"
        ),
        pytest.param(weekly("weekdays 09:00"), "2026-11-20 09:00", "2026-11-23 09:00", id="weekdays"),
        pytest.param(
            weekly("mon 00:00", every=2), "1970-01-01", "1970-01-12", id="each second week since 1970"
        ),
        pytest.param(
            weekly("mon 00:00", every=2, start="2026-11-18"), "2026-11-01", "2026-11-30", id="or since"
        ),
        pytest.param(
            weekly("fri 00:00", every=2, start="2026-11-18"), "2026-11-01", "2026-11-20", id="its week"
        ),
        pytest.param(monthly(15, "12:00"), "2026-11-20", "2026-12-15 12:00", id="monthly"),
        pytest.param(monthly([1, 15], "12:00"), "2026-11-01 12:00", "2026-11-15 12:00", id="two days"),
        pytest.param(monthly(31, "12:00"), "2026-11-01", "2026-12-31 12:00", id="no 31st: passed over"),
        pytest.param(monthly("last", "12:00"), "2028-02-01", "2028-02-29 12:00", id="last day"),
        pytest.param(monthly(-2, "12:00"), "2028-02-01", "2028-02-28 12:00", id="last but one"),
        pytest.param(
            monthly("first mon", "09:00"), "2026-11-02 09:00", "2026-12-07 09:00", id="first Monday"
        ),
        pytest.param(monthly("last fri", "09:00"), "2026-11-01", "2026-11-27 09:00", id="last Friday"),
        pytest.param(monthly("first weekday", "09:00"), "2026-07-31", "2026-08-03 09:00", id="first weekday"),
        pytest.param(monthly("last weekday", "18:00"), "2026-05-01", "2026-05-29 18:00", id="last weekday"),
        pytest.param(
            monthly(1, "00:00", every=3), "2026-11-20", "2027-01-01", id="each third month since 1970"
        ),
        pytest.param(
            monthly(1, "00:00", every=3, start="2026-11-20"), "2026-01-01", "2027-02-01", id="or since"
        ),
        pytest.param(once("2026-12-24T18:00:00Z"), "2026-11-20", "2026-12-24 18:00", id="once"),
        pytest.param(once("2026-12-24T18:00:00Z"), "2026-12-24 18:00", None, id="never again"),
        pytest.param(once("2026-12-24T18:00:00.5Z"), "2026-11-20", "2026-12-24 18:00:01", id="rounded up"),
        pytest.param(
            once("2026-03-29 02:30", PARIS), "2026-01-01", "2026-03-29 01:00", id="after the gap, once"
        ),
        pytest.param(
            once("2026-10-25 02:30", PARIS), "2026-01-01", "2026-10-25 00:30", id="first showing, once"
        ),
        pytest.param(
            once(datetime(2026, 12, 24, 19), PARIS), "2026-01-01", "2026-12-24 18:00", id="local time"
        ),
        pytest.param(every("1h") | daily("00:30"), "2026-11-20", "2026-11-20 00:30", id="either"),
        pytest.param(daily("09:00") - CHRISTMAS, "2026-12-24 09:00", "2026-12-26 09:00", id="except a day"),
        pytest.param(
            daily("09:00") - (CHRISTMAS, date(2027, 1, 3)), "2026-12-24 09:00", "2027-01-04 09:00", id="days"
        ),
        pytest.param(
            daily("00:30", timezone=PARIS) - CHRISTMAS,
            "2026-12-23 23:30",
            "2026-12-25 23:30",
            id="local days",
        ),
        pytest.param(
            every("1s") - (date(2026, 1, 1), date(2026, 12, 31)),
            "2025-12-31 23:59:59",
            "2027-01-01",
            id="at once",
        ),
        pytest.param(
            cron("0 * * * *") - daily("12:00"), "2026-11-20 11:00", "2026-11-20 13:00", id="except a time"
        ),
        pytest.param(
            cron("* * * * *") - cron("* * * 1-11 *"), "2026-01-01", "2026-12-01", id="except months"
        ),
        pytest.param(
            cron("* * * * *", PARIS) - cron("* * * 1-11 *", PARIS),
            "2026-01-01",
            "2026-11-30 23:00",
            id="local months",
        ),
    ],
)
def test_next_after(timetable, after, due):
    assert timetable.next_after(utc(after)) == (due and utc(due))
    if due:
        assert timetable.previous_before(utc(due) + timedelta(seconds=1)) == utc(due)


WRITTEN = [
    (cron("30 2 13 * fri", PARIS), "cron 30 2 13 * FRI in Europe/Paris"),
    (
        cron("30 2 * * *", PARIS, gap="skip", repeat="both"),
        "cron 30 2 * * * in Europe/Paris gap skip repeat both",
    ),
    (cron("H H(0-7) * * *"), "cron H H(0-7) * * *"),
    (cron("*/10 * * * * *"), "cron */10 * * * * *"),
    (every("90m"), "every 1h30m"),
    (every("14d"), "every 2w"),
    (every("5m", start="2026-01-01T00:01:00+01:00"), "every 5m from 2025-12-31T23:01:00Z"),
    (daily("14:00", "2:00", timezone=PARIS), "daily 02:00, 14:00 in Europe/Paris"),
    (daily("02:00:30", every=2, start="2026-01-01"), "daily 02:00:30 every 2 days from 2026-01-01"),
    (daily("02:00", gap="skip"), "daily 02:00 gap skip"),
    (weekly("sun 04:00", "mon,wed 09:30 17:00"), "weekly mon,wed 09:30 17:00, sun 04:00"),
    (weekly("tue 04:00", every=2, timezone=PARIS), "weekly tue 04:00 every 2 weeks in Europe/Paris"),
    (monthly([15, "last fri", -2, "last"], "12:00", "18:00"), "monthly 15, -2, last, last fri 12:00, 18:00"),
    (monthly("last weekday", "18:00", every=3), "monthly last weekday 18:00 every 3 months"),
    (once("2026-12-24T19:00:00+01:00"), "once 2026-12-24T18:00:00Z"),
    (once("2026-12-24 19:00", PARIS), "once 2026-12-24T19:00:00 in Europe/Paris"),
    (
        every("1h") | daily("00:30") | once("2026-12-24T18:00:00Z"),
        "(every 1h) | (daily 00:30) | (once 2026-12-24T18:00:00Z)",
    ),
    (daily("09:00", timezone=PARIS) - CHRISTMAS, "(daily 09:00 in Europe/Paris) - 2026-12-25"),
    (every("1h") - (CHRISTMAS, date(2026, 12, 31)), "(every 1h) - 2026-12-25..2026-12-31"),
    ((every("1h") - CHRISTMAS).in_zone(PARIS), "(every 1h) - 2026-12-25 in Europe/Paris"),
    ((every("1h") | daily("00:30")) - CHRISTMAS, "((every 1h) - 2026-12-25) | ((daily 00:30) - 2026-12-25)"),
    (cron("0 * * * *") - (daily("12:00") | every("1w")), "(cron 0 * * * *) - ((daily 12:00) | (every 1w))"),
]


@pytest.mark.parametrize(("timetable", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_text_json_and_copies_round_trip(timetable, text):
    assert str(timetable) == text
    assert parse_timetable(text) == timetable
    assert parse_timetable(f"\t{text} ") == timetable
    stored = json.loads(json.dumps(timetable.to_json()))
    assert timetable_from_json(stored) == timetable
    for again in (pickle.loads(pickle.dumps(timetable)), copy.deepcopy(timetable)):
        assert again == timetable
        assert hash(again) == hash(timetable)


@pytest.mark.parametrize(
    ("text", "timetable"),
    [
        ("*/5 * * * *", cron("*/5 * * * *")),
        ("0 */5 * * * *", cron("0 */5 * * * *")),
        ("H H * * *", cron("H H * * *")),
        ("@daily", cron("@daily")),
        ("@daily in Europe/Paris", cron("@daily", PARIS)),
        ("5m", every("5m")),
        ("PT5M", every("5m")),
        ("P1DT12H", every("36h")),
        ("15 minutes", every("15m")),
        ("every 15 minutes", every("15m")),
        ("Every Hour", every("1h")),
        ("every 1 hour 30 minutes", every("90m")),
        ("daily 02:00", daily("02:00")),
        ("daily 02:00, 14:00", daily("02:00", "14:00")),
        ("Daily 02:00 14:00", daily("02:00", "14:00")),
        ("weekly sun 04:00", weekly("sun 04:00")),
        ("weekly Sunday 04:00", weekly("sun 04:00")),
        ("weekly mon-fri 09:00", weekly("weekdays 09:00")),
        ("monthly 15 12:00", monthly(15, "12:00")),
        ("monthly last 12:00", monthly("last", "12:00")),
        ("monthly last weekday 18:00", monthly("last weekday", "18:00")),
        ("monthly first mon 09:00, 17:00", monthly("first mon", "09:00", "17:00")),
        ("2026-12-24T18:00:00Z", once("2026-12-24T18:00:00Z")),
        ("2026-12-24 18:00:00+01:00", once("2026-12-24T17:00:00Z")),
        ("2026-12-24T18:00 in Europe/Paris", once("2026-12-24T18:00", PARIS)),
        ("(*/5 * * * *) | (@daily)", cron("*/5 * * * *") | cron("@daily")),
        ("(5m) - 2026-12-25, 2026-12-31", every("5m") - [CHRISTMAS, date(2026, 12, 31)]),
    ],
)
def test_parse(text, timetable):
    assert parse_timetable(text) == timetable


def test_parse_fills_in_a_zone_only_where_the_text_names_none():
    assert parse_timetable("daily 02:00", PARIS) == daily("02:00", timezone=PARIS)
    assert parse_timetable("daily 02:00 in UTC", PARIS) == daily("02:00", timezone="UTC")
    assert parse_timetable("2026-12-24T18:00:00", PARIS) == once("2026-12-24T18:00:00", PARIS)
    assert parse_timetable("5m", PARIS) == every("5m")
    both = parse_timetable("(daily 02:00 in UTC) | (daily 03:00)", PARIS)
    assert both == daily("02:00", timezone="UTC") | daily("03:00", timezone=PARIS)


@pytest.mark.parametrize(
    ("timetable", "said"),
    [
        (every("5m"), "Every 5 minutes"),
        (every("1h"), "Every hour"),
        (every("90m"), "Every 1 hour and 30 minutes"),
        (daily("02:00", "14:00", timezone=PARIS), "Every day at 02:00 and 14:00, Europe/Paris"),
        (daily("02:00", every=2), "Every second day at 02:00"),
        (daily("02:00", gap="skip"), "Every day at 02:00, times that clocks skip are left out"),
        (weekly("sun 04:00"), "At 04:00 on Sundays"),
        (weekly("sun 04:00", every=2), "At 04:00 on Sundays of every second week"),
        (monthly(15, "12:00"), "At 12:00 on the 15th of the month"),
        (monthly("last", "12:00"), "At 12:00 on the last day of the month"),
        (
            monthly([1, "last fri"], "12:00", every=3),
            "At 12:00 on the 1st and the last Friday of every third month",
        ),
        (once("2026-12-24T18:00:00Z"), "Once, at 18:00 on 24 December 2026, UTC"),
        (every("1h") | daily("00:30"), "Every hour; and every day at 00:30"),
        (daily("09:00") - CHRISTMAS, "Every day at 09:00; except on 2026-12-25"),
        (cron("0 * * * *") - daily("12:00"), "Every hour; except every day at 12:00"),
    ],
)
def test_describe(timetable, said):
    assert timetable.describe() == said


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"kind": "sun"},
        {"kind": ["cron"]},
        {"kind": "cron"},
        {"kind": "cron", "text": "0 0 * * *", "colour": "red"},
        {"kind": "cron", "text": "0 0 * * 9"},
        {"kind": "cron", "text": "0 0 * * *", "timezone": "Mars/Olympus"},
        {"kind": "every", "seconds": "many"},
        {"kind": "every", "seconds": 1e400},
        {"kind": "every", "seconds": float("nan")},
        {"kind": "daily", "times": 5},
        {"kind": "union", "members": []},
        {"kind": "union", "members": [5]},
        {"kind": "exclusion", "base": {}},
    ],
)
def test_a_broken_stored_form_is_refused(stored):
    with pytest.raises(InvalidTimetable):
        timetable_from_json(stored)


def test_a_stored_form_nested_too_deeply_is_refused():
    stored = every("5m").to_json()
    for _ in range(100):
        stored = {"kind": "union", "members": [stored]}
    with pytest.raises(InvalidTimetable, match="nested too deeply"):
        timetable_from_json(stored)


class Fridays(Timetable):
    """Somebody's own kind: it knows `next_after` alone."""

    def next_after(self, instant):
        return weekly("fri 12:00").next_after(instant)

    def __str__(self):
        return "my fridays"


def test_a_timetable_of_ones_own_needs_next_after_alone():
    own, same = Fridays(), weekly("fri 12:00")
    start, end = utc("2026-01-01"), utc("2026-06-01")
    assert own.previous_before(end) == same.previous_before(end)
    assert own.previous_before(utc("1970-01-02")) is None
    assert own.upcoming(start, 5) == same.upcoming(start, 5)
    assert list(own.between(start, end)) == list(same.between(start, end))
    assert own.count(start, end) == same.count(start, end)
    assert own.describe() == "my fridays"
    both = own | daily("09:00")
    assert both.upcoming(utc("2026-01-02"), 2) == [utc("2026-01-02 09:00"), utc("2026-01-02 12:00")]
    assert (daily("12:00") - own).next_after(utc("2026-01-01 13:00")) == utc("2026-01-03 12:00")


def test_in_zone_fills_in_where_none_was_given():
    both = daily("02:00") | cron("0 3 * * *", "UTC") | (daily("04:00") - CHRISTMAS)
    assert str(both.in_zone(PARIS)) == (
        "(daily 02:00 in Europe/Paris) | (cron 0 3 * * * in UTC) | "
        "((daily 04:00 in Europe/Paris) - 2026-12-25)"
    )
    assert (cron("H 0 * * *") | cron("H 1 * * *")).for_schedule("a") == cron("H 0 * * *").for_schedule(
        "a"
    ) | cron("H 1 * * *").for_schedule("a")


def test_counts_of_all_kinds_are_those_of_their_occurrences():
    after, until = utc("2026-03-27 11:07"), utc("2026-04-03 02:00")
    tick = timedelta(microseconds=1)
    for timetable, _ in WRITTEN:
        if timetable != cron("*/10 * * * * *"):
            expected = sum(1 for _ in timetable.between(after + tick, until + tick))
            assert timetable.count(after, until) == expected, timetable
