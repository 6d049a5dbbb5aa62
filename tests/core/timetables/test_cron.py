"""Cron lines: the fields, and when they are due."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from rota.core.timetables import cron
from rota.core.timetables.cron import Cron


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PARIS, APIA = "Europe/Paris", "Pacific/Apia"


@pytest.mark.parametrize(
    ("line", "after", "due"),
    [
        pytest.param("0 9 * * *", "2026-11-20 08:59:59.999999", "2026-11-20 09:00", id="later today"),
        pytest.param("0 9 * * *", "2026-11-20 09:00", "2026-11-21 09:00", id="strictly after"),
        pytest.param("*/5 * * * *", "2026-11-20 09:56", "2026-11-20 10:00", id="a step"),
        pytest.param("5/15 * * * *", "2026-11-20 09:00", "2026-11-20 09:05", id="an open step starts at 5"),
        pytest.param("5/15 * * * *", "2026-11-20 09:20", "2026-11-20 09:35", id="and goes on to the end"),
        pytest.param("10-20/5 8 * * *", "2026-11-20 08:11", "2026-11-20 08:15", id="a step in a range"),
        pytest.param("0 0 * JAN,jul *", "2026-02-01", "2026-07-01", id="names of months in any case"),
        pytest.param("0 0 * * Mon-Wed", "2026-11-20", "2026-11-23", id="names of days in any case"),
        pytest.param("0 0 * * 7", "2026-11-20", "2026-11-22", id="7 is Sunday"),
        pytest.param("0 0 * * 0", "2026-11-20", "2026-11-22", id="0 is Sunday"),
        pytest.param("0 0 * * 5-7", "2026-11-21", "2026-11-22", id="a range up to Sunday as 7"),
        pytest.param("0 0 * * 6", "2026-11-20", "2026-11-21", id="6 is Saturday"),
        pytest.param("0 0 13 * 5", "2026-11-13", "2026-11-20", id="either the 13th or a Friday"),
        pytest.param("0 0 13 * 5", "2026-12-11", "2026-12-13", id="either the 13th, a Sunday"),
        pytest.param("0 0 */2 * 5", "2026-11-20", "2026-11-27", id="a star in a day field: both must match"),
        pytest.param("0 0 13 * */5", "2026-11-20", "2026-12-13", id="likewise, Friday or Sunday the 13th"),
        pytest.param("0 0 ? * 5", "2026-11-20", "2026-11-27", id="? is *"),
        pytest.param("0 0 L * *", "2028-02-01", "2028-02-29", id="L: last day of the month"),
        pytest.param("0 0 L-3 * *", "2026-02-01", "2026-02-25", id="L-3: three days before it"),
        pytest.param("0 0 LW * *", "2026-05-01", "2026-05-29", id="LW: last weekday"),
        pytest.param("0 0 15W * *", "2026-08-01", "2026-08-14", id="15W: on a Saturday, the Friday before"),
        pytest.param("0 0 15W * *", "2026-11-01", "2026-11-16", id="15W: on a Sunday, the Monday after"),
        pytest.param(
            "0 0 1W * *", "2026-07-31", "2026-08-03", id="1W: on a Saturday, not in the month before"
        ),
        pytest.param(
            "0 0 31W * *", "2026-05-02", "2026-05-29", id="31W: on a Sunday, not in the month after"
        ),
        pytest.param("0 0 31W * *", "2026-05-30", "2026-07-31", id="31W: not in a month of 30 days"),
        pytest.param("0 0 * * MON#2", "2026-11-01", "2026-11-09", id="MON#2: second Monday"),
        pytest.param("0 0 * * 1#5", "2026-12-01", "2027-03-29", id="1#5: fifth Monday"),
        pytest.param("0 0 * * FRIL", "2026-11-01", "2026-11-27", id="FRIL: last Friday"),
        pytest.param("0 0 * * 0L", "2026-11-01", "2026-11-29", id="0L: last Sunday"),
        pytest.param("0 0 1,L * MON#1", "2026-11-03", "2026-11-30", id="specials in a list, either"),
        pytest.param(
            "*/20 * * * * *", "2026-11-20 09:00:20", "2026-11-20 09:00:40", id="six fields: seconds first"
        ),
        pytest.param("30 15 2 * * *", "2026-11-20", "2026-11-20 02:15:30", id="a time with seconds"),
        pytest.param("@yearly", "2026-11-20", "2027-01-01", id="@yearly"),
        pytest.param("@annually", "2026-11-20", "2027-01-01", id="@annually"),
        pytest.param("@monthly", "2026-11-20", "2026-12-01", id="@monthly"),
        pytest.param("@weekly", "2026-11-20", "2026-11-22", id="@weekly"),
        pytest.param("@Daily", "2026-11-20", "2026-11-21", id="@daily in any case"),
        pytest.param("@midnight", "2026-11-20", "2026-11-21", id="@midnight"),
        pytest.param("@hourly", "2026-11-20", "2026-11-20 01:00", id="@hourly"),
        pytest.param("\t0  9 * *\t* ", "2026-11-20", "2026-11-20 09:00", id="spaces and tabs between fields"),
        pytest.param("0 0 29 2 *", "2096-02-29", "2104-02-29", id="no leap day in 2100"),
        pytest.param("0 0 * 2 SUN#5", "2060-02-29", "2088-02-29", id="a leap day on a Sunday: 28 years on"),
        pytest.param("0 0 * 2 SUN#5", "2088-02-29", "2128-02-29", id="and 40 years on, across 2100"),
        pytest.param("0 0 * 2 SUN#5", "2184-02-29", None, id="the last before 2200"),
        pytest.param("* * * * *", "2199-12-31 23:59", None, id="no occurrence from 2200 on"),
        pytest.param("* * * * *", "1815-06-18", "1970-01-01", id="nor before 1970"),
    ],
)
def test_next_after(line, after, due):
    assert cron(line).next_after(utc(after)) == (due and utc(due))


@pytest.mark.parametrize(
    ("timetable", "after", "due"),
    [
        pytest.param(
            cron("30 2 * * *", PARIS), "2026-03-28 12:00", "2026-03-29 01:00", id="skipped: after the gap"
        ),
        pytest.param(cron("30 2 * * *", PARIS), "2026-03-29 01:00", "2026-03-30 00:30", id="once"),
        pytest.param(
            cron("0,15,30 2,3 * * *", PARIS), "2026-03-29 00:59", "2026-03-29 01:00", id="several collapse"
        ),
        pytest.param(
            cron("0,15,30 2,3 * * *", PARIS), "2026-03-29 01:00", "2026-03-29 01:15", id="with 03:00 too"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS, gap="skip"), "2026-03-28 12:00", "2026-03-30 00:30", id="gap=skip"
        ),
        pytest.param(
            cron("*/30 2 * * *", PARIS), "2026-03-28 12:00", "2026-03-30 00:00", id="a wildcard adds nothing"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS), "2026-10-24 12:00", "2026-10-25 00:30", id="shown twice: first"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS), "2026-10-25 00:30", "2026-10-26 01:30", id="shown twice: once only"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS), "2026-10-25 01:15", "2026-10-26 01:30", id="from the second pass"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS, repeat="second"), "2026-10-24 12:00", "2026-10-25 01:30", id="second"
        ),
        pytest.param(
            cron("30 2 * * *", PARIS, repeat="both"), "2026-10-25 00:30", "2026-10-25 01:30", id="both"
        ),
        pytest.param(
            cron("30 * * * *", PARIS), "2026-10-25 00:30", "2026-10-25 01:30", id="a wildcard runs on"
        ),
        pytest.param(
            cron("30 * * * *", PARIS, repeat="first"),
            "2026-10-25 00:30",
            "2026-10-25 02:30",
            id="unless told",
        ),
        pytest.param(
            cron("0 9 * * *", APIA), "2011-12-29 20:00", "2011-12-30 10:00", id="a day that does not exist"
        ),
        pytest.param(
            cron("0 9 30 12 *", APIA), "2011-01-01", "2011-12-30 10:00", id="a date that does not exist"
        ),
        pytest.param(
            cron("0 9 30 12 *", APIA, gap="skip"), "2011-01-01", "2012-12-29 19:00", id="and is skipped"
        ),
        pytest.param(
            cron("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03", "2026-10-03 15:30", id="half an hour"
        ),
        pytest.param(
            cron("30 0 * * *", "Africa/Cairo"), "2026-04-23 21:00", "2026-04-23 22:00", id="at 00:00"
        ),
        pytest.param(
            cron("30 2 29 3 *", PARIS), "2025-04-01", "2026-03-29 01:00", id="found from a year before"
        ),
    ],
)
def test_clock_changes(timetable, after, due):
    assert timetable.next_after(utc(after)) == utc(due)


@pytest.mark.parametrize("line", ["* * * * *", "0 9-17 * * 1-5", "30 2 * * *", "*/20 * * * * *", "0 0 L * *"])
def test_count_is_the_number_of_occurrences(line):
    timetable = cron(line, PARIS)
    for start in ("2026-03-28 12:34:56", "2026-10-24 09:30:00", "2026-01-31 23:59:59.5"):
        after, until = utc(start), utc(start) + timedelta(days=1, minutes=7)
        tick = timedelta(microseconds=1)
        assert timetable.count(after, until) == sum(1 for _ in timetable.between(after + tick, until + tick))
    assert cron("* * * * *").count(utc("2026-01-01"), utc("2026-01-31")) == 43_200
    assert timetable.count(utc("2026-01-02"), utc("2026-01-01")) == 0


def test_between_includes_its_start_and_not_its_end():
    hourly = cron("0 * * * *")
    assert list(hourly.between(utc("2026-01-01"), utc("2026-01-01 02:00"))) == [
        utc("2026-01-01"),
        utc("2026-01-01 01:00"),
    ]


@pytest.mark.parametrize("extreme", [datetime.min, datetime.max])
@pytest.mark.parametrize("offset", [-14, 0, 14])
def test_the_ends_of_time_raise_nothing(extreme, offset):
    instant = extreme.replace(tzinfo=timezone(timedelta(hours=offset)))
    for timetable in (cron("30 2 * * *", PARIS), cron("* * * * *")):
        early = extreme == datetime.min
        assert (timetable.next_after(instant) is None) is not early
        assert (timetable.previous_before(instant) is None) is early
        assert timetable.count(instant, instant) == 0
        assert list(timetable.between(instant, instant)) == []


class TestHash:
    def test_each_name_has_its_own_time_for_ever(self):
        line = cron("H H * * *")
        assert str(line.for_schedule("shop.purge")) == "cron 16 1 * * *"
        assert line.for_schedule("shop.purge") == line.for_schedule("shop.purge")
        assert len({str(line.for_schedule(f"task {n}")) for n in range(100)}) > 90

    @pytest.mark.parametrize(
        ("line", "lows", "step", "high"),
        [("H/15 * * * *", range(15), 15, 59), ("H(10-29)/5 * * * *", range(10, 15), 5, 29)],
    )
    def test_a_step_is_counted_from_a_hashed_start(self, line, lows, step, high):
        starts = set()
        for number in range(200):
            minute = cron(line).for_schedule(f"task {number}").text.split()[0]
            start, _, rest = minute.partition("-")
            assert rest == f"{high}/{step}"
            starts.add(int(start))
        assert starts == set(lows)

    @pytest.mark.parametrize(
        ("line", "position", "numbers"),
        [
            ("H(0-29) * * * *", 0, range(30)),
            ("0 H(8-17) * * *", 1, range(8, 18)),
            ("0 0 H * *", 2, range(1, 29)),
            ("0 0 1 H *", 3, range(1, 13)),
            ("0 0 * * H(MON-FRI)", 4, range(1, 6)),
        ],
    )
    def test_a_value_is_spread_over_its_range(self, line, position, numbers):
        texts = [cron(line).for_schedule(f"task {number}").text.split()[position] for number in range(400)]
        assert {int(text) for text in texts} == set(numbers)

    def test_names_that_hold_an_h_are_not_hashes(self):
        line = cron("0 0 * MAR THU")
        assert line.for_schedule("anything") is line

    def test_without_a_name_it_is_the_empty_name(self):
        after = utc("2026-01-01")
        assert cron("H H * * *").next_after(after) == cron("H H * * *").for_schedule("").next_after(after)


def test_equal_lines_are_equal_values():
    assert cron(" 0  0 * * sun", PARIS) == cron("0 0 * * SUN", PARIS) == Cron("0 0 * * SUN", timezone=PARIS)
    assert hash(cron("@daily")) == hash(cron("0 0 * * *"))
    assert cron("@daily") != cron("@daily", "UTC")
    assert len({cron("@daily"), cron("0 0 * * *")}) == 1


def test_asking_changes_no_value():
    asked, fresh = cron("30 2 * * *", PARIS), cron("30 2 * * *", PARIS)
    asked.next_after(utc("2026-01-01"))
    assert asked == fresh
    assert hash(asked) == hash(fresh)
    assert repr(asked) == repr(fresh)
