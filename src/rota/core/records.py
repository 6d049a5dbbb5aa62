"""The records that pass between the floors. Frozen: a change makes a new record.

Every instant is an aware `datetime` in UTC, every duration a `timedelta`, every id a `str`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from rota.core.policies import CatchUp, Concurrency, Overlap, RunPolicy

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a schedule is to do, and when: the part of it that code declares and operators override.

    Attributes:
        task: Name of the task.
        timetable: Text form; `parse_timetable` reads it. It holds its zone.
        args: Keyword arguments of the task.
        start, end: No occurrence before `start` nor after `end`.
        max_runs: Runs made by occurrences, in all. `None`: no limit.
        jitter: Each run starts up to this long after its due time, the same for the same occurrence.
        overlap, catch_up, concurrency, policy: See `rota.core.policies`.
        priority: From -1000 to 1000; higher starts first.
        queue: Which workers take it.
        tags: For filters.
        description: One line for operators.
    """

    task: str
    timetable: str
    args: Mapping[str, Json] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None
    max_runs: int | None = None
    jitter: timedelta = timedelta(0)
    overlap: Overlap = Overlap.SKIP
    catch_up: CatchUp = CatchUp()
    concurrency: Concurrency | None = None
    policy: RunPolicy = RunPolicy()
    priority: int = 0
    queue: str = "default"
    tags: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A schedule as the code declares it.

    Attributes:
        was: Its earlier name, whose history it takes over.
    """

    name: str
    definition: Definition
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An operator's value for one field of a schedule's definition."""

    field: str
    value: Json
    author: str
    reason: str
    created_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a schedule does not fire for now. An occurrence inside a pause never runs."""

    at: datetime
    by: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A pending or running run of a schedule, as planning needs it."""

    id: str
    state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule as stored.

    Attributes:
        declared: What the code (or the user who made it) says.
        effective: `declared` with the overrides in force.
        revision: Grows with each change of its definition, pause or state: writers compare it.
        cursor: Every occurrence up to and including this instant has been decided.
        next_due: When it has to be looked at again; `None`: not before it is changed.
        last_success: Due time of the latest occurrence whose run succeeded.
        runs_made: Runs made by occurrences so far.
        quarantine: Why it can not be evaluated.
        active: Its pending and running runs, oldest first.
    """

    id: str
    rota: str
    name: str
    source: Source
    state: ScheduleState
    declared: Definition
    effective: Definition
    overrides: tuple[Override, ...] = ()
    pause: Pause | None = None
    quarantine: str | None = None
    generation: int = 0
    revision: int = 1
    cursor: datetime
    next_due: datetime | None
    last_success: datetime | None = None
    runs_made: int = 0
    created_at: datetime
    updated_at: datetime
    active: tuple[ActiveRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSchedule:
    """A schedule that has to be looked at, as planning needs it. `active` is oldest first."""

    id: str
    rota: str
    name: str
    definition: Definition
    revision: int
    cursor: datetime
    runs_made: int = 0
    pause: Pause | None = None
    active: tuple[ActiveRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to insert, or the record of occurrences that did not become one (`skipped`, `missed`).

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to record for one due schedule, in one transaction.

    Applied only if the schedule still has this `revision` and `cursor_was`.

    Attributes:
        runs: Runs and records of non-runs, oldest first.
        cancel: Active runs to ask to stop.
        made: How much `runs_made` grows.
        resumed: Its pause has ended.
        quarantine: Why it could not be evaluated; then nothing else changes.
    """

    schedule_id: str
    revision: int
    cursor_was: datetime
    cursor: datetime
    next_due: datetime | None
    state: ScheduleState = ScheduleState.ACTIVE
    runs: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()
    made: int = 0
    resumed: bool = False
    quarantine: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A node's right to a run. `token` grows at each claim: only the newest counts."""

    run_id: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A run under lease, as an attempt needs it.

    Attributes:
        attempt: Number of this attempt, from 1.
        last_success: Of its schedule, at the claim; starts the window of the run context.
    """

    id: str
    token: int
    attempt: int
    task: str
    args: Mapping[str, Json]
    policy: RunPolicy
    queue: str
    created_at: datetime
    run_at: datetime
    started_at: datetime
    schedule_id: str | None = None
    schedule: str | None = None
    planned_at: datetime | None = None
    last_success: datetime | None = None
    is_catch_up: bool = False
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as it is stored: no locals, no objects.

    Attributes:
        kind: Dotted name of the exception's class.
        names: Names of the class and its bases, bare and dotted: what `Retry` matches.
    """

    kind: str
    message: str
    traceback: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An attempt that ended on this node.

    Attributes:
        result: JSON text of what the body returned; `None` for nothing.
        retry_after: The task asked for another attempt after this wait.
        log: What is not yet stored of its log.
    """

    run: Claimed
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    result: str | None = None
    failure: Failure | None = None
    retry_after: timedelta | None = None
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a run after an attempt. Written only if `token` is still the run's.

    Attributes:
        state: The run's new state; `PENDING` when it is to be tried again.
        attempt: The attempt it closes.
        counted: `False` when the body never began: the attempt is given back.
        run_at: When it may be tried again.
    """

    run_id: str
    token: int
    state: RunState
    outcome: Outcome
    attempt: int
    started_at: datetime
    finished_at: datetime
    counted: bool = True
    run_at: datetime | None = None
    result: str | None = None
    failure: Failure | None = None
    log: str = ""
    reason: str | None = None
    schedule_id: str | None = None
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a running attempt says of itself. Written only if `token` is still the run's."""

    run_id: str
    token: int
    attempt: int
    done: float | None = None
    total: float | None = None
    note: str | None = None
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The answer to a heartbeat.

    Attributes:
        lost: Runs whose lease this node no longer holds.
        cancelled: Runs that someone asked to stop.
    """

    lost: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a run by one node, as history shows it. `outcome` is `None` while it goes on."""

    run_id: str
    number: int
    node: str | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: Outcome | None
    failure: Failure | None = None
    log: str = ""


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
class Node:
    """A live process that takes part.

    Attributes:
        roles: Of `scheduler`, `worker`, `dispatcher`, `web`.
        clock_offset: The store's clock minus the node's.
        generation: Of the rota it was started with.
    """

    id: str
    rota: str
    host: str
    pid: int
    version: str
    roles: tuple[str, ...]
    queues: tuple[str, ...] = ()
    slots: int = 0
    running: int = 0
    generation: int = 0
    clock_offset: timedelta = timedelta(0)
    started_at: datetime
    seen_at: datetime
    draining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One operation: who did what, to what, why and from where."""

    at: datetime
    rota: str
    actor: str
    via: str
    action: str
    subject: str
    reason: str = ""
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastError:
    """One of the last errors of a schedule; kept after history is purged."""

    at: datetime
    run_id: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An operator's change of one schedule, to be applied if it still has this `revision`.

    Attributes:
        after: The schedule as it shall be. Its `revision` is one more than `revision`.
        runs: Runs and records of non-runs that the change brings with it.
        cancel: Active runs to ask to stop.
    """

    revision: int
    after: Schedule
    runs: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """A filter over history, newest first.

    Attributes:
        before: Only runs that sort after this one (its `(created_at, id)`), for the next page.
        limit: From 1 to 500.
    """

    rota: str | None = None
    schedule: str | None = None
    task: str | None = None
    states: tuple[RunState, ...] = ()
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleQuery:
    """A filter over schedules, by name.

    Attributes:
        state: A `ScheduleState`, or `"paused"`.
        text: Part of the name, the task or the description, whatever the case.
        after: Only names that sort after this one, for the next page.
        limit: From 1 to 500.
    """

    rota: str | None = None
    names: tuple[str, ...] = ()
    state: str | None = None
    source: Source | None = None
    tag: str | None = None
    task: str | None = None
    queue: str | None = None
    text: str | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Which declaration of a rota is in force.

    Attributes:
        number: Grows with each new declaration that is put in force.
        fingerprint: Of everything that it declares.
        revision: Grows with each sync: writers compare it.
        past: Fingerprints that were in force before, oldest first.
    """

    rota: str
    number: int
    fingerprint: str
    revision: int
    synced_at: datetime
    past: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncLine:
    """One line of a sync plan: `create`, `update`, `rename`, `retire`, `restore`, `retry` or `keep`."""

    verb: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What a sync does. Applied in one transaction, if the generation still has this `revision`.

    Attributes:
        revision: Of the generation it was computed from; 0 when there was none.
        create: New schedules.
        change: Schedules that are rewritten, taken up again, renamed or retired.
        lines: What is done, one line for each schedule, for people.
    """

    generation: Generation
    revision: int
    create: tuple[Schedule, ...] = ()
    change: tuple[Change, ...] = ()
    lines: tuple[SyncLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """What a worker asks for.

    Attributes:
        queues: Queues it serves.
        tasks: Tasks it knows: a run of any other is left alone, and its attempts are not counted.
        until: When its leases end.
        limit: At most so many runs.
    """

    node: str
    rota: str
    queues: tuple[str, ...]
    tasks: tuple[str, ...]
    now: datetime
    until: datetime
    limit: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are of each, now. Kinds without any are left out.

    Attributes:
        schedules: By `ScheduleState`, and `"paused"`.
        runs: By `RunState`.
        oldest_pending: The earliest `run_at` of a run that is due and not started.
    """

    schedules: Mapping[str, int]
    runs: Mapping[str, int]
    oldest_pending: datetime | None = None
