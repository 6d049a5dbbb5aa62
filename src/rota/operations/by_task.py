"""How each task fares lately: counted from its latest runs, however long history is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rota.core.records import Run, RunQuery, RunState
from rota.operations.history import list_runs

if TYPE_CHECKING:
    from rota.app import Rota

COUNTED = 500  # runs, of all tasks together


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """One task among the latest runs: how many are in which state, and the latest of them."""

    task: str
    runs: Mapping[RunState, int]
    last: Run


def by_task(rota: Rota) -> list[TaskCounts]:
    """Return the tasks of the latest 500 runs, by name."""
    runs = list_runs(rota, RunQuery(limit=COUNTED))
    states: dict[str, Counter[RunState]] = {}
    last: dict[str, Run] = {}
    for run in runs:
        states.setdefault(run.task, Counter())[run.state] += 1
        last.setdefault(run.task, run)
    return [TaskCounts(task, states[task], last[task]) for task in sorted(states)]
