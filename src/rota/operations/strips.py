"""The last runs of many schedules at once, for strips: how long each took, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from rota.core.records import BriefRun, RunState, Schedule

if TYPE_CHECKING:
    from rota.app import Rota

STRIP = 60  # runs
TRIED = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.MISSED, RunState.EXPIRED})


def last_runs(
    rota: Rota, schedules: Sequence[Schedule], count: int = STRIP
) -> dict[str, tuple[BriefRun, ...]]:
    """Return the last `count` runs of each schedule, oldest first, by its id: one statement for all."""
    found = rota.store.latest([one.id for one in schedules], count)
    return {one.id: tuple(reversed(found.get(one.id, ()))) for one in schedules}


def lengths(runs: Sequence[BriefRun]) -> tuple[timedelta, timedelta] | None:
    """Return how long the runs took: half of them at most the first, 95% at most the second."""
    found = sorted(run.finished_at - run.started_at for run in runs if run.finished_at and run.started_at)
    if not found:
        return None
    return found[(len(found) - 1) // 2], found[ceil(len(found) * 0.95) - 1]


def success(runs: Sequence[BriefRun]) -> float | None:
    """Return which part of the runs succeeded, from 0.0 to 1.0; `None` before any has ended.

    What was skipped or cancelled on purpose counts neither way; what was missed or expired counts against.
    """
    tried = [run for run in runs if run.state in TRIED]
    if not tried:
        return None
    return sum(run.count for run in tried if run.state is RunState.SUCCEEDED) / sum(
        run.count for run in tried
    )
