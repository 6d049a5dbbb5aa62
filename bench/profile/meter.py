"""Clocks around steps."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any


class Meter:
    """Wall and CPU seconds by step, over all threads.

    A step's CPU is that of its thread; what its wall time has beyond it is the server, the disk, or waiting
    for the interpreter.
    """

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

    def lines(self, steps: list[str], each: float, unit: str) -> list[str]:
        """Return a Markdown table of what steps took.

        Args:
            each: By what seconds are multiplied.
        """
        head = [f"| step | wall, {unit} | CPU, {unit} | calls |", "|---|---:|---:|---:|"]
        return head + [
            f"| {step} | {self.wall[step] * each:.1f} | {self.cpu[step] * each:.1f} | {self.calls[step]:,} |"
            for step in steps
            if self.calls[step]
        ]
