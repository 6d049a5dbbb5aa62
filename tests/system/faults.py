"""What is done to running nodes and their store. Short in the tests, long in `soak`."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.system.checker import Verdict
from tests.system.cluster import LEASE, PATIENCE, Cluster, wait_until
from tests.system.proxy import Proxy
from tests.system.requests import Requests

LATE_WORDS = ("lease lost; result dropped", "leases lost; their attempts are stopped")


@dataclass
class Result:
    """What came of it.

    Attributes:
        done: How many faults.
        again: Seconds from the end of each fault to the first occurrence after it that succeeded.
        counted: Further counts, by what was counted.
        recorded, started: Seconds between the instants of occurrences and that, sorted.
        complete: Seconds between instants and the commit of the last occurrence of each, sorted.
    """

    verdict: Verdict = field(default_factory=Verdict)
    done: int = 0
    again: list[float] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    recorded: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)


def freezes(cluster: Cluster, *, takeovers: int, seconds: float = 120) -> Result:
    """Stop one of two workers in the middle of a run, for longer than its lease, until so many
    were taken over."""
    result = Result()
    nodes = cluster.start_all(2)
    ends = time.monotonic() + seconds
    taken = 0
    while taken < takeovers and time.monotonic() < ends:
        victim = nodes[result.done % 2]
        query = f"SELECT id, token FROM rota_run WHERE state = 'running' AND node LIKE '%-{victim.pid}-%'"
        wait_until(lambda query=query: bool(cluster.rows(query)), "a run to interrupt")
        victim.send_signal(signal.SIGSTOP)
        held = set(cluster.rows(query))
        time.sleep(LEASE * 1.8)
        taken += len(held - set(cluster.rows("SELECT id, token FROM rota_run WHERE state = 'running'")))
        victim.send_signal(signal.SIGCONT)
        result.done += 1
        cluster.wait_for_runs(1)
    result.verdict = cluster.judge()
    result.counted = {"runs taken over": taken, "late words dropped": late_words(cluster)}
    return result


def late_words(cluster: Cluster) -> int:
    log = cluster.log.read_text()
    return sum(map(log.count, LATE_WORDS))


def frozen_while_recording(cluster: Cluster, step: str = "record.before_commit") -> Result:
    """Stop a scheduler in the middle of a transaction, measure how long that lasts, and let others go on."""
    frozen = cluster.start("scheduler", ROTA_FAILPOINT=f"stop@{step}:3")
    wait_until(lambda: is_stopped(frozen.pid), f"the scheduler to stop at {step}")
    began = time.monotonic()
    query = "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
    in_transaction = ("idle in transaction",)
    result = Result(done=cluster.rows(query).count(in_transaction))
    wait_until(lambda: in_transaction not in cluster.rows(query), "the end of its transaction")
    result.again.append(time.monotonic() - began)
    cluster.start_all(1)
    cluster.wait_for_runs(5)  # of five schedules one has two occurrences by now: what was locked has run
    frozen.send_signal(signal.SIGCONT)
    cluster.wait_for_runs(2)
    result.verdict = cluster.judge()
    return result


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def restarts(cluster: Cluster, server, ways: Iterable[str]) -> Result:
    """Restart PostgreSQL under two nodes and a client, in each of the ways."""
    result = Result()
    nodes = cluster.start_all(2)
    requests = Requests(cluster.store)
    for way in ways:
        cluster.wait_for_runs(2)
        server.kill9() if way == "kill9" else server.stop(way)
        server.start()
        result.again.append(seconds_until_normal(cluster, "created_us"))
        result.done += 1
    result.verdict.expect(all(node.poll() is None for node in nodes), "a node ended with the database")
    end_requests(cluster, [requests], result)
    return result


@dataclass
class Storm:
    """How connections are treated: see `tests.system.proxy.Faults`.

    Attributes:
        nodes, clients: Who has connections.
        kills, cuts: So many are enough, of connections between statements and of commits.
    """

    kill: float
    cut: float
    delay: float = 0.0
    nodes: int = 2
    clients: int = 1
    kills: int = 1_000_000
    cuts: int = 1_000_000


def broken_connections(proxy: Proxy, cluster: Cluster, storm: Storm, *, seconds: float) -> Result:
    """Kill connections between statements and cut them during commits, all the time."""
    result = Result()
    cluster.start_all(storm.nodes)
    requests = [Requests(cluster.store, f"client {number}") for number in range(storm.clients)]
    cluster.wait_for_runs(2)
    faults, counts = proxy.faults, proxy.counts
    ends = time.monotonic() + seconds
    faults.kill, faults.cut, faults.delay = storm.kill, storm.cut, storm.delay
    while time.monotonic() < ends and (counts.kills < storm.kills or counts.commits_cut < storm.cuts):
        time.sleep(0.1)
    faults.kill = faults.cut = faults.delay = 0.0
    result.again.append(seconds_until_normal(cluster))
    end_requests(cluster, requests, result)
    result.counted |= {"kills": counts.kills, "cuts": counts.cuts, "commits cut": counts.commits_cut}
    result.done = counts.kills + counts.cuts
    return result


def half_open(proxy: Proxy, cluster: Cluster, *, seconds: float) -> Result:
    """Let the connections swallow all that is sent for a while, then reset them."""
    result = Result(done=1)
    cluster.start_all(2)
    cluster.wait_for_runs(2)
    proxy.faults.silent = True
    time.sleep(seconds)
    proxy.reset()
    proxy.faults.silent = False
    result.again.append(seconds_until_normal(cluster))
    result.verdict = cluster.judge()
    return result


def locked(cluster: Cluster, *, seconds: float) -> Result:
    """Hold the write lock of a SQLite file, as a stranger who forgot to commit."""
    result = Result(done=1)
    cluster.start_all(2)
    cluster.wait_for_runs(2)
    with closing(sqlite3.connect(cluster.path, timeout=PATIENCE, isolation_level=None)) as stranger:
        stranger.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        stranger.execute("ROLLBACK")
    result.again.append(seconds_until_normal(cluster))
    result.counted = {"waits logged": cluster.log.read_text().count("store unavailable")}
    result.verdict = cluster.judge()
    return result


def end_requests(cluster: Cluster, requests: list[Requests], result: Result) -> None:
    before = result.verdict.violations
    for one in requests:
        one.close()
    result.verdict = cluster.judge()
    result.verdict.violations += before
    for one in requests:
        one.check(cluster, result.verdict)
    result.counted["requests acknowledged"] = sum(len(one.acknowledged) for one in requests)


def seconds_until_normal(cluster: Cluster, since: str = "planned_us") -> float:
    """Return after how many seconds an occurrence that is due from now on has succeeded.

    With `since="created_us"` a run of any origin will do that is made from now on.
    """
    began, from_us = time.monotonic(), int(time.time() * 1e6)
    query = f"SELECT 1 FROM rota_run WHERE {since} >= {from_us} AND state = 'succeeded' LIMIT 1"
    wait_until(lambda: bool(cluster.rows(query)), "a run that succeeds")
    return time.monotonic() - began


def through(proxy: Proxy, dsn: str) -> str:
    """Return a DSN that leads through the proxy."""
    parts = urlsplit(dsn)
    return parts._replace(netloc=f"{parts.username}@127.0.0.1:{proxy.port}").geturl()
