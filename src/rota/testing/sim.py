"""Whole systems in virtual time, in one thread, over SQLite in memory: weeks pass in milliseconds.

The nodes are the real ones: the simulation calls the very steps that threads call in production.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from rota.app import Rota
from rota.core.records import Claimed, Run, RunQuery, RunState
from rota.core.timetables import Timetable
from rota.runtime.node import Node
from rota.testing.clock import VirtualClock, instant
from rota.testing.runner import Behaviour, SimRunner

START = "2026-01-01 00:00"


class SimNode:
    """A node of the simulation. It works while it is alive and not frozen."""

    def __init__(self, sim: Sim, node: Node, runner: SimRunner | None) -> None:
        self._sim, self.node, self._runner = sim, node, runner
        self.is_alive, self.is_frozen = True, False
        # A simulated body reports nothing, so nothing is asked of it each second.
        self._steps = [step for step in node.steps if step.name != "report"]
        self.wakes = {step.name: sim.clock.now() for step in self._steps}
        self._wakeup = sim.rota.store.wakeup()
        if runner is not None:
            runner.start(self._runner_changed)

    @property
    def id(self) -> str:
        return self.node.id

    @property
    def works(self) -> bool:
        return self.is_alive and not self.is_frozen

    def die(self) -> None:
        """End at once, as by kill -9: nothing is given back."""
        self.is_alive = False

    def freeze(self) -> None:
        """Stand still, as by SIGSTOP or a laptop lid."""
        self.is_frozen = True

    def thaw(self) -> None:
        """Go on where it stood still, with everything overdue."""
        self.is_frozen = False

    def stop(self) -> None:
        """Drain and leave."""
        if self.is_alive:
            self.is_alive = False
            self.node.stop(timedelta(0))

    def _runner_changed(self) -> None:
        self.wakes["settle"] = self.wakes["dispatch"] = self._sim.clock.now()

    def next_wake(self) -> datetime:
        """Return when it has something to do next."""
        ends = self._runner.next_change() if self._runner else None
        return min([*self.wakes.values(), *([ends] if ends else [])])

    def work(self, now: datetime) -> None:
        """Call the steps that are due."""
        if self._runner is not None:
            self._runner.advance(now)
        for step in self._steps:
            if self.wakes[step.name] <= now:
                self.wakes[step.name] = max(step.step(now), now + TICK)
        if self.node.drain_by is not None:
            self.stop()

    def hear(self, now: datetime) -> None:
        """Wake the steps that a change in the store concerns."""
        topics = self._wakeup.wait(timedelta(0))
        for step in self._steps:
            if step.topics & topics:
                self.wakes[step.name] = min(self.wakes[step.name], now)


TICK = timedelta(milliseconds=1)  # a step that wants to be called at once is called this much later


class Sim:
    """A whole system: one store, one rota, any number of nodes, a clock that is moved by hand.

    Args:
        start: When it begins.
        timezone: Of the rota.
        settings: Of the rota; see `rota.settings.Settings`.
    """

    def __init__(self, start: str | datetime = START, *, timezone: str = "UTC", **settings: Any) -> None:
        self.clock = VirtualClock(start)
        # Long leases and sleeps: fewer idle steps make weeks pass faster, and change nothing else.
        chosen = {"lease": "5m", "tick_interval": "5m", "housekeeping": False, **settings}
        self.rota = Rota("sim", timezone=timezone, store="sqlite:///:memory:", clock=self.clock, **chosen)
        self.nodes: list[SimNode] = []
        self._behaviours: dict[str, Behaviour] = {}

    # -- the system
    @property
    def lease(self) -> timedelta:
        return self.rota.settings.lease

    def declare(
        self,
        name: str,
        timetable: Timetable | str,
        *,
        takes: timedelta = timedelta(0),
        fails: Callable[[Claimed], bool] = lambda run: False,
        task: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Declare a task and a schedule of this name; the first node that starts puts it in force.

        Args:
            takes: How long each attempt takes.
            fails: Says of an attempt whether it fails.
            task: Options of the task.
            options: Options of the schedule.
        """

        def body() -> None:
            """Do nothing: the simulation decides how it ends."""

        made = self.rota.task(name=name, **(task or {}))(body)
        self.rota.schedule(made, timetable, **options)
        self._behaviours[name] = Behaviour(takes, fails)

    def start_node(self, roles: Sequence[str] = ("scheduler", "worker"), *, slots: int = 10) -> SimNode:
        """Start a node; it begins to work when time moves."""
        runner = SimRunner(self.clock, self._behaviour, slots) if "worker" in roles else None
        node = self.rota.node(roles, concurrency=slots, runner=runner, name=f"node-{len(self.nodes) + 1}")
        made = SimNode(self, node, runner)
        self.nodes.append(made)
        return made

    def stop_all_nodes(self) -> None:
        """Drain them all."""
        for node in self.nodes:
            node.stop()

    def _behaviour(self, run: Claimed) -> Behaviour:
        return self._behaviours.get(run.task, Behaviour())

    # -- time
    def run_until(self, at: str | datetime) -> None:
        """Let the system work until `at`."""
        until = instant(at)
        while True:
            working = [node for node in self.nodes if node.works]
            due = min((node.next_wake() for node in working), default=until)
            if due > until:
                break
            self.clock.move_to(due)
            now = self.clock.now()
            for node in working:
                if node.works and node.next_wake() <= now:
                    node.work(now)
                    for other in self.nodes:
                        if other.works:
                            other.hear(now)
            if not working:
                break
        self.clock.move_to(until)

    def advance(self, span: timedelta) -> None:
        """Let the system work for `span`."""
        self.run_until(self.clock.now() + span)

    # -- what a user would see
    def runs(self, name: str) -> list[Run]:
        """Return all runs and records of a schedule, oldest first."""
        found: list[Run] = []
        query = RunQuery(rota=self.rota.name, schedule=name, limit=500)
        while page := self.rota.store.runs(query):
            found += page
            query = RunQuery(
                rota=self.rota.name, schedule=name, limit=500, before=(page[-1].created_at, page[-1].id)
            )
        return sorted(found, key=lambda run: (run.planned_at or run.created_at, run.id))

    def ran(self, name: str, *states: RunState) -> list[str]:
        """Return the due times of its occurrences that became runs, as `YYYY-MM-DD HH:MM[:SS]`, UTC."""
        wanted = states or (RunState.SUCCEEDED,)
        return [_shown(run.planned_at) for run in self.runs(name) if run.state in wanted and run.planned_at]

    def skipped(self, name: str) -> int:
        """Return how many of its occurrences were skipped or missed."""
        return sum(run.count for run in self.runs(name) if run.state in (RunState.SKIPPED, RunState.MISSED))

    def history(self, name: str) -> list[tuple[str | None, str]]:
        """Return node and state of each of its runs, oldest first."""
        return [(run.node, str(run.state)) for run in self.runs(name)]


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


if __name__ == "__main__":
    from rota.testing.chaos.command import main

    raise SystemExit(main())
