"""Schedules: what is declared, what is stored, what planning needs, what a change or a sync does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.policies import CatchUp, Concurrency, Overlap, RunPolicy
from rota.core.records.states import Json, RunState, ScheduleState, Source

if TYPE_CHECKING:
    from rota.core.records.runs import NewRun


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
    """Why a schedule does not fire for a while. An occurrence in `[start, until)` never runs.

    Attributes:
        start: When it begins. It is planned while that lies ahead: until then the schedule fires as ever.
        until: When it ends by itself; `None`: it is to be resumed.
    """

    start: datetime
    by: str
    reason: str
    until: datetime | None = None

    def has_begun(self, now: datetime) -> bool:
        """Say whether it is in force, and not only planned."""
        return self.start <= now

    def holds(self, instant: datetime) -> bool:
        """Say whether `instant` lies inside it."""
        return self.start <= instant and (self.until is None or instant < self.until)


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
        active: Its pending and running runs, oldest first; where its overlap policy does not mind them,
            20 of them at most.
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


@dataclass(slots=True, kw_only=True)  # see `NewRun`
class DueSchedule:
    """A schedule that has to be looked at, as planning needs it.

    Attributes:
        active: Oldest first; of a schedule whose overlap policy does not mind them perhaps none.
    """

    id: str
    rota: str
    name: str
    definition: Definition
    revision: int
    cursor: datetime
    runs_made: int = 0
    pause: Pause | None = None
    active: tuple[ActiveRun, ...] = ()


@dataclass(slots=True, kw_only=True)  # see `NewRun`
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one schedule, to be applied if it still has this `revision` and this cursor.

    Attributes:
        cursor_was: Its cursor when the change was computed: a tick since then has decided what the change
            decides too. `None`: whatever it is.
        after: The schedule as it shall be. Its `revision` is one more than `revision`.
        runs: Runs and records of non-runs that the change brings with it.
        cancel: Active runs to ask to stop.
    """

    revision: int
    after: Schedule
    cursor_was: datetime | None = None
    runs: tuple[NewRun, ...] = ()
    cancel: tuple[str, ...] = ()


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
