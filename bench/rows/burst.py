"""10,000 schedules are due at one instant: how long until all are recorded as runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bench.arena import Arena
from bench.figures import Figure
from bench.schedules import STORES, due_at, in_seconds, insert, place_of_rota, scheduler

PEERS = {"memory": "memory", "sqlite": "SQLite", "postgres": "PostgreSQL"}
LEADS = (5, 15, 45)  # seconds to prepare; the next when the one before was too short


class TooLate(Exception):
    """The machine was too slow to be ready when the schedules were due."""


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(1_000, 10_000)
    figures = []
    for store, who in STORES.items():
        figures += _tried(arena, who, count, lambda s=store: _rota(arena, s, count))
    if "apscheduler3" in arena.peers:
        for store, name in PEERS.items():
            work = lambda s=store: _apscheduler(arena, s, count)  # noqa: E731
            figures += _tried(arena, f"APScheduler 3 ({name})", count, work)
    return figures


def _tried(arena: Arena, who: str, count: int, work: Callable[[], float]) -> list[Figure]:
    empty = Figure(row="burst", case=f"{count:,} schedules", who=who, value=None, unit="s")
    return arena.attempt(lambda: _figure(empty, work()), empty)


def _figure(empty: Figure, seconds: float) -> Figure:
    return Figure(row=empty.row, case=empty.case, who=empty.who, value=seconds, unit=empty.unit)


def _rota(arena: Arena, store: str, count: int) -> float:
    for lead in LEADS[:-1]:
        with suppress(TooLate):
            return _rota_once(arena, store, count, lead)
    return _rota_once(arena, store, count, LEADS[-1])


def _rota_once(arena: Arena, store: str, count: int, lead: int) -> float:
    with place_of_rota(arena, store) as (place, look):
        due = in_seconds(lead)
        insert(place, due_at(due, count))
        arena.services.settle_down(place.variables)
        with scheduler(place):
            look.until(look.nodes, 20, place)
            if in_seconds(1) >= due:
                raise TooLate("the schedules were due before the scheduler had started")
            return look.until(lambda: look.runs() >= count, 60, place) - due.timestamp()


def _apscheduler(arena: Arena, store: str, count: int) -> float:
    with arena.place_of("apscheduler3", "sqlite" if store == "memory" else store) as place:
        return float(place.call("burst", store, count, timeout=120))
