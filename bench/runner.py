"""What the local runner costs per run: no-op bodies, without a store.

    python -m bench.runner [--runs 50000] [--json]

The feeder does what the runtime does: it asks for room, submits a batch, takes what has finished.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rota.core.policies import RunPolicy, TimeLimit
from rota.core.records import Claimed
from rota.core.tasks import Body
from rota.runners.local.context import RunContext
from rota.runners.local.runner import LocalRunner

START = datetime(2026, 1, 1, tzinfo=UTC)


class MonotonicClock:
    def __init__(self) -> None:
        self._base, self._at = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        return self._base + timedelta(seconds=time.monotonic() - self._at)


def noop() -> None:
    pass


async def async_noop() -> None:
    pass


def with_context(context: RunContext) -> None:
    pass


def logs_a_line() -> None:
    logging.getLogger("bench").info("a line")


def claims(count: int, policy: RunPolicy) -> list[Claimed]:
    return [
        Claimed(
            id=f"{number:032x}",
            token=1,
            attempt=1,
            task="bench",
            args={},
            policy=policy,
            queue="default",
            created_at=START,
            run_at=START,
            started_at=START,
        )
        for number in range(count)
    ]


def best(measure: Callable[[], float], times: int = 5) -> float:
    """Return the least of several measurements: what disturbs only ever adds."""
    return min(measure() for _ in range(times))


def drain(body: Body, slots: int, runs: int, policy: RunPolicy = RunPolicy()) -> float:
    """Return microseconds of CPU per run, feeder included. The wall tells less on a busy machine."""
    todo = claims(runs, policy)
    runner = LocalRunner(lambda _: body, MonotonicClock(), slots)
    changed = threading.Event()
    runner.start(changed.set)
    began, position, ended = time.process_time(), 0, 0
    while ended < runs:
        batch = todo[position : position + min(runner.room(), 500)]
        if batch:
            runner.submit(batch)
            position += len(batch)
        changed.wait(0.1)
        changed.clear()
        ended += len(runner.finished())
    took = time.process_time() - began
    runner.stop(timedelta(seconds=5))
    return took / runs * 1e6


def call_floor(function: Callable[[], None], runs: int) -> float:
    began = time.process_time()
    for _ in range(runs):
        function()
    return (time.process_time() - began) / runs * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    thread = Body(name="bench", call=noop)
    count = options.runs
    with_limit = RunPolicy(time_limit=TimeLimit(soft=timedelta(minutes=5)))
    takes_context = Body(name="bench", call=with_context, wants_context="context")
    logs = Body(name="bench", call=logs_a_line)
    coroutine = Body(name="bench", call=async_noop, executor="async")
    rows = {
        "a bare call": best(lambda: call_floor(noop, count)),
        "thread, 1 slot": best(lambda: drain(thread, 1, count)),
        "thread, 10 slots": best(lambda: drain(thread, 10, count)),
        "thread, 50 slots": best(lambda: drain(thread, 50, count)),
        "thread, 10 slots, soft limit": best(lambda: drain(thread, 10, count, with_limit)),
        "thread, 10 slots, context": best(lambda: drain(takes_context, 10, count)),
        "thread, 10 slots, one log line": best(lambda: drain(logs, 10, count // 4)),
        "async": best(lambda: drain(coroutine, 10, count // 2)),
    }
    if options.json:
        print(json.dumps({"microseconds_per_run": rows, "python": sys.version.split()[0]}))
        return
    for name, cost in rows.items():
        print(f"{name:32} {cost:8.2f} µs/run {1e6 / cost:12,.0f} runs/s")


if __name__ == "__main__":
    main()
