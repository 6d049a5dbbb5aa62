"""What is refused when declared, and what the message says."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rota.core.timetables import cron, daily, every, monthly, once, parse_timetable, weekly
from rota.errors import InvalidTimetable, InvalidValue, NaiveInstant, RotaError, UnknownZone


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0 * * 8", "'0 0 * * 8': day-of-week 8 is out of range 0-7"),
        ("60 * * * *", "'60 * * * *': minute 60 is out of range 0-59"),
        ("0 24 * * *", "'0 24 * * *': hour 24 is out of range 0-23"),
        ("0 0 0 * *", "'0 0 0 * *': day-of-month 0 is out of range 1-31"),
        ("0 0 * 13 *", "'0 0 * 13 *': month 13 is out of range 1-12"),
        ("60 0 0 * * *", "'60 0 0 * * *': second 60 is out of range 0-59"),
        ("*/0 * * * *", "'*/0 * * * *': minute step 0 is out of range 1-59"),
        ("*/60 * * * *", "'*/60 * * * *': minute step 60 is out of range 1-59"),
        ("0 0-3/9 * * *", "'0 0-3/9 * * *': hour step 9 is out of range 1-3"),
        ("*/x * * * *", "'*/X * * * *': minute step 'X' is not a number 1-59"),
        (
            "0 0 * * FRI-MON",
            "'0 0 * * FRI-MON': day-of-week FRI-MON runs backwards; write the list FRI,SAT,SUN,MON",
        ),
        ("0 0 * * 5-1", "'0 0 * * 5-1': day-of-week 5-1 runs backwards; write the list 5,6,0,1"),
        ("0 22-4/2 * * *", "'0 22-4/2 * * *': hour 22-4 runs backwards; write the list 22,0,2,4"),
        (
            "0 0 * NOV-FEB *",
            "'0 0 * NOV-FEB *': month NOV-FEB runs backwards; write the list NOV,DEC,JAN,FEB",
        ),
        ("0 0 * * XYZ", "'0 0 * * XYZ': day-of-week 'XYZ' is not a number 0-7 or a name SUN-SAT"),
        (
            "0 0 * * L",
            "'0 0 * * L': day-of-week 'L' is not a number 0-7 or a name SUN-SAT; write the day before it,",
        ),
        ("0 0 * * 1#6", "'0 0 * * 1#6': day-of-week # 6 is out of range 1-5"),
        ("0 0 L-31 * *", "'0 0 L-31 * *': day-of-month L- 31 is out of range 1-30"),
        ("? * * * *", "'? * * * *': minute '?' is not a number 0-59; ? stands only for a day field; write *"),
        ("+5 * * * *", "'+5 * * * *': minute '+5' is not a number 0-59"),
        ("1_0 * * * *", "'1_0 * * * *': minute '1_0' is not a number 0-59"),
        ("1,,2 * * * *", "'1,,2 * * * *': minute '' is not a number 0-59"),
        ("-5 * * * *", "'-5 * * * *': minute '' is not a number 0-59"),
        ("5- * * * *", "'5- * * * *': minute '' is not a number 0-59"),
        ("0 0 * *", "'0 0 * *': number of fields 4 is out of range 5-6; write minute hour"),
        ("0 0 0 1 1 * 2026", "'0 0 0 1 1 * 2026': number of fields 7 is out of range 5-6"),
        ("0 0 30 2 *", "'0 0 30 2 *': day-of-month 30 is never due; no month it names has such a day"),
        ("0 0 31 4,6 ?", "'0 0 31 4,6 ?': day-of-month 31 is never due"),
        ("@reboot", "'@reboot': name @reboot is unknown; one of @yearly, @annually, @monthly"),
        ("", "'': text is empty"),
        (" \t ", "' \\t ': text is empty"),
        ("0 0\u00a0* * *", "'0 0\\xa0* * *': character '\\xa0' at position 4 is not accepted; use ASCII"),
        ("0 0 * * *\n", "'0 0 * * *\\n': character '\\n' at position 10 is not accepted"),
        ("\u0665 * * * *", "character '\\u0665' at position 1 is not accepted"),
        ("0 0 * * \x00", "character '\\x00' at position 9 is not accepted"),
        ("\ud800 * * * *", "character '\\ud800' at position 1 is not accepted"),
        ("0 " * 200, "length 400 is over 256 characters"),
        (5, "5: type int is not text"),
        (True, "True: type bool is not text"),
        (None, "None: type NoneType is not text"),
    ],
)
def test_cron_refuses(line, message):
    with pytest.raises(InvalidTimetable) as refused:
        cron(line)
    assert message in str(refused.value)
    assert isinstance(refused.value, (RotaError, ValueError, InvalidValue))


def test_a_refusal_carries_its_facts():
    with pytest.raises(InvalidTimetable) as refused:
        parse_timetable("cron 0 0 * * 8 in Europe/Paris")
    error = refused.value
    assert (error.text, error.field, error.value) == ("cron 0 0 * * 8 in Europe/Paris", "day-of-week", 8)
    assert (error.expected, error.problem) == ("0-7", "is out of range 0-7")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: every("0s"), "interval is out of range 1 second to 3650 days"),
        (lambda: every("11y"), "'11y': interval is not understood"),
        (lambda: every("3651d"), "interval is out of range 1 second to 3650 days"),
        (lambda: every(timedelta(milliseconds=1500)), "in whole seconds"),
        (lambda: every(300), "300: interval is not a duration; write one like '5m'"),
        (
            lambda: every("5m", start="2026-01-01"),
            "'2026-01-01': start is not an ISO date and time with an offset",
        ),
        (lambda: parse_timetable("( ) | (5m)"), "'( ) | (5m)': text is not a timetable"),
        (lambda: daily(), "'daily': time is missing"),
        (lambda: daily("25:00"), "'25:00': hour 25 is out of range 0-23"),
        (lambda: daily("02:60"), "'02:60': minute 60 is out of range 0-59"),
        (lambda: daily("2"), "time '2' is not understood; write '02:00'"),
        (lambda: daily("02:00", every=0), "every 0 is out of range 1-3650"),
        (lambda: daily("02:00", every=True), "every True is not a whole number"),
        (lambda: daily("02:00", start="2026-02-30"), "date '2026-02-30' is not a date"),
        (lambda: daily("02:00", start=datetime(2026, 1, 1)), "is not a date"),
        (lambda: daily("02:00", gap="before"), "gap 'before' is not one of after, skip"),
        (lambda: daily("02:00", repeat="twice"), "repeat 'twice' is not one of first, second, both"),
        (lambda: weekly("fri-mon 04:00"), "weekday fri-mon runs backwards; write the list fri,sat,sun,mon"),
        (lambda: weekly("04:00"), "time 04:00 comes before its day; write 'sun 04:00'"),
        (lambda: weekly("sun"), "time is missing"),
        (lambda: weekly("1 04:00"), "weekday '1' is not a day of the week; write 'mon' to 'sun'"),
        (lambda: monthly(32, "12:00"), "day 32 is out of range 1-31"),
        (lambda: monthly(0, "12:00"), "day 0 is out of range 1-31"),
        (lambda: monthly(True, "12:00"), "is not a day of the month"),
        (
            lambda: monthly("sixth mon", "12:00"),
            "day 'sixth mon' is not a day of the month; write 15, 'last'",
        ),
        (lambda: monthly(30, "12:00", every=12, start="2026-02-01"), "days are never due"),
        (lambda: monthly(15), "time is missing"),
        (lambda: once("2026-12-24T18:00:00"), "instant has no zone; end it with Z"),
        (lambda: once("2026-12-24"), "instant is not an ISO date and time"),
        (lambda: once("1969-12-31T23:59:59Z"), "year 1969 is out of range 1970-2199"),
        (lambda: once("2200-01-01T00:00:00Z"), "year 2200 is out of range 1970-2199"),
        (
            lambda: daily("02:00", timezone="Europe/Pariss"),
            "timezone is not in the zone database; did you mean 'Europe/Paris'?",
        ),
        (lambda: daily("02:00", timezone="zurich"), "did you mean 'Europe/Zurich'?"),
        (lambda: daily("02:00", timezone="../etc/passwd"), "is not in the zone database"),
        (lambda: daily("02:00", timezone="localtime"), "is not in the zone database"),
        (lambda: cron("@daily") - cron("@daily"), "leaves nothing that is due"),
        (lambda: once("2026-12-24T18:00:00Z") - date(2026, 12, 24), "leaves nothing that is due"),
        (lambda: daily("02:00") - (date(2026, 2, 1), date(2026, 1, 1)), "write 2026-01-01..2026-02-01"),
        (
            lambda: daily("02:00") - "2026-01-01",
            "is not a date, (first, last), a list of them, or a timetable",
        ),
        (lambda: parse_timetable("bogus"), "'bogus': text is not a timetable; write one like"),
        (lambda: parse_timetable("("), "parentheses do not match"),
        (lambda: parse_timetable("(" * 100 + "5m" + ")" * 100), "are nested deeper than 16"),
        (lambda: parse_timetable("(5m) & (1h)"), "is not understood; write (a) | (b) or (a) - (b)"),
        (lambda: parse_timetable("every 5m in Europe/Paris"), "options timezone do not go with 'every'"),
        (lambda: parse_timetable("daily 02:00 gap skip gap skip"), "gap is given twice"),
    ],
)
def test_the_other_kinds_refuse(declare, message):
    with pytest.raises(InvalidValue) as refused:
        declare()
    assert message in str(refused.value)


def test_a_naive_instant_is_refused():
    for ask in ("next_after", "previous_before"):
        with pytest.raises(NaiveInstant, match="an aware datetime is needed"):
            getattr(daily("02:00"), ask)(datetime(2026, 1, 1))


def test_an_unknown_zone_names_the_nearest():
    with pytest.raises(UnknownZone) as refused:
        cron("@daily", "America/New_Yrok")
    assert refused.value.suggestions[0] == "America/New_York"
    assert cron("@daily", ZoneInfo("Europe/Paris")).timezone == "Europe/Paris"


HOSTILE = [
    "*" * 256,
    "(" * 256,
    "1," * 120 + "1 * * * *",
    "0 0 " + "1-31/1," * 30 + "31 2 *",
    "0 0 30 2 MON,TUE */99999999999999",
    "P" + "1" * 250 + "D",
    "9" * 250 + "s",
    "daily " + "02:00 " * 40,
    "cron 0 0 * * * in " + "A" * 200,
    "weekly " + "mon," * 60,
    "monthly " + "1," * 100,
    "once 9999-99-99T99:99:99Z",
    "every every every",
    "0 0 30 2 *",
    "(* * * * * *) - (* * * * * *)",
    "(0 0 1 1 *) - (0 0 * * *)",
    "in in in in in in",
    "H(H-H)/H * * * *",
    "H(5-) * * * *",
    "0 0 * * H(FRI-MON)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_get_one_clear_error_or_a_timetable(text):
    try:
        parsed = parse_timetable(text)
    except InvalidTimetable as refused:
        assert len(str(refused)) < 1_000
    else:
        assert parse_timetable(str(parsed)) == parsed
