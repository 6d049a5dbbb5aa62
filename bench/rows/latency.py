"""How long after its enqueueing a run starts, at 50 per second, with a worker that has nothing else to do."""

from __future__ import annotations

import time

from bench.arena import Arena, Place
from bench.contenders import Contender
from bench.figures import Figure, quantile
from bench.processes import counted, last_words, running
from bench.rows.enqueue import SPELLED

RATE = 50
SHARES = {"p50": 0.5, "p99": 0.99}
MEASURED = ("rota", "pgqueuer", "procrastinate", "huey", "dramatiq", "celery")


def measure(arena: Arena) -> list[Figure]:
    figures = []
    for contender in arena.contenders():
        if contender.peer not in MEASURED or contender.title == "Huey, fsync on":
            continue
        case = f"{SPELLED[contender.store]}, across processes"
        figures += arena.attempt(lambda c=contender, w=case: _across(arena, c, w), _failed(contender, case))
        if contender.is_ours and contender.store == "sqlite":
            case = "SQLite, in one process"
            figures += arena.attempt(
                lambda c=contender, w=case: _within(arena, c, w), _failed(contender, case)
            )
    return figures


def _failed(contender: Contender, case: str) -> Figure:
    return Figure(row="latency", case=f"{case}, p50", who=contender.title, value=None, unit="ms")


def _across(arena: Arena, contender: Contender, case: str) -> list[Figure]:
    with arena.place(contender) as place:
        place.call("reset")
        commands = [place.command(one) for one in contender.for_latency]
        with running(commands, place.variables, place.folder):
            _until_awake(place)
            place.call("steadily", RATE, arena.size(3, 10))
            time.sleep(1)
        return _figures(contender, case, place)


def _within(arena: Arena, contender: Contender, case: str) -> list[Figure]:
    with arena.place(contender) as place:
        place.call("latency_in_one_process", RATE, arena.size(3, 10))
        return _figures(contender, case, place)


def _until_awake(place: Place) -> None:
    """Return when a worker has run something, and had time to fall idle again."""
    place.call("fill", 1)
    end = time.monotonic() + 20
    while not counted(place.folder).count and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(2)


def _figures(contender: Contender, case: str, place: Place) -> list[Figure]:
    file = place.folder / "latencies"
    samples = [float(line) * 1000 for line in file.read_text().split()] if file.exists() else []
    if not samples:
        raise RuntimeError(last_words(place.folder))
    return [
        Figure(
            row="latency",
            case=f"{case}, {name}",
            who=contender.title,
            value=quantile(samples, share),
            unit="ms",
            settings=contender.settings,
            note=f"of {len(samples)}",
        )
        for name, share in SHARES.items()
    ]
