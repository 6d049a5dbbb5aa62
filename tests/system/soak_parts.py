"""The parts of a soak, each with its share of the time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from rota.stores import open_store
from tests.system import endurance, faults, load
from tests.system.cluster import Cluster
from tests.system.kill_loop import kill_loop
from tests.system.proxy import Proxy
from tests.system.soak_report import Line

SCHEDULERS_LATE = (
    "there is no leader: all 16 read and plan the same due schedules, on cores that the server, the worker "
    "and whatever else runs here also use"
)
JUDGING = 12  # seconds that a part needs beyond its faults, on a quiet machine


class Bench:
    """What a part works on.

    Attributes:
        seconds: How long its faults may take.
    """

    def __init__(self, server, folder: Path, seconds: float) -> None:
        self.server, self.folder = server, folder
        self.seconds = max(10.0, seconds - JUDGING)
        self._clusters: list[Cluster] = []

    def cluster(self, kind: str, proxy: Proxy | None = None) -> Cluster:
        folder = self.folder / f"{kind}-{len(self._clusters)}"
        folder.mkdir(parents=True)
        self.server.start()
        url = f"sqlite:///{folder}/rota.db" if kind == "sqlite" else self.server.create_database()
        with closing(open_store(url)) as store:
            store.migrate()
        cluster = Cluster(url, folder)
        if proxy is not None:
            cluster.direct, cluster.store = url, faults.through(proxy, url)
        self._clusters.append(cluster)
        return cluster

    def close(self) -> None:
        for cluster in self._clusters:
            cluster.close()


PARTS: list[Callable[[Bench], list[Line]]] = []


def part(share: float):
    """Add a part that gets this share of the time."""

    def add(function):
        function.share = share
        PARTS.append(function)
        return function

    return add


def scaled(reached: int, wanted: int) -> str:
    return f"fewer repetitions than wanted fit into the time given: {reached:,} of {wanted:,}"


def line(what: str, wanted: int, unit: str, result: faults.Result, detail: str = "") -> Line:
    bad = result.verdict.violations
    reached = (
        f"{result.done:,} {unit}, {result.verdict.occurrences:,} occurrences: {len(bad)} violations{detail}"
    )
    met = result.done >= wanted and not bad
    return Line(what, f"{wanted:,} {unit}, 0 violations", reached, met, scaled(result.done, wanted), bad)


def kills(kind: str, bench: Bench) -> list[Line]:
    verdict, count = kill_loop(bench.cluster(kind), seconds=bench.seconds, every=1.0)
    return [line(f"kill -9 of nodes, {kind}", 1000, "kills", faults.Result(verdict, count))]


@part(0.1)
def kills_on_sqlite(bench: Bench) -> list[Line]:
    return kills("sqlite", bench)


@part(0.1)
def kills_on_postgres(bench: Bench) -> list[Line]:
    return kills("postgres", bench)


def stops(kind: str, bench: Bench) -> list[Line]:
    result = faults.freezes(bench.cluster(kind), takeovers=200, seconds=bench.seconds)
    detail = "".join(f", {count} {name}" for name, count in result.counted.items())
    return [line(f"SIGSTOP beyond the lease, {kind}", 200, "stops", result, detail)]


@part(0.08)
def stops_on_sqlite(bench: Bench) -> list[Line]:
    return stops("sqlite", bench)


@part(0.08)
def stops_on_postgres(bench: Bench) -> list[Line]:
    return stops("postgres", bench)


@part(0.1)
def database_restarts(bench: Bench) -> list[Line]:
    ends = time.monotonic() + bench.seconds
    ways = itertools.takewhile(
        lambda _: time.monotonic() < ends,
        itertools.islice(itertools.cycle(["kill9", "immediate", "fast"]), 300),
    )
    result = faults.restarts(bench.cluster("postgres"), bench.server, ways)
    slowest = max(result.again)
    return [
        line("PostgreSQL restarted: a third kill -9, immediate, fast", 300, "restarts", result),
        Line(
            "Normal again after a restart, the slowest",
            "≤ 10 s",
            f"{slowest:.1f} s",
            slowest <= 10,
            "see there",
        ),
    ]


@part(0.13)
def connections(bench: Bench) -> list[Line]:
    with Proxy(bench.server.port) as proxy:
        cluster = bench.cluster("postgres", proxy)
        result = faults.broken_connections(proxy, cluster, seconds=bench.seconds, kill=0.05, cut=0.02)
        cluster.close()
    killed, cut = (faults.Result(result.verdict, result.counted[name]) for name in ("kills", "commits cut"))
    slowest = max(result.again)
    return [
        line("Connections killed between statements", 5000, "kills", killed),
        line("Connections cut during commit, outcome unknown", 500, "cuts", cut),
        Line("Normal again after them", "≤ 10 s", f"{slowest:.1f} s", slowest <= 10, "see there"),
    ]


@part(0.1)
def sqlite_locked(bench: Bench) -> list[Line]:
    seconds = min(60.0, bench.seconds)
    result = faults.locked(bench.cluster("sqlite"), seconds=seconds)
    bad = result.verdict.violations
    reached = f"{seconds:.0f} s, normal again after {result.again[0]:.1f} s: {len(bad)} violations"
    met = seconds >= 60 and not bad
    return [
        Line(
            "SQLite locked by a stranger", "60 s, 0 violations", reached, met, "fewer seconds were given", bad
        )
    ]


@part(0.13)
def schedulers(bench: Bench) -> list[Line]:
    cluster = bench.cluster("postgres")
    result = load.schedulers(cluster, size=16, schedules=1000, seconds=bench.seconds)
    half, most = (load.percentile(result.recorded, share) for share in (0.5, 0.99))
    begun = load.percentile(result.started, 0.99) if result.started else float("inf")
    result.done = len(result.recorded)
    late = f"p50 {half:.3f} s, p99 {most:.3f} s"
    cause = SCHEDULERS_LATE
    return [
        line("16 schedulers, 1,000 every-second schedules", 3_600_000, "occurrences recorded", result),
        Line("Lateness of recording meanwhile", "p99 ≤ 1 s", late, most <= 1, cause),
        Line("Lateness of starting, one worker", "-", f"p99 {begun:.3f} s", True),
    ]


@part(0.05)
def long_stop(bench: Bench) -> list[Line]:
    result = endurance.long_stop(bench.cluster("postgres"), schedules=1000)
    took, memory, bad = result.again[0], result.counted["memory_mb"], result.verdict.violations
    reached = f"{took:.1f} s with the start of Python, +{memory} MB: {len(bad)} violations"
    wanted = "≤ 5 s, +50 MB, one run and one `missed` record each"
    what = "30 days off, 1,000 every-minute schedules"
    return [Line(what, wanted, reached, took <= 5 and memory <= 50 and not bad, "the machine was busy", bad)]


@part(0.15)
def purge(bench: Bench) -> list[Line]:
    runs = 1_000_000 if bench.seconds >= 100 else 300_000
    result = endurance.purge_under_load(
        bench.cluster("postgres"), runs=runs, schedules=50, seconds=bench.seconds
    )
    most, begun = (load.percentile(late, 0.99) for late in (result.recorded, result.started))
    rate = f" in {result.again[0]:.0f} s"
    late = f"recorded p99 {most:.3f} s, started p99 {begun:.3f} s"
    return [
        line("Purge under load (50 every-second schedules)", 1_000_000, "runs purged", result, rate),
        Line("Lateness during the purge", "p99 ≤ 1 s", late, max(most, begun) <= 1, "the machine was busy"),
    ]


@part(0.08)
def failover(bench: Bench) -> list[Line]:
    late = max(endurance.scheduler_failover(bench.cluster("postgres"), times=4))
    taken = endurance.worker_takeover(bench.cluster("postgres"))
    return [
        Line(
            "Next occurrence after a scheduler died",
            "≤ 5 s",
            f"{late:.2f} s late at most",
            late <= 5,
            "see there",
        ),
        Line(
            "A dead worker's run taken over, default lease",
            "≤ 20 s",
            f"{taken:.1f} s",
            taken <= 20,
            "see there",
        ),
    ]
