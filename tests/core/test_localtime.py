"""Seconds, readings, and the spans between the clock changes of a zone."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from rota.core.localtime import EPOCH, ceil_second, clock_of, floor_second, instant_at, zone_name
from rota.errors import NaiveInstant, UnknownZone


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("instant", "floor", "ceil"),
    [
        (EPOCH, 0, 0),
        (EPOCH + timedelta(microseconds=1), 0, 1),
        (EPOCH - timedelta(microseconds=1), -1, 0),
        (datetime(2026, 7, 1, 2, tzinfo=ZoneInfo("Europe/Paris")), 1_782_864_000, 1_782_864_000),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), 253_402_351_199, 253_402_351_200),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), -62_135_647_200, -62_135_647_200),
    ],
)
def test_instants_as_seconds(instant, floor, ceil):
    assert (floor_second(instant), ceil_second(instant)) == (floor, ceil)


def test_seconds_as_instants():
    assert instant_at(1_782_864_000) == datetime(2026, 7, 1, tzinfo=UTC)
    assert instant_at(0).tzinfo is UTC


def test_a_naive_datetime_is_no_instant():
    with pytest.raises(NaiveInstant):
        floor_second(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("gap", "repeat", "opens", "closes"),
    [
        pytest.param("after", "first", "2024-03-31 02:00", "2024-10-27 03:00", id="takes what was skipped"),
        pytest.param("skip", "first", "2024-03-31 03:00", "2024-10-27 03:00", id="leaves what was skipped"),
        pytest.param(
            "after", "second", "2024-03-31 02:00", "2024-10-27 02:00", id="leaves what is shown again"
        ),
        pytest.param("after", "both", "2024-03-31 02:00", "2024-10-27 03:00", id="takes all that it shows"),
    ],
)
def test_a_summer_of_paris(gap, repeat, opens, closes):
    span = clock_of("Europe/Paris", gap, repeat).span_at(at("2024-07-01"))
    assert span == (at("2024-03-31 01:00"), at("2024-10-27 01:00"), 7200, at(opens), at(closes))


def test_a_winter_of_paris_takes_only_what_summer_has_not_shown():
    span = clock_of("Europe/Paris").span_at(at("2026-10-25 01:30"))
    assert span[2:4] == (3600, at("2026-10-25 03:00"))


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "Africa/Casablanca", "Asia/Gaza", "Pacific/Apia", "Asia/Tokyo"]
)
def test_spans_follow_each_other_without_a_hole(zone):
    clock, second = clock_of(zone), 0
    while second < at("2060-01-01"):
        start, end, offset, opens, closes = clock.span_at(second)
        assert start <= second < end
        assert clock.span_at(end)[0] == end
        assert clock.span_at(end)[3] == closes, "a reading is decided by one span"
        assert offset == datetime.fromtimestamp(second, ZoneInfo(zone)).utcoffset().total_seconds()
        assert closes - opens > 86_400
        second = end


@pytest.mark.parametrize(
    "name", ["Europe/Pariss", "localtime", "posix/UTC", "../UTC", "", "\0", "a" * 300, "Europe"]
)
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(UnknownZone):
        zone_name(name)


def test_a_zone_is_given_by_name_or_as_such():
    assert zone_name("Europe/Paris") == zone_name(ZoneInfo("Europe/Paris")) == "Europe/Paris"
    assert zone_name(None) is None
    with pytest.raises(UnknownZone):
        zone_name(5)
