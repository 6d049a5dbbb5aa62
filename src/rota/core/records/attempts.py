"""Leases, claims, attempts and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rota.core.policies import RunPolicy
from rota.core.records.states import Json, Outcome, RunState


@dataclass(frozen=True, slots=True)
class Lease:
    """A node's right to a run. `token` grows at each claim: only the newest counts."""

    run_id: str
    token: int


# Not frozen, nor are `Finished` and `Settlement`: a frozen one takes three times as long to build, and a
# worker builds one of each for every run.
@dataclass(slots=True, kw_only=True)
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


@dataclass(slots=True, kw_only=True)
class Finished:
    """An attempt that ended on this node.

    Attributes:
        result: JSON text of what the body returned; `None` for nothing.
        retry_after: The task asked for another attempt after this wait.
        final: No other attempt can help, whatever the policy says: it is not retried.
        log: What is not yet stored of its log.
        overdue: Nobody told that it ended: its lease has run out.
    """

    run: Claimed
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    result: str | None = None
    failure: Failure | None = None
    retry_after: timedelta | None = None
    final: bool = False
    log: str = ""
    overdue: bool = False


@dataclass(slots=True, kw_only=True)
class Settlement:
    """What becomes of a run after an attempt. Written only if `token` is still the run's.

    Attributes:
        state: The run's new state; `PENDING` when it is to be tried again.
        attempt: The attempt it closes.
        counted: `False` when the body never began: the attempt is given back.
        run_at: When it may be tried again.
        overdue: Written only if the lease has still run out: its node may have come back and renewed it.
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
    overdue: bool = False


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
