"""The words for where runs and schedules stand, how attempts end, and what made them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Json = Any  # what JSON can say: None, bool, int, float, str, lists and string-keyed dicts of these


class RunState(StrEnum):
    """Where a run stands. `ENDED` are final: a run never leaves them."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    MISSED = "missed"
    EXPIRED = "expired"


ACTIVE = frozenset({RunState.PENDING, RunState.RUNNING})
ENDED = frozenset(RunState) - ACTIVE


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"  # its node died, or was away for longer than the lease
    RELEASED = "released"  # its node gave it back before the body began: not an attempt


class Origin(StrEnum):
    """What made a run."""

    OCCURRENCE = "occurrence"
    MANUAL = "manual"  # an operator triggered a schedule
    ENQUEUE = "enqueue"  # the application called `task.enqueue()`
    BACKFILL = "backfill"
    RETRY = "retry"  # an operator retried an ended run


class Source(StrEnum):
    """Who made a schedule."""

    CODE = "code"
    USER = "user"


class ScheduleState(StrEnum):
    """Whether a schedule fires. A pause is kept beside it, so that it outlives a re-sync."""

    ACTIVE = "active"
    FINISHED = "finished"  # no occurrence is left
    RETIRED = "retired"  # the code no longer declares it
    QUARANTINED = "quarantined"  # it can not be evaluated; retried at the next sync
