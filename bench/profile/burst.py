"""Many schedules due at one instant: what one scheduler does until all are recorded as runs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import rota.runtime.tick as tick
from bench.profile.meter import Meter
from bench.schedules import due_at
from rota import Rota
from rota.operations.syncing import sync_plan
from rota.runtime.events import Events

SCHEDULES = 10_000
VERBS = {"next_due": "is anything due", "due": "read what is due", "record": "record the decisions"}


def profile(url: str) -> str:
    """Store schedules, decide them, and return the table of what it cost."""
    rota, meter = Rota("bench", housekeeping=False, store=url), Meter()

    @rota.task
    def noop(x: int) -> None:
        """Do nothing."""

    rota.store.migrate()
    instant = datetime.now(UTC).replace(microsecond=0)
    assert rota.store.sync(replace(sync_plan(rota), create=tuple(due_at(instant, SCHEDULES))))
    for verb, step in VERBS.items():
        meter.wrap(rota.store, verb, step)
    meter.wrap(tick, "plan", "decide")
    scheduler = tick.Tick(rota.store, "bench", Events(), lambda: 0.5, poll=timedelta(seconds=5), batch=1000)
    began, used = time.perf_counter(), time.process_time()
    scheduler.step(datetime.now(UTC))
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    rota.close()
    return _table(meter, wall, cpu)


def _table(meter: Meter, wall: float, cpu: float) -> str:
    each: Any = 1e6 / SCHEDULES
    lines = meter.lines([*VERBS.values(), "decide"], each, "µs a schedule")
    lines.append(f"| **all** | **{wall * each:.1f}** | **{cpu * each:.1f}** | {wall:.2f} s |")
    return "\n".join(lines) + "\n"
