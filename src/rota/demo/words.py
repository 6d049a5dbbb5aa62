"""How the demo writes waits, durations, numbers and results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def wait(span: timedelta) -> str:
    """Write how long something is off: `now`, `3 s`, `12 min`, `7 h`, `4 d`."""
    seconds = span.total_seconds()
    if seconds < 0.5:
        return "now"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def took(span: timedelta) -> str:
    """Write how long something took: `0.04 s`, `5.1 s`, `3 min`."""
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 60 else wait(span)


def change(before: int, now: int) -> str:
    """Write a difference: `+40`, `-1,200`, or nothing."""
    return f"{now - before:+,}" if now != before else ""


def plural(count: int, noun: str) -> str:
    """Write `1 run`, `2 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def numbers_in(result: Any) -> dict[str, int]:
    """Return the numbers of a result, by what they count: `{"contents deleted": 812}`."""
    if not isinstance(result, Mapping):
        return {}
    return {
        str(name).replace("_", " "): value
        for name, value in result.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }


def say_numbers(numbers: Mapping[str, int]) -> str:
    """Write `812 contents deleted, 3 words`."""
    return ", ".join(f"{value:,} {name}" for name, value in numbers.items())
