"""Cron lines against cronsim and croniter: where they differ, the oracle says who is right, and why.

A sample by default; ROTA_SWEEP=1 takes forty times as many.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from cronsim import CronSim

from rota.core.timetables import cron
from rota.errors import InvalidTimetable
from tests.core.timetables.lines import ZONES, line
from tests.core.timetables.oracle import Line, iso, occurrences, wall

CASES = 8_000 if os.environ.get("ROTA_SWEEP") else 200
EACH = 3
DAY = 86_400


def cases(seed: int, *, seconds: bool = False):
    """Yield (text, sets, zone name, start), half of the starts within a day of a clock change."""
    chosen = random.Random(seed)
    changes = {name: changes_near_now(ZoneInfo(name)) for name in ZONES}
    for _ in range(CASES):
        name = chosen.choice(ZONES)
        start = chosen.randrange(1_200_000_000, 1_900_000_000)
        if changes[name] and chosen.random() < 0.5:
            start = chosen.choice(changes[name]) - chosen.randrange(DAY)
        text, sets = line(chosen, seconds=seconds)
        yield text, sets, name, start


@cache
def changes_near_now(zone: ZoneInfo) -> list[int]:
    """Return the days, as seconds, in which the zone's clocks change, from 2008 to 2030."""
    days = range(1_200_000_000, 1_900_000_000, DAY)
    offsets = [datetime.fromtimestamp(day, zone).utcoffset() for day in days]
    return [day for day, one, two in zip(days[1:], offsets, offsets[1:], strict=False) if one != two]


def ours(text: str, name: str, start: int) -> list[int] | None:
    try:
        timetable = cron(text, name)
    except InvalidTimetable as refused:
        assert refused.problem == "is never due", refused
        return None
    return [int(due.timestamp()) for due in timetable.upcoming(datetime.fromtimestamp(start, UTC), EACH)]


def from_cronsim(text: str, name: str, start: int) -> list[int]:
    walk = CronSim(text, datetime.fromtimestamp(start, ZoneInfo(name)))
    return [int(next(walk).timestamp()) for _ in range(EACH)]


def from_croniter(text: str, name: str, start: int) -> list[int]:
    walk = croniter(text, datetime.fromtimestamp(start, ZoneInfo(name)), second_at_beginning=True)
    return [int(walk.get_next(float)) for _ in range(EACH)]


def touches_a_change(name: str, *seconds: int) -> bool:
    """Say whether clocks change within a day of any of the seconds."""
    zone = ZoneInfo(name)
    return any(
        datetime.fromtimestamp(second - DAY - 7200, zone).utcoffset()
        != datetime.fromtimestamp(second + DAY + 7200, zone).utcoffset()
        for second in seconds
    )


def oracle_agrees(text: str, sets: Line, name: str, start: int, due: list[int]) -> bool:
    """Say whether the oracle finds the same, looking from `start` for at most three days."""
    end = min(due[-1], start + 3 * DAY) + 1
    step = 60 if sets.seconds == {0} else 1
    if step == 1:
        end = min(end, start + DAY)
    wildcard = any(field[0] == "*" for field in text.split()[-5:-3])
    begin = start - start % step + step
    found = occurrences(
        wall(ZoneInfo(name), begin, end, step), sets, *(("skip", "both") if wildcard else ("after", "first"))
    )
    return [second for second in due if second < end] == found[:EACH]


def stars_are_steps(text: str) -> bool:
    """Say whether a day field is `*/n` beside a restricted one: croniter takes either, Debian's cron both."""
    day, week = text.split()[-3], text.split()[-1]
    return (day.startswith("*/") and week != "*") or (week.startswith("*/") and day != "*")


@pytest.mark.parametrize("seed", [1, 2])
def test_cronsim_differs_only_at_clock_changes_and_there_the_oracle_agrees_with_us(seed):
    differ = 0
    for text, sets, name, start in cases(seed):
        due = ours(text, name, start)
        if due is None or from_cronsim(text, name, start) == due:
            continue
        differ += 1
        where = (
            f"{text} in {name} from {iso([start])}: {iso(due)} is not {iso(from_cronsim(text, name, start))}"
        )
        assert touches_a_change(name, start, *due), where
        assert oracle_agrees(text, sets, name, start, due), where
    assert differ < CASES / 10


def test_croniter_differs_at_clock_changes_and_where_a_day_field_is_a_step_of_a_star():
    for text, sets, name, start in cases(3):
        due = ours(text, name, start)
        if due is None or stars_are_steps(text) or from_croniter(text, name, start) == due:
            continue
        where = (
            f"{text} in {name} from {iso([start])}: {iso(due)} is not {iso(from_croniter(text, name, start))}"
        )
        assert touches_a_change(name, start, *due), where
        assert oracle_agrees(text, sets, name, start, due), where


def test_lines_with_seconds_agree_with_cronsim_away_from_clock_changes():
    for text, _, name, start in cases(4, seconds=True):
        due = ours(text, name, start)
        if due is not None and not touches_a_change(name, start, *due):
            assert due == from_cronsim(text, name, start), f"{text} in {name} from {iso([start])}"


def test_lines_agree_with_the_oracle():
    for number, (text, sets, name, start) in enumerate(cases(5)):
        if number % 20 == 0 and (due := ours(text, name, start)):
            assert oracle_agrees(text, sets, name, start, due), (
                f"{text} in {name} from {iso([start])}: {iso(due)}"
            )


def test_backwards_is_the_mirror_of_forwards():
    for text, _, name, start in cases(6):
        if (due := ours(text, name, start)) and len(due) == EACH:
            timetable = cron(text, name)
            found = datetime.fromtimestamp(due[-1], UTC) + timedelta(microseconds=1)
            for expected in reversed(due):
                found = timetable.previous_before(found)
                assert found.timestamp() == expected, f"{text} in {name} from {iso([start])}"
