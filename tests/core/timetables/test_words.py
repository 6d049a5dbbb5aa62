"""Durations and English."""

from datetime import timedelta

import pytest

from rota.core.words import format_duration, join_words, ordinal, parse_duration, say_duration
from rota.errors import InvalidValue


@pytest.mark.parametrize(
    ("text", "seconds", "written", "said"),
    [
        ("90s", 90, "1m30s", "1 minute and 30 seconds"),
        ("5m", 300, "5m", "5 minutes"),
        ("1h30m", 5400, "1h30m", "1 hour and 30 minutes"),
        ("1h 30m", 5400, "1h30m", "1 hour and 30 minutes"),
        ("1d", 86_400, "1d", "1 day"),
        ("1w", 604_800, "1w", "1 week"),
        ("8d", 691_200, "8d", "8 days"),
        ("PT5M", 300, "5m", "5 minutes"),
        ("P1DT12H", 129_600, "1d12h", "1 day and 12 hours"),
        ("P2W", 1_209_600, "2w", "2 weeks"),
        ("15 minutes", 900, "15m", "15 minutes"),
        ("1 hour 30 minutes", 5400, "1h30m", "1 hour and 30 minutes"),
        ("Hour", 3600, "1h", "1 hour"),
        ("0s", 0, "0s", "0 seconds"),
    ],
)
def test_durations(text, seconds, written, said):
    duration = parse_duration(text)
    assert duration == timedelta(seconds=seconds)
    assert format_duration(duration) == written
    assert parse_duration(written) == duration
    assert say_duration(duration) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "m",
        "5x",
        "5m5m",
        "5m1h",
        "-5m",
        "+5m",
        "1.5h",
        "5 m m",
        "P",
        "PT",
        "P1M",
        "5m ",
        "٥m",
        "9" * 300 + "s",
        "9999999999w",
    ],
)
def test_what_is_no_duration(text):
    with pytest.raises(InvalidValue, match="a duration like"):
        parse_duration(text)


def test_english():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 31)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "31st"]
    )
    assert [join_words(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert join_words(["a", "b"], "or") == "a or b"
