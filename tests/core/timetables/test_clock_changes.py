"""The rule for clock changes, against an oracle that walks the wall clock.

By default a sample of the changes of all zones; all of them, 1970 to 2199, with ROTA_SWEEP=all.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from rota.core.timetables import cron
from tests.core.timetables.oracle import Line, choose, iso, matching, wall

SWEEP = os.environ.get("ROTA_SWEEP", "")
ODD = [
    ("Pacific/Apia", "2011-12-30 10:00"),  # a whole day that does not exist
    ("Pacific/Kwajalein", "1993-08-21 12:00"),  # likewise, the other name of the date line
    ("Pacific/Enderbury", "1994-12-31 11:00"),
    ("Pacific/Kiritimati", "1994-12-31 10:00"),
    ("America/Juneau", "1983-10-30 09:00"),
    ("Australia/Lord_Howe", "2026-04-04 15:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03 15:30"),
    ("Africa/Cairo", "2026-04-23 22:00"),  # at 00:00
    ("Africa/Cairo", "2026-10-29 21:00"),
    ("America/Sao_Paulo", "2018-11-04 03:00"),
    ("America/Havana", "2026-11-01 05:00"),
    ("Asia/Beirut", "2026-03-28 22:00"),
    ("America/St_Johns", "2006-04-02 03:31"),  # at 00:01
    ("America/St_Johns", "2006-10-29 02:31"),
    ("America/St_Johns", "1988-04-03 03:31"),  # by two hours
    ("Africa/Casablanca", "2026-02-15 02:00"),
    ("Europe/Dublin", "2026-03-29 01:00"),  # winter time is the exception there
    ("Europe/Paris", "2026-03-29 01:00"),
    ("Europe/Paris", "2026-10-25 01:00"),
    ("Antarctica/Troll", "2026-03-29 01:00"),  # by two hours
    ("Asia/Kathmandu", "1985-12-31 18:30"),  # a quarter of an hour, no daylight saving
    ("America/Guyana", "1975-08-01 03:45"),
    ("Asia/Pyongyang", "2018-05-04 15:00"),
    ("America/Caracas", "2016-05-01 07:00"),
    ("Europe/Moscow", "2014-10-25 22:00"),
    ("Pacific/Norfolk", "2015-10-03 14:30"),
]
WITH_SECONDS = [("Africa/Monrovia", "1972-01-07 00:44:30")]  # was 44:30 behind


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def lines_around(zone: ZoneInfo, change: int) -> list[tuple[str, Line]]:
    """Return cron lines, also as sets, whose times fall in or near a change of clocks."""
    before, after = (datetime.fromtimestamp(change + s, zone).replace(tzinfo=None) for s in (-1, 0))
    moments = {
        before - timedelta(minutes=29),
        before,
        after,
        after + timedelta(minutes=30),
        before + timedelta(minutes=17),
    }
    fixed = [
        (f"{m.minute} {m.hour} * * *", Line(hours=frozenset({m.hour}), minutes=frozenset({m.minute})))
        for m in moments
    ]
    on_day = (
        f"{before.minute} {before.hour} {before.day} {before.month} *",
        Line(
            frozenset({before.hour}),
            frozenset({before.minute}),
            days=frozenset({before.day}),
            months=frozenset({before.month}),
        ),
    )
    hours = frozenset({before.hour, after.hour, (after.hour + 1) % 24})
    listed = ",".join(map(str, sorted(hours)))
    return [
        *fixed,
        on_day,
        (f"*/13 {listed} * * *", Line(hours, frozenset(range(0, 60, 13)))),
        (f"5,20,35,50 {listed} * * *", Line(hours, frozenset({5, 20, 35, 50}))),
        ("0,30 0-23 * * *", Line(minutes=frozenset({0, 30}))),
        ("*/7 * * * *", Line(minutes=frozenset(range(0, 60, 7)))),
        ("0 0 * * *", Line(frozenset({0}), frozenset({0}))),
    ]


RULES = [(None, None), ("skip", "first"), ("after", "second"), ("after", "both"), ("skip", "second")]


def check(name: str, change: int, step: int = 60, rules: list = RULES) -> None:
    """Compare every line and rule with the oracle, two days around a change, forwards and backwards."""
    zone = ZoneInfo(name)
    start, end = change - 30 * 3600, change + 30 * 3600
    if start < 0:
        return
    walls = wall(zone, start, end, step)
    for text, line in lines_around(zone, change):
        matched = matching(walls, line)
        for gap, repeat in rules:
            timetable = cron(text, name, gap=gap, repeat=repeat)
            usual = (
                ("skip", "both")
                if text.split()[0][0] == "*" or text.split()[1] == "*"
                else ("after", "first")
            )
            expected = choose(walls, *matched, gap or usual[0], repeat or usual[1])
            where = f"{timetable} around {iso([change])}"
            begin, stop = (datetime.fromtimestamp(s, UTC) for s in (start, end))
            assert iso([int(found.timestamp()) for found in timetable.between(begin, stop)]) == iso(
                expected
            ), where
            assert backwards(timetable, start, end) == expected, f"{where}, backwards"
            tick = timedelta(microseconds=1)
            assert timetable.count(begin - tick, stop - tick) == len(expected), f"{where}, counted"
            for second in range(change - 3600, change + 3601, 1200):
                asked_around(timetable, second, expected, where)


def asked_around(timetable, second: int, expected: list[int], where: str) -> None:
    """Ask in the middle of things, as in the second pass of an hour."""
    asked, where = datetime.fromtimestamp(second, UTC), f"{where}, from {iso([second])}"
    after, before = [at for at in expected if at > second], [at for at in expected if at < second]
    due, past = timetable.next_after(asked), timetable.previous_before(asked)
    assert not after or due.timestamp() == after[0], where
    assert not before or past.timestamp() == before[-1], where
    soon = [at for at in after if at <= second + 7200]
    assert timetable.count(asked, asked + timedelta(hours=2)) == len(soon), where


def backwards(timetable, start: int, end: int) -> list[int]:
    found, asked = [], datetime.fromtimestamp(end, UTC)
    while (asked := timetable.previous_before(asked)) is not None and asked.timestamp() >= start:
        found.append(int(asked.timestamp()))
    return found[::-1]


@lru_cache
def changes_of(name: str) -> list[int]:
    """Return the changes of a zone's offset, found by looking every 12 hours."""
    zone, found, step = ZoneInfo(name), [], 12 * 3600
    offset = datetime.fromtimestamp(0, zone).utcoffset()
    for second in range(step, at("2199-12-30"), step):
        now = datetime.fromtimestamp(second, zone).utcoffset()
        if now != offset:
            low, high = second - step, second
            while high - low > 1:
                middle = (low + high) // 2
                if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high)
            offset = now
    return found


@pytest.mark.parametrize(("zone", "change"), ODD)
def test_odd_changes_agree_with_the_wall_clock(zone, change):
    second = at(change)
    before, after = (datetime.fromtimestamp(second + s, ZoneInfo(zone)).utcoffset() for s in (-1, 0))
    assert before != after, "the table names an instant at which clocks change"
    check(zone, second, rules=RULES if SWEEP else [RULES[0], RULES[1 + second % 4]])


@pytest.mark.parametrize(("zone", "change"), WITH_SECONDS)
def test_offsets_with_seconds_agree_with_the_wall_clock(zone, change):
    check(zone, at(change), step=30, rules=RULES[:2])


def test_sampled_changes_of_all_zones_agree_with_the_wall_clock():
    chosen = random.Random(7)
    for name in chosen.sample(sorted(available_timezones() - {"localtime"}), 599 if SWEEP else 2):
        changes = changes_of(name)
        for change in changes if SWEEP == "all" else chosen.sample(changes, min(len(changes), 1)):
            check(name, change, rules=RULES if SWEEP else RULES[:1])
