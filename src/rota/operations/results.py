"""What operations answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rota.core.records import AuditLine, Json, PastError, Run, RunState, Schedule


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation does, or did, to one subject.

    Attributes:
        subject: Name of the schedule, or id of the run.
        done: Whether it changes anything.
        detail: What, or why not, in words.
    """

    subject: str
    done: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an operation on several subjects does, or did.

    Attributes:
        action: Its name, such as `pause`.
        dry_run: Nothing was done: this is the plan.
        revisions: Of each schedule that was changed, afterwards.
    """

    action: str
    dry_run: bool
    effects: tuple[Effect, ...]
    revisions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule as a list shows it.

    Attributes:
        state: Its `ScheduleState`, or `"paused"`.
        words: Its timetable in words.
        zone: Name of the zone that its times are shown in.
        runner: Who executes its runs; `None`: the code that is loaded here does not declare its task.
        next_due: The next occurrence that will run; `None`: none is foreseen.
        last: Its latest run, or record of a non-run.
    """

    schedule: Schedule
    state: str
    words: str
    zone: str
    runner: str | None
    next_due: datetime | None
    last: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field of a schedule: what is declared, what an operator says, and what holds."""

    field: str
    declared: Json
    effective: Json
    override: Json = None
    overridden: bool = False
    author: str = ""
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDetail:
    """Everything about one schedule."""

    view: ScheduleView
    fields: tuple[FieldView, ...]
    upcoming: tuple[datetime, ...]
    runs: tuple[Run, ...]
    errors: tuple[PastError, ...]
    audit: tuple[AuditLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What a backfill makes, or made.

    Attributes:
        runs: Due times that get a run, and the ids of these, oldest first.
        existing: How many occurrences have a run already.
        more: The limit was reached: there are more.
    """

    schedule: str
    dry_run: bool
    runs: tuple[tuple[datetime, str], ...]
    existing: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """What an action on all runs that match does, or did.

    Attributes:
        action: `retry`, `cancel`, `undo_retry` or `undo_cancel`.
        at: When it was planned. Runs made later are not meant.
        states: How many runs it changes, by the state they were in.
        left: How many others are left alone, by the reason.
        shown: The newest of those it changes, up to 100.
    """

    action: str
    dry_run: bool
    at: datetime
    states: Mapping[RunState, int]
    left: Mapping[str, int]
    shown: tuple[Run, ...]

    @property
    def changed(self) -> int:
        return sum(self.states.values())

    @property
    def unchanged(self) -> int:
        return sum(self.left.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an occurrence ran, ran late, or did not run.

    Attributes:
        verdict: One word: `ran`, `running`, `pending`, `skipped`, `missed`, `expired`, `cancelled`, `failed`,
            `planned`, `paused`, `due`, `no_occurrence`, `before`, `finished`, `retired`, `quarantined`,
            `purged` or `unknown`.
        sentence: The answer.
        facts: What it was read from, by name.
        run: The run, or the record of the non-run.
        previous, next: The nearest occurrences by the definition in force.
    """

    schedule: str
    at: datetime
    verdict: str
    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)
    run: Run | None = None
    previous: datetime | None = None
    next: datetime | None = None
