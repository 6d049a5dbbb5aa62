"""Many schedules that are not due: what a start, memory and idling cost, and how late others are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.arena import Arena, Place
from bench.figures import Figure, quantile
from bench.processes import cpu_seconds, memory_mb
from bench.schedules import STORES, Look, due_at, in_seconds, insert, place_of_rota, schedule, scheduler
from rota.core.records import Schedule

PER_SECOND = 1_000
LEAD_SECONDS = 20  # to start, to idle, and to be ready when the others are due
CASES = (
    "start",
    "memory",
    "idle",
    "lateness of 1,000 due per second, p50",
    "lateness of 1,000 due per second, p99",
)


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(10_000, 100_000, 1_000_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(lambda s=store, w=who: _measure(arena, s, w, count), _failed(who))
    ]


def _failed(who: str) -> Figure:
    return Figure(row="stored", case="start", who=who, value=None, unit="s")


def far(count: int) -> Iterator[Schedule]:
    """Yield schedules that are due once a year, the first time in three months or later."""
    now = datetime.now(UTC)
    dates = [now + timedelta(days=100 + number % 200) for number in range(200)]
    for number in range(count):
        day = dates[number % len(dates)]
        timetable = f"{number % 60} {number % 24} {min(day.day, 28)} {day.month} *"
        yield schedule(f"far-{number}", timetable, now)


def _measure(arena: Arena, store: str, who: str, count: int) -> list[Figure]:
    seconds, idle = arena.size(3, 10), arena.size(3, 10)
    with place_of_rota(arena, store) as (place, look):
        insert(place, far(count))
        arena.services.settle_down(place.variables)
        begin = time.time()
        with scheduler(place) as pid:
            started = look.until(look.nodes, 120, place) - begin
            time.sleep(1)
            memory, used = memory_mb(pid), cpu_seconds(pid)
            time.sleep(idle)
            used = (cpu_seconds(pid) - used) / idle * 60
            late = _lateness(place, look, seconds)
    note = f"{count:,} stored"
    values = (started, memory, used, quantile(late, 0.5), quantile(late, 0.99))
    units = ("s", "MB", "CPU s/minute", "ms", "ms")
    return [
        Figure(row="stored", case=case, who=who, value=value, unit=unit, note=note)
        for case, value, unit in zip(CASES, values, units, strict=True)
    ]


def _lateness(place: Place, look: Look, seconds: int) -> list[float]:
    """Return, in milliseconds, how long after its due time each of `seconds` x 1,000 runs was committed."""
    begin = in_seconds(LEAD_SECONDS // 2)
    insert(
        place,
        (
            one
            for second in range(seconds)
            for one in due_at(begin + timedelta(seconds=second), PER_SECOND, f"due-{second}")
        ),
    )
    if in_seconds(0) >= begin:
        raise RuntimeError("the first schedules were due before they were all stored")
    seen: dict[int, int] = {}
    late: list[float] = []
    end = begin.timestamp() + seconds + 30
    while len(late) < seconds * PER_SECOND and time.time() < end:
        found = look.rows("SELECT planned_us, count(*) FROM rota_run GROUP BY planned_us")
        now = time.time()
        for planned_us, runs in found:
            late += [(now - planned_us / 1e6) * 1000] * (runs - seen.get(planned_us, 0))
            seen[planned_us] = runs
        time.sleep(0.005)
    if len(late) < seconds * PER_SECOND:
        raise RuntimeError(f"{len(late)} of {seconds * PER_SECOND} were made")
    return late
