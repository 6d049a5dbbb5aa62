"""One pass over what is due and ready, without loops: for cron lines and cloud triggers."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from rota.ports import Clock
from rota.runtime.events import Event
from rota.runtime.node import Node

ENDS = ("run_succeeded", "run_failed", "run_retrying", "run_cancelled", "run_missed", "run_skipped")
GLANCE = 0.2  # seconds between two looks while bodies run


@dataclass(slots=True)
class Pass:
    """What one pass did: how many runs ended in which way."""

    ended: Counter[str] = field(default_factory=Counter)

    def note(self, event: Event) -> None:
        self.ended[event.kind.removeprefix("run_")] += 1


def one_pass(node: Node, clock: Clock) -> Pass:
    """Decide what is due, run what is ready until nothing more is, and leave."""
    done = Pass()
    with node.events.listening(ENDS, done.note):
        _work_through(node, clock)
    return done


def _work_through(node: Node, clock: Clock) -> None:
    runner = node.runner
    assert runner is not None
    changed = threading.Event()
    runner.start(changed.set)
    wake = {step.name: step.step(clock.now()) for step in node.steps if step.name != "dispatch"}
    try:
        while True:
            changed.clear()
            before = node.dispatch.claimed
            node.dispatch.step(clock.now())
            if node.dispatch.claimed == before and not runner.held():
                break
            changed.wait(GLANCE)
            for step in node.steps:  # the heartbeat above all: a body may take longer than the lease
                if step.name in ("heartbeat", "report") and wake[step.name] <= clock.now():
                    wake[step.name] = step.step(clock.now())
            node.settle.step(clock.now())
    finally:
        node.stop()
