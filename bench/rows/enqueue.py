"""How fast runs are enqueued by one process: one transaction for each, and in bulk."""

from __future__ import annotations

import statistics

from bench.arena import Arena
from bench.contenders import Contender
from bench.figures import Figure

WAYS = {"put": "one by one", "put_many": "in bulk"}
STORES = ("PostgreSQL", "SQLite", "Redis")
SPELLED = {"postgres": "PostgreSQL", "sqlite": "SQLite", "redis": "Redis"}


def measure(arena: Arena) -> list[Figure]:
    return [
        figure
        for contender in arena.contenders()
        for way in WAYS
        for figure in arena.attempt(lambda c=contender, w=way: _rate(arena, c, w), _empty(contender, way))
    ]


def _empty(contender: Contender, way: str, rates: tuple[float, ...] = ()) -> Figure:
    return Figure(
        row="enqueue",
        case=f"{WAYS[way]}, {SPELLED[contender.store]}",
        who=contender.title,
        value=statistics.median(rates) if rates else None,
        unit="runs/s",
        more_is_better=True,
        samples=rates,
    )


def _rate(arena: Arena, contender: Contender, way: str) -> list[Figure]:
    count = max(200, contender.runs // (20 if way == "put" else 3) // arena.size(5, 1))
    with arena.place(contender) as place:
        rates = place.call("rates", way, count, 3)
    return [] if rates is None else [_empty(contender, way, tuple(rates))]
