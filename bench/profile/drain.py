"""A drain: many runs are there, one node executes them."""

from __future__ import annotations

import threading
import time

from bench.profile.meter import Meter
from rota import Rota

RUNS = 100_000
SLOTS = 10
VERBS = {"enqueue": "enqueue", "claim": "claim", "next_ready": "look for what is later", "settle": "settle"}
RUNNER = {"room": "room", "submit": "hand to the slots", "finished": "take what has ended"}


def profile(url: str) -> str:
    """Enqueue runs, let a node drain them, and return the table of what it cost."""
    rota, meter, done = Rota("bench", housekeeping=False, store=url), Meter(), threading.Event()
    bodies: list[float] = []

    @rota.task
    def noop(x: int) -> None:
        bodies.append(x)
        if len(bodies) == RUNS:
            done.set()

    rota.store.migrate()
    for verb, step in VERBS.items():
        meter.wrap(rota.store, verb, step)
    for start in range(0, RUNS, 1000):
        noop.enqueue_many({"x": number} for number in range(start, start + 1000))
    node = rota.node(("worker",), concurrency=SLOTS)
    for method, step in RUNNER.items():
        meter.wrap(node.runner, method, step)
    began, used = time.perf_counter(), time.process_time()
    node.start()
    if not done.wait(120):
        raise SystemExit(f"{len(bodies)} of {RUNS} ran within two minutes")
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    node.stop()
    rota.close()
    return _table(meter, wall, cpu)


def _table(meter: Meter, wall: float, cpu: float) -> str:
    each = 1e6 / RUNS
    steps = [*VERBS.values(), *RUNNER.values()]
    known = sum(meter.cpu[step] for step in steps if step != "enqueue")
    lines = meter.lines(steps, each, "µs a run")
    lines.append(f"| the bodies, their threads and the rest | | {(cpu - known) * each:.1f} | |")
    lines.append(
        f"| **the drain** | **{wall * each:.1f}** | **{cpu * each:.1f}** | {RUNS / wall:,.0f} runs/s |"
    )
    return "\n".join(lines) + "\n"
