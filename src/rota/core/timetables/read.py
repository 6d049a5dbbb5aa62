"""Times, dates, weekdays and days of the month as users write them."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from rota.core.timetables.check import checked_text
from rota.core.words import WEEKDAYS
from rota.errors import InvalidTimetable

NAMED_WEEKDAYS = tuple(day[:3].lower() for day in WEEKDAYS)
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
WEEKDAY_NAMES = {name: day for day, long in enumerate(WEEKDAYS) for name in (long[:3].lower(), long.lower())}
_ANY_WEEKDAY = 7
_NUMBER_OF = {name: number for number, name in NTH.items()}
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,2}", re.ASCII)
_GROUPS = {"weekdays": range(5), "weekday": range(5), "weekends": range(5, 7), "weekend": range(5, 7)}


def read_time(kind: str, value: object) -> int:
    """Return the second of the day of `"02:00"`, `"2:00"`, `"02:00:30"` or a naive time."""
    if isinstance(value, time):
        if value.tzinfo or value.microsecond:
            raise InvalidTimetable(kind, "time", value.isoformat(), "is not a naive time of whole seconds")
        return value.hour * 3600 + value.minute * 60 + value.second
    match = _TIME.fullmatch(value.strip(" \t")) if isinstance(value, str) else None
    if not match:
        raise InvalidTimetable(
            kind, "time", repr(value), "is not understood", expected="HH:MM", hint="write '02:00'"
        )
    for field, number, most in zip(
        ("hour", "minute", "second"), match.groups("0"), (23, 59, 59), strict=True
    ):
        if int(number) > most:
            raise InvalidTimetable(
                value, field, int(number), f"is out of range 0-{most}", expected=f"0-{most}"
            )
    hour, minute, second = map(int, match.groups("0"))
    return hour * 3600 + minute * 60 + second


def is_time(text: str) -> bool:
    """Say whether a word looks like a time of day."""
    return ":" in text


def read_count(kind: str, value: object, most: int) -> int:
    """Return the n of every n-th."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidTimetable(kind, "every", repr(value), "is not a whole number", expected=f"1-{most}")
    if not 1 <= value <= most:
        raise InvalidTimetable(kind, "every", value, f"is out of range 1-{most}", expected=f"1-{most}")
    return value


def read_date(kind: str, value: object) -> date | None:
    """Return a date given as such or as ISO text; None stays None."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(checked_text(value)) if isinstance(value, str) else value
    except ValueError:
        day = value
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidTimetable(kind, "date", repr(value), "is not a date", expected="YYYY-MM-DD")
    if not 1970 <= day.year <= 2199:
        raise InvalidTimetable(kind, "date", day, "is out of range 1970-2199", expected="1970-2199")
    return day


def read_weekdays(text: str) -> tuple[tuple[int, int], ...]:
    """Read `sun 04:00, mon,wed 09:30`: days, then their times, as often as wanted.

    Returns (weekday, second of the day), sorted.
    """
    at: set[tuple[int, int]] = set()
    days: list[int] = []
    timed = False
    for word in re.split("[ \t,]+", checked_text(text).lower().strip(" \t,")):
        if is_time(word):
            if not days:
                raise InvalidTimetable(text, "time", word, "comes before its day", hint="write 'sun 04:00'")
            second = read_time(text, word)
            at |= {(day, second) for day in days}
            timed = True
            continue
        days = [] if timed else days
        timed = False
        days += _weekdays_named(text, word)
    if not timed:
        raise InvalidTimetable(text, "time", "", "is missing", expected="HH:MM", hint="write 'sun 04:00'")
    return tuple(sorted(at))


def _weekdays_named(text: str, word: str) -> list[int]:
    if word in _GROUPS:
        return list(_GROUPS[word])
    first, dash, last = word.partition("-")
    for name in (first, last) if dash else (first,):
        if name not in WEEKDAY_NAMES:
            raise InvalidTimetable(
                text,
                "weekday",
                repr(name),
                "is not a day of the week",
                expected="mon-sun",
                hint="write 'mon' to 'sun'",
            )
    begin, end = WEEKDAY_NAMES[first], WEEKDAY_NAMES[last or first]
    if begin > end:
        listed = ",".join(NAMED_WEEKDAYS[day % 7] for day in range(begin, end + 8))
        raise InvalidTimetable(text, "weekday", word, "runs backwards", hint=f"write the list {listed}")
    return list(range(begin, end + 1))


def read_month_day(value: object) -> int | tuple[int, int]:
    """Read `15`, `-2`, `last`, `first mon`, `last weekday`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _month_number(value, value)
    words = value.lower().split() if isinstance(value, str) and len(value) < 40 else []
    if len(words) == 1 and _WHOLE.fullmatch(words[0]):
        return _month_number(value, int(words[0]))
    if words in (["last"], ["last", "day"]):
        return -1
    if words == ["first", "day"]:
        return 1
    if len(words) == 2 and words[0] in _NUMBER_OF:
        nth = _NUMBER_OF[words[0]]
        if words[1] in WEEKDAY_NAMES:
            return nth, WEEKDAY_NAMES[words[1]]
        if words[1] == "weekday" and nth in (1, -1):
            return nth, _ANY_WEEKDAY
    raise InvalidTimetable(
        value,
        "day",
        repr(value),
        "is not a day of the month",
        expected="1 to 31, -1 to -31, 'last', 'first mon', 'last fri', 'first weekday', 'last weekday'",
        hint="write 15, 'last', -2, 'first mon', 'last fri', 'first weekday' or 'last weekday'",
    )


def _month_number(value: object, number: int) -> int:
    if not 1 <= abs(number) <= 31:
        raise InvalidTimetable(
            value, "day", number, "is out of range 1-31 or -1 to -31", expected="1-31 or -1 to -31"
        )
    return number
