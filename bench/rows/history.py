"""Reading a long history, and deleting the old part of it while runs are made."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.arena import Arena, Place
from bench.figures import Figure, quantile
from bench.processes import last_words, running
from bench.schedules import STORES, due_at, in_seconds, insert, place_of_rota, schedule
from bench.stores import settled
from rota.core import ids
from rota.core.records import ClaimRequest, NewRun, Outcome, RunQuery, RunState, Settlement
from rota.ports import Store
from rota.stores import open_store

ROTA, TASK, BATCH = "bench", "noop", 5_000
SPAN = timedelta(days=60)
SCHEDULES = 100  # each made as many of the runs
FAILING = 100  # every so manieth run failed
TIMES = 9
PURGED = 1_000  # runs in one transaction, as the housekeeping has it
BOTH = ("-m", "rota.cli", "run", "peer:rota", "--log-level", "error")


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(20_000, 500_000, 5_000_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(lambda s=store, w=who: _measure(arena, s, w, count), _failed(who))
    ]


def _failed(who: str) -> Figure:
    return Figure(row="history", case="list", who=who, value=None, unit="ms")


def _measure(arena: Arena, kind: str, who: str, count: int) -> list[Figure]:
    with place_of_rota(arena, kind) as (place, _):
        insert(place, (schedule(f"s{n}", "0 0 1 1 *", datetime.now(UTC)) for n in range(SCHEDULES)))
        store = open_store(place.variables["ROTA_STORE"])
        try:
            fill(store, count)
            arena.services.settle_down(place.variables)
            figures = [_timed(who, case, work, count) for case, work in reads(store).items()]
            return [*figures, *_purge(arena, place, store, who, count)]
        finally:
            store.close()


def fill(store: Store, count: int) -> None:
    """Make runs that ended, spread over the last 60 days."""
    began = store.clock() - SPAN
    known = [one.id for one in store.schedules_of_bench()] if hasattr(store, "schedules_of_bench") else []
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        instants = [began + SPAN * (number / count) for number in numbers]
        store.enqueue([_run(number, at, known) for number, at in zip(numbers, instants, strict=True)])
        now = instants[-1]
        request = ClaimRequest(
            node="fill", rota=ROTA, queues=("default",), tasks=(TASK,), now=now,
            until=now + timedelta(minutes=1), limit=BATCH,
        )  # fmt: skip
        claimed = store.claim(request)
        store.settle([_ended(one, now) for one in map(settled, claimed)], now)


def _run(number: int, at: datetime, known: list[str]) -> NewRun:
    which = number % SCHEDULES
    return NewRun(
        id=ids.time_id(at, random.getrandbits(74)),
        rota=ROTA,
        task=TASK,
        created_at=at,
        run_at=at,
        args={"x": number},
        schedule_id=known[which] if known else None,
        schedule=f"s{which}",
    )
