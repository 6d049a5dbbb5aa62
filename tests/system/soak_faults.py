"""The parts of a soak that break things. They do not disturb one another: side by side, in lanes."""

from __future__ import annotations

import itertools
import time

from tests.services.postgres import PostgresServer
from tests.system import faults
from tests.system.faults import Result, Storm
from tests.system.freezing import freeze_many
from tests.system.kill_loop import kill_loop
from tests.system.lanes import Bench, part
from tests.system.proxy import Proxy
from tests.system.soak_report import Line, line, scaled, within

# PostgreSQL otherwise opens and syncs each of its files before it recovers: seconds, and nothing of ours.
QUICK_RECOVERY = "recovery_init_sync_method = syncfs\n"
NODES_TO_KILL, KILL_EVERY = 8, 0.12  # each lives for about a second


def kills(kind: str, bench: Bench) -> list[Line]:
    verdict, count = kill_loop(
        bench.cluster(kind, quick=True),
        seconds=bench.seconds,
        every=KILL_EVERY,
        size=NODES_TO_KILL,
        most=1000,
    )
    detail = f", {verdict.retried:,} runs tried again"
    return [line(f"kill -9 of nodes, {kind}", 1000, "kills", Result(verdict, count), detail)]


@part("first", 0.14)
def kills_on_sqlite(bench: Bench) -> list[Line]:
    return kills("sqlite", bench)


@part("first", 0.14)
def kills_on_postgres(bench: Bench) -> list[Line]:
    return kills("postgres", bench)


@part("first", 0.1)
def connections(bench: Bench) -> list[Line]:
    storm = Storm(kill=0.08, cut=0.05, nodes=4, clients=6, kills=5000, cuts=500)
    with Proxy(bench.server.port) as proxy:
        cluster = bench.cluster("postgres", proxy)
        result = faults.broken_connections(proxy, cluster, storm, seconds=bench.seconds)
        cluster.close()
    killed, cut = (Result(result.verdict, result.counted[name]) for name in ("kills", "commits cut"))
    detail = f", {result.counted['requests acknowledged']:,} requests acknowledged"
    return [
        line("Connections killed between statements", 5000, "kills", killed, detail),
        line("Connections cut during commit, outcome unknown", 500, "cuts", cut),
        within("Normal again after them", 10, result.again),
    ]


@part("first", 0.06)
def sqlite_locked(bench: Bench) -> list[Line]:
    seconds = min(60.0, bench.seconds)
    result = faults.locked(bench.cluster("sqlite"), seconds=seconds)
    bad = result.verdict.violations
    reached = f"{seconds:.0f} s, normal again after {result.again[0]:.1f} s: {len(bad)} violations"
    met = seconds >= 60 and not bad
    cause = scaled(round(seconds), 60)
    return [Line("SQLite locked by a stranger", "60 s, 0 violations", reached, met, cause, bad)]


def stops(kind: str, bench: Bench) -> list[Line]:
    result = freeze_many(bench.cluster(kind, quick=True), stops=200, seconds=bench.seconds)
    detail = "".join(f", {count:,} {name}" for name, count in result.counted.items())
    return [line(f"SIGSTOP beyond the lease, {kind}", 200, "stops", result, detail)]


@part("second", 0.18)
def stops_on_sqlite(bench: Bench) -> list[Line]:
    return stops("sqlite", bench)


@part("second", 0.18)
def stops_on_postgres(bench: Bench) -> list[Line]:
    return stops("postgres", bench)


@part("third", 0.4)
def database_restarts(bench: Bench) -> list[Line]:
    ends = time.monotonic() + bench.seconds
    ways = itertools.takewhile(
        lambda _: time.monotonic() < ends,
        itertools.islice(itertools.cycle(["kill9", "immediate", "fast"]), 300),
    )
    with PostgresServer(durable=True, settings=QUICK_RECOVERY) as server:
        result = faults.restarts(bench.cluster("postgres", server=server), server, ways)
        bench.close()
    return [
        line("PostgreSQL restarted: a third kill -9, immediate, fast", 300, "restarts", result),
        within("Normal again after a restart, the slowest", 10, result.again),
    ]
