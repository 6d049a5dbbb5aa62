"""`rota next` and `rota explain` need no application."""

from __future__ import annotations

import json

import pytest


def test_next_prints_a_json_array_of_utc_instants(shop):
    args = (
        "next",
        "30 2 * * *",
        "--tz",
        "Europe/Paris",
        "--from",
        "2026-03-28T00:00:00Z",
        "--count",
        "3",
        "--json",
    )
    out = shop(*args).stdout
    assert json.loads(out) == ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    assert out.count("\n") == 1


def test_next_shows_local_time_utc_and_clock_changes(shop):
    lines = shop(
        "next", "daily 02:30", "--tz", "Europe/Paris", "--from", "2026-03-28T00:00:00Z", "-n", "2"
    ).stdout.splitlines()
    assert lines == [
        "Sat 28 Mar 2026 02:30:00 +01:00 CET   2026-03-28T01:30:00Z",
        "Sun 29 Mar 2026 03:00:00 +02:00 CEST   2026-03-29T01:00:00Z   clocks go forward about then",
    ]


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-03-29T00:00:00+02:00", "2026-03-29T01:00:00Z"),
        ("2026-03-28", "2026-03-28T01:30:00Z"),
        ("2026-03-28 12:00", "2026-03-29T01:00:00Z"),
    ],
)
def test_from_may_be_local(shop, start, first):
    assert shop.json("next", "daily 02:30", "--tz", "Europe/Paris", "--from", start, "-n", "1") == [first]


def test_a_timetable_that_ends_has_fewer(shop):
    assert shop.json("next", "2020-01-01T00:00:00Z") == []
    assert shop("next", "2020-01-01T00:00:00Z").stderr == "There is none.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["0 0 * * 8"], "day-of-week 8 is out of range 0-7"),
        (["0 0 30 2 *"], "is never due"),
        (["soon"], "is not a timetable"),
        (["5m", "--tz", "Europe/Pari"], "did you mean 'Europe/Paris'"),
        (["5m", "--from", "yesterday-ish"], "--from"),
        (["5m", "--count", "0"], "--count"),
        (["0", "0", "*", "*", "*"], "quote"),
        ([], "EXPR"),
        (["x" * 300], "over 256 characters"),
        (["०० * * * *"], "character"),
    ],
)
@pytest.mark.parametrize("command", ["next", "explain"])
def test_what_can_not_be_read_is_a_usage_error(shop, command, args, said):
    result = shop(command, *args, code=2) if command == "next" else shop(command, *args, code=None)
    if command == "explain":
        assert result.exit_code == 2
        return
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_next_shows_a_schedule(synced):
    assert synced.json("next", synced.app, "nightly", "-n", "1")[0].endswith("30:00Z")
    assert synced.json("next", "nightly", "-n", "1") == synced.json(
        "next", "-A", synced.app, "nightly", "-n", "1"
    )
    assert synced.json("next", "-A", synced.app, "billing:daily", "-n", "2")[0].endswith("00:00Z")
    synced("pause", "nightly")
    assert synced.json("next", "nightly") == []
    assert "Did you mean 'nightly'" in synced("next", synced.app, "nigtly", code=3).stderr
    assert "is not a timetable" in synced("next", "nigtly", code=2).stderr


def test_explain_says_what_a_timetable_means(shop):
    out = shop("explain", "30 2 13 * 5", "--tz", "Europe/Paris", "--from", "2026-01-01T00:00:00Z").stdout
    assert "At 02:30 on the 13th of the month or on Fridays, Europe/Paris" in out
    assert "cron 30 2 13 * 5 in Europe/Paris" in out
    assert "Fri 02 Jan 2026 02:30:00 +01:00 CET   2026-01-02T01:30:00Z" in out
    assert "either is enough" in out


def test_explain_as_json(shop):
    told = shop.json("explain", "daily 02:30", "--tz", "Europe/Paris", "--from", "2026-01-01T00:00:00Z")
    assert set(told) == {"text", "words", "timezone", "next", "warnings"}
    assert told["next"][0] == "2026-01-01T01:30:00Z"
    assert [warning[:17] for warning in told["warnings"]] == ["Clocks skip 02:30", "Clocks show 02:30"]
    assert shop.json("explain", told["text"], "--from", "2026-01-01T00:00:00Z")["words"] == told["words"]
