"""One run enqueued after the other, and a thousand at a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.profile.meter import Meter
from rota import Rota

ALONE = 2_000
TOGETHER = 100_000
STATEMENTS = "statement and commit"


def profile(url: str) -> str:
    """Return what an enqueued run costs this process, and how long it waits for the store."""
    rota, meter = Rota("bench", housekeeping=False, store=url), Meter()

    @rota.task
    def noop(x: float) -> None:
        """Do nothing."""

    def one_by_one() -> None:
        for number in range(ALONE):
            noop.enqueue(x=number)

    def in_bulk() -> None:
        for start in range(0, TOGETHER, 1000):
            noop.enqueue_many({"x": number} for number in range(start, start + 1000))

    rota.store.migrate()
    noop.enqueue(x=0)
    meter.wrap(rota.store, "enqueue", STATEMENTS)
    lines = ["| | wall, µs a run | CPU of the client | of it in the store's verb |", "|---|---:|---:|---:|"]
    lines += [_line(meter, "one by one", one_by_one, ALONE), _line(meter, "in bulk", in_bulk, TOGETHER)]
    rota.close()
    return "\n".join(lines) + "\n"


def _line(meter: Meter, title: str, work: Callable[[], None], runs: int) -> str:
    before, began, used = meter.cpu[STATEMENTS], time.perf_counter(), time.process_time()
    work()
    each = 1e6 / runs
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    inside = meter.cpu[STATEMENTS] - before
    return f"| {title} | {wall * each:.1f} | {cpu * each:.1f} | {inside * each:.1f} |"
