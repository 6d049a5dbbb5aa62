"""Runs as they are made, and as history shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rota.core.policies import RunPolicy
from rota.core.records.attempts import Failure
from rota.core.records.states import Json, Origin, RunState


@dataclass(slots=True, kw_only=True)
class NewRun:
    """A run to insert, or the record of occurrences that did not become one (`skipped`, `missed`).

    Not frozen, as thousands are made at a time, and a frozen one takes three times as long to make; nobody
    changes it all the same.

    Attributes:
        id: Deterministic for an occurrence: inserting it twice is harmless.
        planned_at: The due time of its occurrence; of the last one, for a record of several.
        run_at: When it may start, at the earliest.
        window_start: For a record of several occurrences, the due time of the first.
        count: Occurrences it stands for.
        serial: Not while another run of its schedule is running.
        lane, lane_limit: Not while `lane_limit` runs with this concurrency key are running.
        blocked_by: The run that was in the way.
        parent: The run it retries.
        by: Who asked for it.
    """

    id: str
    rota: str
    task: str
    created_at: datetime
    run_at: datetime
    state: RunState = RunState.PENDING
    origin: Origin = Origin.ENQUEUE
    args: Mapping[str, Json] = field(default_factory=dict)
    policy: RunPolicy = RunPolicy()
    queue: str = "default"
    priority: int = 0
    schedule_id: str | None = None
    schedule: str | None = None
    planned_at: datetime | None = None
    window_start: datetime | None = None
    count: int = 1
    reason: str | None = None
    is_catch_up: bool = False
    serial: bool = False
    lane: str | None = None
    lane_limit: int = 1
    blocked_by: str | None = None
    parent: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class AlikeRuns:
    """New runs that differ in their ids and arguments only.

    Attributes:
        pattern: A run with all that they share; its own id and arguments mean nothing.
        ids: In ascending order, each once.
        args: Of the same length.
    """

    pattern: NewRun
    ids: Sequence[str]
    args: Sequence[Mapping[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as history shows it. See `NewRun`, `Settlement` and `Report` for the fields."""

    id: str
    rota: str
    task: str
    state: RunState
    origin: Origin
    args: Mapping[str, Json]
    policy: RunPolicy
    queue: str
    priority: int
    created_at: datetime
    run_at: datetime
    schedule_id: str | None
    schedule: str | None
    planned_at: datetime | None
    window_start: datetime | None
    count: int
    reason: str | None
    is_catch_up: bool
    attempt: int
    token: int
    node: str | None
    lease_until: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    result: Json
    failure: Failure | None
    done: float | None
    total: float | None
    note: str | None
    cancel_by: str | None
    blocked_by: str | None
    parent: str | None
    by: str | None
    serial: bool
    lane: str | None
    lane_limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRun:
    """What a strip of runs shows of one: when, how long, how it ended. See `Run` for the fields."""

    id: str
    schedule_id: str
    state: RunState
    attempt: int
    created_at: datetime
    planned_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    count: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastError:
    """One of the last errors of a schedule; kept after history is purged."""

    at: datetime
    run_id: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The answer to a request to cancel.

    Attributes:
        at_once: Were pending, and are cancelled: no attempt of theirs will begin.
        asked: Are running, and are asked to stop.
        ended: Had ended already; nothing was changed.
        unknown: Do not exist.
    """

    at_once: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
