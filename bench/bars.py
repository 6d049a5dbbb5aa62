"""What Rota is to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import Figure, ratio

PG, LITE = "Rota on PostgreSQL", "Rota on SQLite"


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to reach: a ratio to a peer, or, without a peer, a most that the figure may be."""

    row: str
    case: str
    ours: str
    bar: float
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    what: str
    bar: str
    reached: str
    word: str


def _drain(processes: str) -> list[Bar]:
    peers = [
        (PG, 3, "PgQueuer (postgres)"),
        (PG, 40, "procrastinate (postgres)"),
        (LITE, 3, "Huey, fsync off (sqlite)"),
        (PG, 4, "Dramatiq (redis)"),
        (LITE, 4, "Dramatiq (redis)"),
    ]
    return [Bar("drain", processes, ours, bar, peer) for ours, bar, peer in peers]


BARS = (
    *_drain("1 process"),
    *_drain("2 processes"),
    Bar("enqueue", "in bulk, PostgreSQL", PG, 2, "PgQueuer"),
    Bar("enqueue", "one by one, PostgreSQL", PG, 1, "PgQueuer"),
    Bar("enqueue", "one by one, SQLite", LITE, 1, "Huey, fsync off"),
    Bar("latency", "PostgreSQL, across processes, p50", PG, 2),
    Bar("latency", "PostgreSQL, across processes, p99", PG, 5),
    Bar("latency", "SQLite, in one process, p50", LITE, 1),
    Bar("latency", "SQLite, in one process, p99", LITE, 3),
    Bar("latency", "SQLite, across processes, p50", LITE, 10),
    Bar("latency", "SQLite, across processes, p99", LITE, 20),
    *(Bar("burst", "10,000 schedules", ours, 0.4) for ours in (PG, LITE)),
    *(Bar("stored", "start", ours, 0.5) for ours in (PG, LITE)),
    *(Bar("stored", "memory", ours, 80) for ours in (PG, LITE)),
    *(Bar("stored", "idle", ours, 0.2) for ours in (PG, LITE)),
    *(Bar("stored", "lateness of 1,000 due per second, p99", ours, 100) for ours in (PG, LITE)),
    *(Bar("change", "acted on, the slowest", ours, 100) for ours in (PG, LITE)),
    *(
        Bar("cron", f"next occurrence, {zone}", "Rota", bar, peer)
        for zone in ("UTC", "America/New_York")
        for bar, peer in ((8, "cronsim"), (4, "Celery"))
    ),
    Bar("cron", "parse", "Rota", 1, "cronsim"),
    *(Bar("catchup", "time", ours, 5) for ours in (PG, LITE)),
    *(Bar("catchup", "memory beyond an idle node", ours, 50) for ours in (PG, LITE)),
    *(
        Bar("history", case, ours, 50)
        for case in ("list", "filter by schedule", "filter by state", "statistics")
        for ours in (PG, LITE)
    ),
    *(Bar("history", "lateness during a purge, p99", ours, 1000) for ours in (PG, LITE)),
    *(
        Bar("web", f"{what}, p95 of the slowest", ours, 100)
        for what in ("pages", "pages, filtered", "lists of the API")
        for ours in (PG, LITE)
    ),
    *(
        Bar("web", f"50 people, {what}", ours, 5)
        for what in ("nothing happens", "something happens each second")
        for ours in (PG, LITE)
    ),
    Bar("web", "JavaScript of all pages", "Rota", 60),
    *(Bar("housekeeping", "longest transaction", ours, 250) for ours in (PG, LITE)),
    *(Bar("housekeeping", "a write of others, p99", ours, 100) for ours in (PG, LITE)),
    *(Bar("housekeeping", "memory grown", ours, 20) for ours in (PG, LITE)),
)


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    """Return how the bars of the rows that were measured are met."""
    found = {(one.row, one.case, one.who): one for one in figures}
    measured = {one.row for one in figures}
    return [verdict for bar in BARS if bar.row in measured if (verdict := _verdict(bar, found))]


def _verdict(bar: Bar, found: dict[tuple[str, str, str], Figure]) -> Verdict | None:
    ours = found.get((bar.row, bar.case, bar.ours))
    what = f"{bar.row}: {bar.case}, {bar.ours}"
    if ours is None:
        return None
    if not bar.peer:
        if ours.value is None:
            return Verdict(what, f"≤ {bar.bar:g} {ours.unit}", "failed", "missed")
        word = "met" if ours.value <= bar.bar else "missed"
        return Verdict(what, f"≤ {bar.bar:g} {ours.unit}", f"{ours.value:.3g} {ours.unit}", word)
    theirs = found.get((bar.row, bar.case, bar.peer))
    if theirs is None:
        return None
    times = ratio(ours, theirs)
    reached = "failed" if times is None else f"{times:.2g} ×" if times < 10 else f"{times:,.0f} ×"
    word = "met" if times is not None and times >= bar.bar else "missed"
    return Verdict(what, f"≥ {bar.bar:g} × {bar.peer}", reached, word)
