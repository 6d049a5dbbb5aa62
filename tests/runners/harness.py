"""A runner, the runs it is given, and what they ended with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from rota.core.policies import Retry, RunPolicy, TimeLimit
from rota.core.records import Claimed, Finished, Report
from rota.core.tasks import Body
from rota.errors import UnknownTask
from rota.runners.local import LocalRunner

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = 30.0
_numbers = count(1)


class RealClock:
    def __init__(self) -> None:
        self._at = time.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=time.monotonic() - self._at)


def claimed(task: str, *, soft: float = 0, hard: float = 0, retries: int = 0, **facts: Any) -> Claimed:
    limit = TimeLimit(
        soft=timedelta(seconds=soft) if soft else None, hard=timedelta(seconds=hard) if hard else None
    )
    values: dict[str, Any] = {
        "id": f"run-{next(_numbers)}",
        "token": 1,
        "attempt": 1,
        "task": task,
        "args": {},
        "policy": RunPolicy(retry=Retry(attempts=retries + 1), time_limit=limit),
        "queue": "default",
        "created_at": START,
        "run_at": START,
        "started_at": START,
    }
    return Claimed(**{**values, **facts})


class Harness:
    """Starts a runner, submits runs, and waits for what becomes of them: never for a time to pass."""

    def __init__(self, slots: int = 4, **options: Any) -> None:
        self.bodies: dict[str, Body] = {}
        self.runner = LocalRunner(self._lookup, RealClock(), slots, **options)
        self.ended: dict[str, Finished] = {}
        self.told: list[Report] = []
        self.calls = 0
        self._changed = threading.Event()
        self.runner.start(self._on_change)

    def _on_change(self) -> None:
        self.calls += 1
        self._changed.set()

    def _lookup(self, name: str) -> Body:
        if name not in self.bodies:
            raise UnknownTask(name)
        return self.bodies[name]

    def task(self, name: str, call: Callable[..., Any] | None, executor: str = "thread", **facts: Any) -> str:
        self.bodies[name] = Body(name=name, call=call, executor=executor, **facts)
        return name

    def submit(self, *runs: Claimed) -> None:
        self.runner.submit(runs)

    def start(self, call: Callable[..., Any], executor: str = "thread", **facts: Any) -> Claimed:
        """Submit one run of a function."""
        wants = facts.pop("wants_context", None)
        name = self.task(f"task-{next(_numbers)}", call, executor, wants_context=wants)
        run = claimed(name, **facts)
        self.submit(run)
        return run

    def run(self, call: Callable[..., Any], executor: str = "thread", **facts: Any) -> Finished:
        """Submit one run of a function, and wait for its end."""
        return self.end_of(self.start(call, executor, **facts))

    def end_of(self, run: Claimed) -> Finished:
        self.wait([run])
        return self.ended[run.id]

    def wait(self, runs: Iterable[Claimed]) -> None:
        """Wait until these runs have ended."""
        wanted = {run.id for run in runs}
        until = time.monotonic() + PATIENCE
        while not wanted <= self.ended.keys():
            self._changed.wait(max(0.0, until - time.monotonic()))
            self._changed.clear()
            self.collect()
            assert time.monotonic() < until, f"still running: {wanted - self.ended.keys()}"

    def collect(self) -> None:
        self.told += self.runner.reports()
        for finished in self.runner.finished():
            assert finished.run.id not in self.ended, "ended twice"
            self.ended[finished.run.id] = finished

    def whole_log(self, run: Claimed) -> str:
        """Return the log as a store would have it: the reports, then the rest."""
        return "".join(one.log for one in self.told if one.run_id == run.id) + self.ended[run.id].log

    def stop(self, patience: float = 10.0) -> None:
        self.runner.stop(timedelta(seconds=patience))
        self.collect()


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE), "it did not happen"


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that no event tells, by yielding the processor."""
    end = time.monotonic() + PATIENCE
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        tick.wait(0.002)
