"""Who is measured, and how each is set: what its documentation says is fast, and durable."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
OURS = "rota"

Command = tuple[str, ...]  # what comes after the name of the interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One library over one store.

    Attributes:
        title: How tables name it.
        peer: Its folder in `bench/peers`, and its environment.
        store: `postgres`, `sqlite` or `redis`.
        settings: What it is set to, in words.
        workers: By the number of processes, the command of each.
        runs: How many it drains: a few seconds' worth.
        rounds: How often; the median counts.
        variables: Environment variables of its processes.
        quick_worker: The commands for the measurement of latency, when they differ.
    """

    title: str
    peer: str
    store: str
    settings: str
    workers: Mapping[int, tuple[Command, ...]]
    runs: int
    rounds: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)
    quick_worker: tuple[Command, ...] = ()

    @property
    def is_ours(self) -> bool:
        return self.peer == OURS

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return Path(sys.executable) if self.is_ours else environment(self.peer) / "bin" / "python"

    @property
    def for_latency(self) -> tuple[Command, ...]:
        return self.quick_worker or self.workers[1]


def environment(peer: str) -> Path:
    return PEERS.parent / ".venvs" / peer


def _twice(command: Command) -> dict[int, tuple[Command, ...]]:
    return {1: (command,), 2: (command, command)}


def _rota(title: str, store: str, settings: str) -> Contender:
    worker = ("-m", "rota.cli", "worker", "peer:rota", "--concurrency", "10", "--log-level", "warning")
    return Contender(
        title=title,
        peer=OURS,
        store=store,
        settings=f"{settings}, full history, --concurrency 10",
        workers=_twice(worker),
        runs=100_000,
        rounds=3,
    )


def _huey(title: str, store: str, settings: str, fsync: str = "") -> Contender:
    worker = ("-m", "huey.bin.huey_consumer", "peer.huey", "-k", "thread", "-q", "-n", "-w")
    return Contender(
        title=title,
        peer="huey",
        store=store,
        settings=f"{settings}, one thread a process, no results",
        workers=_twice((*worker, "1")),
        runs=20_000,
        rounds=2,
        variables={"HUEY_STORE": store, "HUEY_FSYNC": fsync},
    )


def _celery_worker(number: int) -> Command:
    return (
        "-m", "celery", "-A", "peer", "worker", "-P", "solo", "-l", "WARNING", "-n", f"w{number}@bench",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    )  # fmt: skip


def _django_tasks(store: str, settings: str) -> Contender:
    return Contender(
        title="django-tasks-db",
        peer="django_tasks",
        store=store,
        settings=settings,
        workers={1: (("-m", "driver", "serve"),)},
        runs=1_000,
        variables={"DJANGO_STORE": store},
    )


def _procrastinate_worker(concurrency: int) -> Command:
    return ("-m", "procrastinate", "--log-level=error", "--app=peer.app", "worker", "-c", str(concurrency))


CONTENDERS = (
    _rota("Rota on PostgreSQL", "postgres", "synchronous_commit on"),
    Contender(
        title="PgQueuer",
        peer="pgqueuer",
        store="postgres",
        settings="batch of 500 (10 for latency)",
        workers=_twice(("-m", "driver", "serve", "500")),
        quick_worker=(("-m", "driver", "serve", "10"),),
        runs=30_000,
        rounds=3,
    ),
    Contender(
        title="procrastinate",
        peer="procrastinate",
        store="postgres",
        settings="concurrency 10",
        workers=_twice(_procrastinate_worker(10)),
        runs=3_000,
    ),
    Contender(
        title="SAQ",
        peer="saq",
        store="postgres",
        settings="concurrency 10, results dropped",
        workers={1: (("-m", "saq", "--quiet", "peer.settings"),)},
        runs=2_000,
    ),
    _django_tasks("postgres", "connections kept"),
    Contender(
        title="APScheduler 4 (alpha)",
        peer="apscheduler4",
        store="postgres",
        settings="100 at once",
        workers={1: (("-m", "driver", "serve"),)},
        runs=1_000,
    ),
    _rota("Rota on SQLite", "sqlite", "WAL, synchronous NORMAL"),
    _huey("Huey, fsync off", "sqlite", "WAL, fsync=False", "0"),
    _huey("Huey, fsync on", "sqlite", "WAL, fsync=True", "1"),
    _django_tasks("sqlite", "WAL, synchronous NORMAL, immediate transactions"),
    Contender(
        title="Dramatiq",
        peer="dramatiq",
        store="redis",
        settings="8 threads a process, prefetch 200",
        workers=_twice(("-m", "dramatiq", "peer", "-p", "1", "-t", "8")),
        runs=20_000,
        rounds=2,
        variables={"dramatiq_queue_prefetch": "200"},
    ),
    Contender(
        title="Celery",
        peer="celery",
        store="redis",
        settings="solo pool, prefetch 200, no results, no events",
        workers={1: (_celery_worker(0),), 2: (_celery_worker(0), _celery_worker(1))},
        runs=6_000,
    ),
    _huey("Huey on Redis", "redis", "blocking"),
    Contender(
        title="taskiq",
        peer="taskiq",
        store="redis",
        settings="stream, orjson",
        workers={
            count: (
                (
                    "-m",
                    "taskiq",
                    "worker",
                    "peer:broker",
                    "-w",
                    str(count),
                    "--no-parse",
                    "--log-level",
                    "WARNING",
                ),
            )
            for count in (1, 2)
        },
        runs=10_000,
    ),
    Contender(
        title="RQ",
        peer="rq",
        store="redis",
        settings="SimpleWorker, results dropped",
        workers=_twice(
            (
                "-m",
                "rq.cli",
                "worker",
                "-w",
                "rq.worker.SimpleWorker",
                "-q",
                "-S",
                "rq.serializers.JSONSerializer",
                "default",
            ),
        ),
        runs=2_000,
    ),
)
