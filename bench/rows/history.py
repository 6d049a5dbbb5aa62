"""Reading a long history, and deleting the old part of it while runs are made."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.arena import Arena, Place
from bench.figures import Figure, quantile
from bench.processes import last_words, running
from bench.schedules import STORES, insert, place_of_rota, schedule
from bench.stores import settled
from rota.core import ids
from rota.core.records import (
    ClaimRequest,
    NewRun,
    Outcome,
    RunQuery,
    RunState,
    Schedule,
    ScheduleQuery,
    Settlement,
)
from rota.ports import Store
from rota.stores import open_store

ROTA, TASK, BATCH = "bench", "noop", 2_000
SPAN = timedelta(days=60)
OLD = timedelta(days=48)  # a fifth of the runs is older
SCHEDULES = 100  # each made as many of the runs
FAILING = 100  # one of so many has failed
TIMES = 9
PURGED, KEPT = 1_000, 10  # in one transaction, and of each schedule, as the housekeeping has it
LATE = 50  # schedules that are due every second meanwhile
NODE = ("-m", "rota.cli", "run", "peer:rota", "--log-level", "error")


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
        now = datetime.now(UTC)
        made = [schedule(f"s{number}", f"0 0 {now:%d %m} *", now) for number in range(SCHEDULES)]
        insert(place, made)
        store = open_store(place.variables["ROTA_STORE"])
        try:
            arena.say(f"  {who}: {count:,} runs of history made in {fill(store, made, count):.0f} s")
            arena.services.settle_down(place.variables)
            reading = [_timed(who, case, read, count) for case, read in reads(store, now).items()]
            return [*reading, *_purging(arena, place, store, who)]
        finally:
            store.close()


def fill(store: Store, made: list[Schedule], count: int) -> float:
    """Make runs that ended, spread over the last 60 days; return how long it took."""
    clock, began = time.monotonic(), store.clock() - SPAN
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        runs = [_run(number, made[number % SCHEDULES], began + SPAN * (number / count)) for number in numbers]
        store.enqueue(runs)
        now = runs[-1].run_at
        request = ClaimRequest(
            node="fill",
            rota=ROTA,
            queues=("default",),
            tasks=(TASK,),
            now=now,
            until=now + timedelta(minutes=1),
            limit=BATCH,
        )
        store.settle([_ended(settled(one)) for one in store.claim(request)], now)
    store.overdue(ROTA, now, 1)  # as each node does every few seconds: tidies what the claims have noted
    return time.monotonic() - clock


def _run(number: int, of: Schedule, at: datetime) -> NewRun:
    return NewRun(
        id=ids.time_id(at, random.getrandbits(74)),
        rota=ROTA,
        task=TASK,
        created_at=at,
        run_at=at,
        args={"x": number},
        schedule_id=of.id,
        schedule=of.name,
    )


def _ended(settlement: Settlement) -> Settlement:
    if random.randrange(FAILING):
        return settlement
    return replace(settlement, state=RunState.FAILED, outcome=Outcome.FAILED)


def reads(store: Store, now: datetime) -> dict[str, Callable[[], object]]:
    """Return what pages of history ask, by name."""
    middle, everything = now - SPAN / 2, RunQuery(rota=ROTA)
    return {
        "list": lambda: store.runs(everything),
        "list, a page in the middle": lambda: store.runs(
            replace(everything, before=(middle, ids.time_id(middle, 0)))
        ),
        "filter by schedule": lambda: store.runs(replace(everything, schedule="s7")),
        "filter by state": lambda: store.runs(replace(everything, states=(RunState.FAILED,))),
        "filter by task and time": lambda: store.runs(replace(everything, task=TASK, until=middle)),
        "statistics": lambda: store.counts(ROTA, now),
        "find by name": lambda: store.schedules(ScheduleQuery(rota=ROTA, text="s7")),
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


def _purging(arena: Arena, place: Place, store: Store, who: str) -> list[Figure]:
    began = datetime.now(UTC)
    insert(place, (schedule(f"late-{number}", "every 1s", began, "lateness") for number in range(LATE)))
    before, purged = store.clock() - OLD, 0
    with running([place.command(NODE)], place.variables, place.folder):
        time.sleep(3)
        file = place.folder / "latencies"
        earlier = len(file.read_text().split()) if file.exists() else 0
        begin = time.time()
        while deleted := store.purge(ROTA, before, KEPT, PURGED):
            purged += deleted
        took = time.time() - begin
        time.sleep(2)
    late = [float(line) * 1000 for line in file.read_text().split()[earlier:]] if file.exists() else []
    if not late:
        raise RuntimeError(f"nothing ran during the purge: {last_words(place.folder)}")
    note = f"{purged:,} runs purged, {len(late)} started"
    return [
        Figure(row="history", case="purge", who=who, value=purged / took, unit="runs/s", more_is_better=True),
        Figure(
            row="history",
            case="lateness during a purge, p99",
            who=who,
            value=quantile(late, 0.99),
            unit="ms",
            note=note,
        ),
    ]
