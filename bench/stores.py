"""How fast the stores are, verb by verb: `python -m bench.stores URL [--runs N] [--batch N]`.

Runs on the store at URL, which must be empty; without a URL on a temporary SQLite file and on a temporary
PostgreSQL that writes through to the disk.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rota.core import ids
from rota.core.planning import plan
from rota.core.reconcile import new_schedule
from rota.core.records import (
    Claimed,
    ClaimRequest,
    Definition,
    Generation,
    NewRun,
    Outcome,
    RunState,
    Settlement,
    Source,
    SyncPlan,
)
from rota.ports import Store
from rota.stores import open_store

ROTA, TASK = "bench", "bench.noop"


class Bench:
    """The verbs of one store under load."""

    def __init__(self, store: Store, runs: int, batch: int) -> None:
        self.store, self.runs, self.batch = store, runs, batch
        store.migrate()

    def new_runs(self, count: int, **fields: Any) -> list[NewRun]:
        now = self.store.clock()
        return [
            NewRun(
                id=ids.time_id(now, random.getrandbits(74)),
                rota=ROTA,
                task=TASK,
                created_at=now,
                run_at=now,
                args={"n": n},
                **fields,
            )
            for n in range(count)
        ]

    def enqueue(self) -> None:
        runs = self.new_runs(self.runs)
        _timed("enqueue in bulk", self.runs, lambda: self._in_batches(runs, 5000, self.store.enqueue))

    def enqueue_single(self) -> None:
        runs = self.new_runs(1000, queue="other")
        _timed("enqueue one by one", 1000, lambda: [self.store.enqueue([run]) for run in runs])

    def drain(self) -> None:
        claims, settles, cpu = [], [], [0.0, 0.0]  # cpu: of claims, of settles
        while True:
            began, used = time.perf_counter(), time.process_time()
            claimed = self.claim()
            claims.append(time.perf_counter() - began)
            cpu[0] += time.process_time() - used
            if not claimed:
                break
            settlements = [settled(run) for run in claimed]
            began, used = time.perf_counter(), time.process_time()
            lost = self.store.settle(settlements, settlements[0].finished_at)
            settles.append(time.perf_counter() - began)
            cpu[1] += time.process_time() - used
            assert not lost
        total = sum(claims) + sum(settles)
        _say(f"claim {self.batch}", self.runs, sum(claims), claims, cpu[0])
        _say(f"settle {self.batch}", self.runs, sum(settles), settles, cpu[1])
        _say("claim + settle", self.runs, total, cpu=sum(cpu))

    def claim(self, queue: str = "default") -> list[Claimed]:
        now = self.store.clock()
        request = ClaimRequest(
            node="bench",
            rota=ROTA,
            queues=(queue,),
            tasks=(TASK,),
            now=now,
            until=now + timedelta(minutes=1),
            limit=self.batch,
        )
        return self.store.claim(request)

    def occurrences(self, count: int = 10_000) -> None:
        now = self.store.clock()
        began = now - timedelta(days=2)
        schedules = [
            new_schedule(
                ROTA,
                f"s{n}",
                Definition(task=TASK, timetable="* * * * *", args={"n": n}, queue="ticks"),
                Source.CODE,
                began,
            )
            for n in range(count)
        ]
        generation = Generation(rota=ROTA, number=1, fingerprint="f", revision=1, synced_at=now)
        _timed(
            "sync of new schedules",
            count,
            lambda: self.store.sync(SyncPlan(generation=generation, revision=0, create=tuple(schedules))),
        )
        self._tick(began + timedelta(seconds=61), count)
        self._gated_drain()

    def _tick(self, now: datetime, count: int) -> None:
        parts = {"due": 0.0, "plan": 0.0, "record": 0.0}
        recorded = 0
        while recorded < count:
            marks = [time.perf_counter()]
            due = self.store.due(ROTA, now, 1000)
            marks.append(time.perf_counter())
            plans = [plan(one, now) for one in due]
            marks.append(time.perf_counter())
            recorded += len(self.store.record(plans, now))
            marks.append(time.perf_counter())
            for name, start, end in zip(parts, marks, marks[1:], strict=False):
                parts[name] += end - start
        for name, seconds in parts.items():
            _say(f"tick: {name} 1000", count, seconds)
        _say("tick: all due at one instant", count, sum(parts.values()))

    def _gated_drain(self) -> None:
        def drain() -> None:
            while claimed := self.claim("ticks"):
                self.store.settle([settled(run) for run in claimed], self.store.clock())

        _timed("claim + settle of occurrences", 10_000, drain)

    @staticmethod
    def _in_batches(items: Sequence[Any], size: int, verb: Callable[[Sequence[Any]], object]) -> None:
        for start in range(0, len(items), size):
            verb(items[start : start + size])


def settled(run: Claimed) -> Settlement:
    return Settlement(
        run_id=run.id,
        token=run.token,
        state=RunState.SUCCEEDED,
        outcome=Outcome.SUCCEEDED,
        attempt=run.attempt,
        started_at=run.started_at,
        finished_at=run.started_at,
        result="null",
        schedule_id=run.schedule_id,
        planned_at=run.planned_at,
    )


def _timed(what: str, count: int, work: Callable[[], object]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    _say(what, count, time.perf_counter() - began, cpu=time.process_time() - cpu)


def _say(what: str, count: int, seconds: float, samples: Sequence[float] = (), cpu: float = 0.0) -> None:
    """Print one line. `cpu` is what this process used: the rest is the server, the disk, or others."""
    middle = f"  median {statistics.median(samples) * 1000:6.1f} ms" if samples else ""
    own = f"  own CPU {cpu * 1e6 / count:6.1f} us" if cpu else ""
    print(f"{what:32} {count / seconds:10,.0f}/s  {seconds * 1e6 / count:7.1f} us each{own}{middle}")


def measure(url: str, runs: int, batch: int) -> None:
    store = open_store(url)
    print(f"-- {store.url}")
    bench = Bench(store, runs, batch)
    bench.enqueue()
    bench.drain()
    bench.enqueue_single()
    bench.occurrences()
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=500)
    arguments = parser.parse_args()
    if arguments.url:
        measure(arguments.url, arguments.runs, arguments.batch)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'rota.db'}", arguments.runs, arguments.batch)
    from tests.services.postgres import PostgresServer

    with PostgresServer(durable=True) as server:
        server.start()
        measure(server.create_database(), arguments.runs, arguments.batch)


if __name__ == "__main__":
    main()
