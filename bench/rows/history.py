"""Reading a long history, and deleting the old part of it while runs are made."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bench import past
from bench.arena import Arena, Place
from bench.figures import Figure, quantile
from bench.processes import last_words, running
from bench.schedules import STORES, place_of_rota
from rota.core import ids
from rota.core.records import RunQuery, RunState, ScheduleQuery
from rota.ports import Store

OLD = timedelta(days=48)  # a fifth of the runs is older
TIMES = 9
PURGED, KEPT = 1_000, 10  # in one transaction, and of each schedule, as the housekeeping has it
ENOUGH, KEEPS_UP = 500, 250.0  # so many latenesses, each less than so many milliseconds: it keeps up
PATIENCE = 300.0  # seconds
NODE = ("-m", "rota.cli", "run", "bench.past_node:rota", "--log-level", "error")


def measure(arena: Arena) -> list[Figure]:
    count, schedules = arena.size(20_000, 500_000, past.FULL), arena.size(100, 1_000, 10_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(
            lambda s=store, w=who: _measure(arena, s, w, schedules, count), _failed(who)
        )
    ]


def _failed(who: str) -> Figure:
    return Figure(row="history", case="list", who=who, value=None, unit="ms")


def _measure(arena: Arena, kind: str, who: str, schedules: int, count: int) -> list[Figure]:
    with place_of_rota(arena, kind) as (place, _):
        rota = past.application(place.variables["ROTA_STORE"], schedules)
        try:
            past.fill(rota, schedules, count, arena.say)
            past.settle_down(rota)
            reading = [
                _timed(who, case, read, count) for case, read in reads(rota.store, rota.store.clock()).items()
            ]
            return [*reading, *_purging(place, rota.store, who, schedules)]
        finally:
            rota.close()


def reads(store: Store, now: datetime) -> dict[str, Callable[[], object]]:
    """Return what pages of history ask, by name."""
    middle, everything = now - past.SPAN / 2, RunQuery(rota=past.NAME)
    name, task = past.name_of(41), "shop.task_07"
    return {
        "list": lambda: store.runs(everything),
        "list, a page in the middle": lambda: store.runs(
            replace(everything, before=(middle, ids.time_id(middle, 0)))
        ),
        "filter by schedule": lambda: store.runs(replace(everything, schedule=name)),
        "filter by state": lambda: store.runs(replace(everything, states=(RunState.FAILED,))),
        "filter by task and time": lambda: store.runs(replace(everything, task=task, until=middle)),
        "statistics": lambda: store.counts(past.NAME, now),
        "find by name": lambda: store.schedules(ScheduleQuery(rota=past.NAME, text="duty-0004")),
    }


def _timed(who: str, case: str, read: Callable[[], object], count: int) -> Figure:
    took = []
    for _ in range(TIMES):  # more than PostgreSQL needs to settle on a generic plan
        begin = time.perf_counter()
        read()
        took.append((time.perf_counter() - begin) * 1000)
    note = f"{count:,} runs; the slowest of {TIMES}: {max(took):.3g} ms"
    return Figure(
        row="history", case=case, who=who, value=statistics.median(took), unit="ms", samples=took, note=note
    )


def _purging(place: Place, store: Store, who: str, schedules: int) -> list[Figure]:
    """Purge while a node runs what 10,000 schedules make, and what has piled up before it was started."""
    before, purged, file = store.clock() - OLD, 0, place.folder / "latencies"
    with running([[sys.executable, *NODE]], past.variables(place, schedules), place.folder):
        earlier = _once_it_keeps_up(file, place)
        begin = time.time()
        while deleted := store.purge(past.NAME, before, KEPT, PURGED):
            purged += deleted
        took = time.time() - begin
        time.sleep(2)
    late = _latenesses(file)[earlier:]
    note = f"{purged:,} runs purged, {len(late):,} others started meanwhile"
    figure = Figure(row="history", case="", who=who, value=0.0, unit="ms", note=note)
    return [
        replace(figure, case="purge", value=purged / took, unit="runs/s", more_is_better=True),
        replace(figure, case="lateness during a purge, p50", value=quantile(late, 0.5)),
        replace(figure, case="lateness during a purge, p99", value=quantile(late, 0.99)),
    ]


def _once_it_keeps_up(file: Path, place: Place) -> int:
    """Wait until what had piled up has run; return how many latenesses are noted by then."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(1)
        noted = _latenesses(file)
        if len(noted) >= ENOUGH and max(noted[-ENOUGH:]) < KEEPS_UP:
            return len(noted)
    raise RuntimeError(f"the node does not keep up: {last_words(place.folder)}")


def _latenesses(file: Path) -> list[float]:
    """Return what has been noted so far, in milliseconds; the last line may still be written."""
    return [float(line) * 1000 for line in file.read_text().split("\n")[:-1]] if file.exists() else []
