"""Where the time of a run goes, in one process: `python -m bench.profile drain --store sqlite|postgres`.

The node's steps and the store's verbs are wrapped with clocks. A verb's CPU is that of its thread; what a
wall time has beyond it is the server, the disk, or waiting for the interpreter. With --write-docs the table
becomes the budget of docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench import report
from bench.services import Services
from rota import Rota

VERBS = {"enqueue": "enqueue", "claim": "claim", "next_ready": "look for what is later", "settle": "settle"}
RUNNER = {"room": "room", "submit": "hand to the slots", "finished": "take what has ended"}


class Meter:
    """Wall and CPU seconds by step, over all threads."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)

    def wrap(self, holder: Any, name: str, step: str) -> None:
        """Measure each call of a method."""
        inner: Callable[..., Any] = getattr(holder, name)

        def measured(*arguments: Any, **named: Any) -> Any:
            began, used = time.perf_counter(), time.thread_time()
            try:
                return inner(*arguments, **named)
            finally:
                self.wall[step] += time.perf_counter() - began
                self.cpu[step] += time.thread_time() - used
                self.calls[step] += 1

        setattr(holder, name, measured)


def drain(url: str, runs: int, slots: int) -> str:
    """Enqueue runs, let a node drain them, and return the table of what it cost."""
    rota, meter, done = Rota("bench", housekeeping=False, store=url), Meter(), threading.Event()
    bodies: list[float] = []

    @rota.task
    def noop(x: int) -> None:
        bodies.append(x)
        if len(bodies) == runs:
            done.set()

    rota.store.migrate()
    for verb, step in VERBS.items():
        meter.wrap(rota.store, verb, step)
    for start in range(0, runs, 1000):
        noop.enqueue_many({"x": number} for number in range(start, min(start + 1000, runs)))
    node = rota.node(("worker",), concurrency=slots)
    for method, step in RUNNER.items():
        meter.wrap(node.runner, method, step)
    began, used = time.perf_counter(), time.process_time()
    node.start()
    if not done.wait(120):
        raise SystemExit(f"{len(bodies)} of {runs} ran within two minutes")
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    node.stop()
    rota.close()
    return _table(meter, runs, wall, cpu)


def _table(meter: Meter, runs: int, wall: float, cpu: float) -> str:
    each = 1e6 / runs
    steps = [step for step in (*VERBS.values(), *RUNNER.values()) if meter.calls[step]]
    known = sum(meter.cpu[step] for step in steps if step != "enqueue")
    lines = ["| step | wall, µs a run | CPU, µs a run | calls |", "|---|---:|---:|---:|"]
    lines += [
        f"| {step} | {meter.wall[step] * each:.1f} | {meter.cpu[step] * each:.1f} | {meter.calls[step]:,} |"
        for step in steps
    ]
    lines.append(f"| the bodies, their threads and the rest | | {(cpu - known) * each:.1f} | |")
    lines.append(
        f"| **the drain** | **{wall * each:.1f}** | **{cpu * each:.1f}** | {runs / wall:,.0f} runs/s |"
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.profile", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("what", choices=["drain"])
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--write-docs", action="store_true", help="renew the budget of docs/performance.md")
    options = parser.parse_args()
    stores = ["sqlite", "postgres"] if options.store == "both" else [options.store]
    services, parts = Services(), []
    try:
        for store in stores:
            with tempfile.TemporaryDirectory() as folder, services.place(store, Path(folder)) as variables:
                table = drain(variables["ROTA_STORE"], options.runs, options.concurrency)
            parts.append(f"**{store}**, {options.runs:,} runs, concurrency {options.concurrency}\n\n{table}")
    finally:
        with suppress(Exception):
            services.close()
    text = "\n".join(parts)
    print(text)
    if options.write_docs:
        report.replace_section("budget", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
