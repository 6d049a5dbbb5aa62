"""The fields of a cron line: text to sets of numbers, with every refusal."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from rota.core.timetables.days import Selectors
from rota.errors import InvalidTimetable

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class Kind:
    """One of the six positions of a cron line.

    Attributes:
        name: As in messages: `day-of-week`.
        low: Least number.
        high: Greatest number; 7 for the day of week, where 0 and 7 are Sunday.
        top: Greatest number that `*` and an open step reach: 6 for the day of week.
        hash_top: Greatest number that `H` takes: 28 for the day of month, so that every month has it.
        values: Every accepted spelling of a number.
    """

    __slots__ = ("all", "form", "hash_top", "high", "low", "name", "top", "values", "words")

    def __init__(self, name: str, low: int, high: int, words: tuple[str, ...] = ()) -> None:
        self.name, self.low, self.high, self.words = name, low, high, words
        self.top = 6 if name == "day-of-week" else high
        self.hash_top = 28 if name == "day-of-month" else self.top
        self.values = {f"{number:0{width}}": number for number in range(low, high + 1) for width in (1, 2)}
        self.all = (2 << self.top) - (1 << low)
        self.values |= {word: number for number, word in enumerate(words, low)}
        self.form = f"a number {low}-{high}" + (f" or a name {words[0]}-{words[-1]}" if words else "")

    def say(self, number: int, *, named: bool) -> str:
        """Write a number as the user did: by name or as a number."""
        return self.words[(number - self.low) % len(self.words)] if named else str(number)


SECOND, MINUTE, HOUR = Kind("second", 0, 59), Kind("minute", 0, 59), Kind("hour", 0, 23)
DAY_OF_MONTH, MONTH = Kind("day-of-month", 1, 31), Kind("month", 1, 12, MONTH_NAMES)
DAY_OF_WEEK = Kind("day-of-week", 0, 7, DAY_NAMES)
KINDS = (SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK)

_HASH = re.compile(r"H(?:\(([^()-]+)-([^()-]+)\))?(?:/(.*))?", re.ASCII)
_ANY_HASH = re.compile(r"(?:^|[ ,])H(?:[ ,(/]|$)", re.ASCII)
_BACK = re.compile(r"L-(\d{1,2})", re.ASCII)
_NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)


class CronFields(NamedTuple):
    """A whole cron line, read. Each mask has bit n for the number n."""

    seconds: int
    minutes: int
    hours: int
    months: int
    days: Selectors
    either: bool
    wildcard: bool


def read_fields(texts: list[str]) -> CronFields:
    """Read six fields, seconds first, in upper case and without `H`."""
    by_month, by_week = texts[3], texts[5]
    of_month, of_week = _day_of_month(by_month), _day_of_week(by_week)
    return CronFields(
        seconds=_numbers(0, texts[0]),
        minutes=_numbers(1, texts[1]),
        hours=_numbers(2, texts[2]),
        months=_numbers(4, texts[4]),
        days=Selectors(
            of_month.of_month,
            of_week.of_week,
            of_month.from_last,
            of_month.nearest,
            of_month.last_weekday,
            of_week.nth,
            of_week.last,
        ),
        either=by_month[0] not in "*?" and by_week[0] not in "*?",
        wildcard=texts[1][0] == "*" or texts[2][0] == "*",
    )


@lru_cache(maxsize=2048)
def _numbers(position: int, text: str) -> int:
    return _mask(KINDS[position], text)


def _mask(kind: Kind, text: str) -> int:
    if text == "*":
        return kind.all
    if text in kind.values:
        return 1 << kind.values[text]
    mask = 0
    for item in text.split(","):
        mask |= _range_mask(kind, item)
    return mask


@lru_cache(maxsize=512)
def _day_of_month(text: str) -> Selectors:
    if "L" not in text and "W" not in text:
        return Selectors(_mask(DAY_OF_MONTH, text))
    mask, back, nearest, last_weekday = 0, [], [], False
    for item in text.split(","):
        if item == "L":
            back.append(0)
        elif item == "LW":
            last_weekday = True
        elif match := _BACK.fullmatch(item):
            back.append(_bounded(DAY_OF_MONTH, "L-", int(match[1]), 1, 30))
        elif match := _NEAREST.fullmatch(item):
            nearest.append(_bounded(DAY_OF_MONTH, "W", int(match[1]), 1, 31))
        else:
            mask |= _range_mask(DAY_OF_MONTH, item)
    return Selectors(
        mask, from_last=tuple(sorted({*back})), nearest=tuple(sorted({*nearest})), last_weekday=last_weekday
    )


@lru_cache(maxsize=512)
def _day_of_week(text: str) -> Selectors:
    if "L" not in text and "#" not in text:
        return Selectors(of_week=_week(_mask(DAY_OF_WEEK, text)))
    mask, nth, last = 0, [], []
    for item in text.split(","):
        day, sharp, which = item.partition("#")
        if sharp:
            nth.append((_weekday(day), _bounded_text(DAY_OF_WEEK, "#", which, 1, 5)))
        elif item.endswith("L") and item != "L":
            last.append(_weekday(item[:-1]))
        else:
            mask |= _range_mask(DAY_OF_WEEK, item)
    return Selectors(of_week=_week(mask), nth=tuple(sorted({*nth})), last=tuple(sorted({*last})))


def _week(mask: int) -> int:
    """Return bits 0-6 from Monday on for bits 0-7 from Sunday to Sunday."""
    return mask >> 1 & 0x7F | (mask & 1) << 6


def _weekday(text: str) -> int:
    """Return Monday 0 to Sunday 6 for a cron day of week."""
    return (_value(DAY_OF_WEEK, text) + 6) % 7


def _range_mask(kind: Kind, item: str) -> int:
    """Read `*`, `5`, `5-9`, `*/2`, `5-9/2`, `5/2`: the last is from 5 up to the greatest."""
    body, slash, step_text = item.partition("/")
    if body == "*" or (item == "?" and kind in (DAY_OF_MONTH, DAY_OF_WEEK)):
        first, last = kind.low, kind.top
    else:
        first_text, dash, last_text = body.partition("-")
        first = _value(kind, first_text)
        last = _value(kind, last_text) if dash else kind.top if slash else first
        if slash and not dash and first > last:  # 7/2: Sunday
            first = kind.low
        if first > last:
            _refuse_wrap(kind, body, first, last, step_text)
    step = _step(kind, step_text, last - first) if slash else 1
    if step == 1:
        return (2 << last) - (1 << first)
    return sum(1 << number for number in range(first, last + 1, step))


def _value(kind: Kind, text: str) -> int:
    number = kind.values.get(text)
    if number is not None:
        return number
    if text.isdigit():
        raise InvalidTimetable(
            text,
            kind.name,
            int(text),
            f"is out of range {kind.low}-{kind.high}",
            expected=f"{kind.low}-{kind.high}",
        )
    raise InvalidTimetable(
        text,
        kind.name,
        repr(text),
        f"is not {kind.form}",
        expected=kind.form,
        hint=_HINTS.get((kind.name, text), ""),
    )


_HINTS = {
    ("day-of-week", "L"): "write the day before it, as FRIL for the last Friday of the month",
    ("day-of-week", "W"): "W goes with a day of the month, as 15W",
    ("day-of-month", "W"): "write the day before it, as 15W, or LW for the last weekday",
    ("minute", "?"): "? stands only for a day field; write *",
    ("hour", "?"): "? stands only for a day field; write *",
    ("month", "?"): "? stands only for a day field; write *",
    ("second", "?"): "? stands only for a day field; write *",
}


def _step(kind: Kind, text: str, reach: int) -> int:
    return _bounded_text(kind, "step", text, 1, max(reach, 1))


def _bounded_text(kind: Kind, what: str, text: str, low: int, high: int) -> int:
    if not (text.isdigit() and len(text) <= 9):
        raise InvalidTimetable(
            text, f"{kind.name} {what}", repr(text), f"is not a number {low}-{high}", expected=f"{low}-{high}"
        )
    return _bounded(kind, what, int(text), low, high)


def _bounded(kind: Kind, what: str, number: int, low: int, high: int) -> int:
    if low <= number <= high:
        return number
    raise InvalidTimetable(
        number, f"{kind.name} {what}", number, f"is out of range {low}-{high}", expected=f"{low}-{high}"
    )


def _refuse_wrap(kind: Kind, body: str, first: int, last: int, step_text: str) -> None:
    named = body.partition("-")[0] in kind.words
    step = int(step_text) if step_text.isdigit() and int(step_text[:9]) > 0 else 1
    size = kind.top - kind.low + 1
    numbers = [
        kind.low + (number - kind.low) % size
        for number in range(first % (kind.top + 1), last + size + 1, step)
    ]
    listed = ",".join(kind.say(number, named=named) for number in dict.fromkeys(numbers))
    raise InvalidTimetable(
        body,
        kind.name,
        body,
        "runs backwards",
        expected="a range from low to high",
        hint=f"write the list {listed}",
    )


def has_hash(line: str) -> bool:
    """Say whether a line has an `H`: not the one of THU or MARCH."""
    return "H" in line and _ANY_HASH.search(line) is not None


def resolve_hashes(texts: list[str], name: str) -> list[str]:
    """Replace each `H` of six fields by the number that `name` hashes to.

    `H` is one number of the field's range, `H(2-5)` one of 2 to 5; with a step, `H/15`, the first number
    is chosen among the first 15 and the others follow.
    """
    return [
        ",".join(_resolved(kind, item, name) for item in text.split(",")) if "H" in text else text
        for kind, text in zip(KINDS, texts, strict=True)
    ]


def _resolved(kind: Kind, item: str, name: str) -> str:
    match = _HASH.fullmatch(item)
    if not match:
        return item  # such as THU or MARCH: read, or refused, like any other item
    low = _value(kind, match[1]) if match[1] else kind.low
    high = _value(kind, match[2]) if match[2] else kind.hash_top
    if low > high:
        _refuse_wrap(kind, f"{match[1]}-{match[2]}", low, high, "")
    digest = blake2b(f"{kind.name}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    if match[3] is None:
        return str(low + number % (high - low + 1))
    step = _step(kind, match[3], high - low)
    return f"{low + number % step}-{high}/{step}"
