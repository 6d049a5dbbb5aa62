"""The last runs of many schedules at once, for strips: how long each took, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from rota.core.records import BriefRun, Run, RunState, Schedule

if TYPE_CHECKING:
    from rota.app import Rota

STRIP, JUDGED = 60, 500  # runs: of a strip, and of the numbers about one schedule
MONTH = timedelta(days=30)
TRIED = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.MISSED, RunState.EXPIRED})


def last_runs(
    rota: Rota, schedules: Sequence[Schedule], count: int = STRIP
) -> dict[str, tuple[BriefRun, ...]]:
    """Return the last `count` runs of each schedule, oldest first, by its id: one statement for all."""
    found = rota.store.latest([one.id for one in schedules], count)
    return {one.id: tuple(reversed(found.get(one.id, ()))) for one in schedules}


def since(runs: Sequence[BriefRun], begin: datetime) -> tuple[BriefRun, ...]:
    """Return the runs made at `begin` or later."""
    return tuple(run for run in runs if run.created_at >= begin)


def length(run: BriefRun | Run) -> timedelta | None:
    """Return how long a run took; `None` while it has not ended, or if it never began."""
    return run.finished_at - run.started_at if run.finished_at and run.started_at else None


def lag(run: BriefRun) -> timedelta | None:
    """Return how long after its due time a run began; not known of one that was tried again."""
    if run.planned_at is None or run.started_at is None or run.attempt > 1:
        return None
    return max(run.started_at - run.planned_at, timedelta(0))


def half_and_most(spans: Iterable[timedelta | None]) -> tuple[timedelta, timedelta] | None:
    """Return what half of the spans are at most, and what 95% of them are; `None` without any."""
    found = sorted(span for span in spans if span is not None)
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
