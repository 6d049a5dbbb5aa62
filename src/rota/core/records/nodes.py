"""Nodes, audit lines and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rota.core.records.states import Json, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A live process that takes part.

    Attributes:
        roles: Of `scheduler`, `worker`, `dispatcher`, `web`.
        clock_offset: The store's clock minus the node's.
        generation: Of the rota it was started with.
        fingerprint: Of all that it declares.
        patience: How long it waits at its end for what it is running.
        draining: It takes nothing more, and leaves.
        drain_by: Who has asked it to; kept by the store, and no word of the node's own.
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
    fingerprint: str = ""
    clock_offset: timedelta = timedelta(0)
    patience: timedelta = timedelta(0)
    started_at: datetime
    seen_at: datetime
    draining: bool = False
    drain_by: str | None = None


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """The pending runs of one queue; `oldest`: the earliest `run_at` of one that is due."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are of each, now. Kinds without any are left out.

    Attributes:
        schedules: By `ScheduleState`, and `"paused"`.
        runs: By `RunState`.
        tasks: The schedules that need a task, by its name: all but retired ones.
        oldest_pending: The earliest `run_at` of a run that is due and not started.
        queues: What is pending, by queue.
        last_hour: The runs that ended in the last hour, by `RunState`. Hours are counted whole: all since
            the beginning of the hour (UTC) in which it was one hour ago, so up to two hours.
        last_day: Those that ended in the last 24 hours, in the same way: up to 25.
    """

    schedules: Mapping[str, int]
    runs: Mapping[str, int]
    tasks: Mapping[str, int] = field(default_factory=dict)
    oldest_pending: datetime | None = None
    queues: Mapping[str, Waiting] = field(default_factory=dict)
    last_hour: Mapping[str, int] = field(default_factory=dict)
    last_day: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The latest runs, counted: occurrences and other runs, by state.

    Attributes:
        hours: Those made in each hour, by its beginning.
        lately: Those made lately.
        looked_at: How many runs were counted.
        first: When the first of them was made.
    """

    hours: Mapping[datetime, Mapping[RunState, int]]
    lately: Mapping[RunState, int]
    looked_at: int
    first: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The pending runs of one queue and task.

    Attributes:
        late: Those of `count` that could have started long ago.
    """

    queue: str
    task: str
    count: int
    late: int
