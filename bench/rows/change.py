"""A schedule is written that is due already: how long until a sleeping scheduler has made its run."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

from bench.arena import Arena
from bench.figures import Figure
from bench.rows.stored import far
from bench.schedules import STORES, due_at, insert, place_of_rota, scheduler
from rota.stores import open_store

TIMES = 5


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(1_000, 10_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(
            lambda s=store, w=who: _figures(w, _measure(arena, s, count), count), _empty(who)
        )
    ]


def _empty(who: str) -> Figure:
    return Figure(row="change", case="acted on, the median", who=who, value=None, unit="ms")


def _figures(who: str, took: list[float], count: int) -> list[Figure]:
    values = {"acted on, the median": statistics.median(took), "acted on, the slowest": max(took)}
    note = f"of {len(took)}, {count:,} schedules stored"
    return [
        Figure(row="change", case=case, who=who, value=value, unit="ms", samples=took, note=note)
        for case, value in values.items()
    ]


def _measure(arena: Arena, store: str, count: int) -> list[float]:
    took = []
    with place_of_rota(arena, store) as (place, look):
        insert(place, far(count))
        ours = open_store(place.variables["ROTA_STORE"])
        with scheduler(place):
            look.until(look.nodes, 20, place)
            for number in range(TIMES):
                time.sleep(1.3)
                (made,) = due_at(datetime.now(UTC), 1, f"new-{number}")
                begin = time.time()
                assert ours.add_schedule(made, [])
                due = made.next_due.timestamp()
                seen = look.until(lambda n=number: look.runs() > n, 20, place)
                took.append((seen - max(begin, due)) * 1000)
        ours.close()
    return took
