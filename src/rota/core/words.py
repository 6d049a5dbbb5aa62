"""English: durations read and written, lists, ordinals, and the names of days and months."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from rota.errors import InvalidValue

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_UNIT_WORDS = {
    spelling: letter
    for letter, name in _NAMES.items()
    for spelling in (letter, name, f"{name}s", {"h": "hr", "m": "min", "s": "sec"}.get(letter, letter))
}
_DURATION_FORM = "a duration like '90s', '5m', '1h30m', '1d', '1w', 'PT5M' or '15 minutes' is expected"
_PART = re.compile(r"(\d{1,10}) ?([a-z]+)", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d{1,10})W)?(?:(\d{1,10})D)?(?:T(?:(\d{1,10})H)?(?:(\d{1,10})M)?(?:(\d{1,10})S)?)?", re.ASCII
)


def parse_duration(text: str) -> timedelta:
    """Read a duration: `"90s"`, `"1h30m"`, `"1d"`, `"PT5M"`, `"1 hour 30 minutes"`, `"hour"`.

    Units go from large to small, each at most once: w, d, h, m, s, or their names. Case does not matter.

    Raises:
        InvalidValue: the text is no such duration, or is longer than a timedelta can be.
    """
    try:
        return timedelta(seconds=_seconds_in(text))
    except (ValueError, OverflowError):
        raise InvalidValue("duration", text, _DURATION_FORM) from None


def _seconds_in(text: str) -> int:
    iso = _ISO.fullmatch(text.upper()) if text.isascii() else None
    if iso and iso[0][-1] not in "PT":
        return sum(int(n) * size for n, size in zip(iso.groups("0"), _UNITS.values(), strict=True))
    lower = text.lower() if text.isascii() and len(text) <= 100 else ""
    if lower in _UNIT_WORDS and len(lower) > 1:
        lower = f"1 {lower}"
    total, at, last_size = 0, 0, 1 << 62
    while at < len(lower):
        part = _PART.match(lower, at)
        size = _UNITS.get(_UNIT_WORDS.get(part[2], ""), 0) if part else 0
        if not part or not 0 < size < last_size:
            raise ValueError
        total, last_size, at = total + int(part[1]) * size, size, part.end()
        at += lower.startswith(" ", at) and at + 1 < len(lower)
    if not lower:
        raise ValueError
    return total


def format_duration(duration: timedelta) -> str:
    """Write a duration of whole seconds so that `parse_duration` reads it back: `1h30m`.

    The largest units that fit exactly are used, except that weeks stand alone: `1w`, `8d`, `1d12h`.
    """
    rest = duration // timedelta(seconds=1)
    if rest and rest % _UNITS["w"] == 0:
        return f"{rest // _UNITS['w']}w"
    parts = []
    for letter, size in list(_UNITS.items())[1:]:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{letter}")
    return "".join(parts) or "0s"


def say_duration(duration: timedelta) -> str:
    """Say a duration in words: `1 hour and 30 minutes`."""
    parts = [(int(part[1]), _NAMES[part[2]]) for part in _PART.finditer(format_duration(duration))]
    return join_words([f"{amount} {name}{'s' if amount != 1 else ''}" for amount, name in parts])


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Join as in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def ordinal(number: int) -> str:
    """Write `1st`, `2nd`, `3rd`, `11th`."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def nth_word(number: int) -> str:
    """Say `first` to `fifth`."""
    return ("first", "second", "third", "fourth", "fifth")[number - 1]


def clock_time(second_of_day: int) -> str:
    """Write a time of day: `09:30`, or `09:30:15` when it has seconds."""
    minutes, seconds = divmod(second_of_day, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
