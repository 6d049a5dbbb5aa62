"""What the API reads and answers. The same types check requests and describe the API in OpenAPI.

What is answered are plain dictionaries, as `rota.operations.shapes` makes them; these say what is in them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypedDict

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Line = Annotated[str, Meta(max_length=256)]
PageSize = Annotated[int, Meta(ge=1, le=500)]
Moment = Annotated[datetime, Meta(tz=True)]
Args = dict[str, Any]


# -- what is answered
class Pause(TypedDict):
    at: str | None
    by: str
    reason: str
    until: str | None


class Failure(TypedDict):
    kind: str
    message: str
    traceback: str


class Progress(TypedDict):
    done: float
    total: float | None
    note: str | None


class Run(TypedDict):
    id: str
    task: str
    schedule: str | None
    state: str
    origin: str
    planned_at: str | None
    run_at: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    attempt: int
    max_attempts: int
    node: str | None
    queue: str
    priority: int
    args: Any
    result: Any
    failure: Failure | None
    reason: str | None
    count: int
    window_start: str | None
    is_catch_up: bool
    blocked_by: str | None
    parent: str | None
    by: str | None
    cancel_by: str | None
    progress: Progress | None


class Schedule(TypedDict):
    name: str
    id: str
    state: str
    source: str
    task: str
    timetable: str
    words: str
    timezone: str
    next_due: str | None
    queue: str
    tags: list[str]
    description: str
    pause: Pause | None
    quarantine: str | None
    overrides: list[Any]
    revision: int
    cursor: str
    last_success: str | None
    runs_made: int
    active_runs: list[str]
    last_run: Run | None


class AuditLine(TypedDict):
    at: str
    rota: str
    actor: str
    via: str
    action: str
    subject: str
    reason: str
    before: Any
    after: Any


class ScheduleDetail(Schedule):
    declared: dict[str, Any]
    effective: dict[str, Any]
    upcoming: list[str]
    runs: list[Run]
    errors: list[dict[str, Any]]
    audit: list[AuditLine]


class SchedulePage(TypedDict):
    items: list[Schedule]
    next: str | None


class RunPage(TypedDict):
    items: list[Run]
    next: str | None


class Attempt(TypedDict):
    run: str
    attempt: int
    node: str | None
    started_at: str | None
    finished_at: str | None
    outcome: str | None
    failure: Failure | None
    log: str


class Attempts(TypedDict):
    items: list[Attempt]


class Log(TypedDict):
    text: str
    offset: int
    next_offset: int
    is_ended: bool


class Effect(TypedDict, total=False):
    subject: str
    detail: str
    revision: int


class Result(TypedDict):
    action: str
    dry_run: bool
    changed: list[Effect]
    unchanged: list[Effect]


class Bulk(TypedDict):
    action: str
    dry_run: bool
    at: str
    changed: int
    states: dict[str, int]
    unchanged: int
    reasons: dict[str, int]
    runs: list[str]


class MadeRun(TypedDict):
    run: str
    dry_run: bool


class Cancelled(TypedDict):
    cancelled: list[str]
    asked: list[str]
    ended: list[str]
    unknown: list[str]


class Backfill(TypedDict):
    schedule: str
    dry_run: bool
    runs: list[dict[str, str | None]]
    existing: int
    more: bool


class Upcoming(TypedDict):
    schedule: str
    upcoming: list[str]


class Explanation(TypedDict):
    schedule: str
    at: str
    verdict: str
    sentence: str
    facts: dict[str, Any]
    run: Run | None
    previous: str | None
    next: str | None


class Preview(TypedDict):
    timetable: str
    words: str
    timezone: str
    upcoming: list[str]
    runs_per_day: float
    warnings: list[str]


class Task(TypedDict):
    name: str
    description: str
    queue: str
    tags: list[str]
    declared_at: str
    schedules: list[str]
    arguments: dict[str, Any]


class Tasks(TypedDict):
    items: list[Task]


class Node(TypedDict):
    id: str
    host: str
    pid: int
    version: str
    roles: list[str]
    queues: list[str]
    slots: int
    running: int
    generation: int
    clock_offset_seconds: float | None
    started_at: str
    seen_at: str
    draining: bool


class Nodes(TypedDict):
    items: list[Node]


class Audit(TypedDict):
    items: list[AuditLine]


class PlannedRun(TypedDict):
    at: str | None
    schedule: str


class TaskStatistics(TypedDict):
    task: str
    runs: dict[str, int]
    last_run: str
    last_state: str
    last_at: str | None


class Statistics(TypedDict):
    """`upcoming`: within an hour; `tasks`: those of the latest 500 runs, counted from these."""

    now: str
    schedules: dict[str, int]
    runs: dict[str, int]
    oldest_pending: str | None
    last_24_hours: dict[str, int]
    next_due: str | None
    upcoming: list[PlannedRun]
    recent: list[Run]
    tasks: list[TaskStatistics]
    nodes: list[Node]
    trouble: list[Run]


class Token(TypedDict):
    id: str
    label: str
    role: str
    user: str
    created_at: str
    expires_at: str | None
    used_at: str | None


class Tokens(TypedDict):
    items: list[Token]


class NewToken(Token):
    secret: str


class Health(TypedDict):
    status: str
    checks: dict[str, str]


class Ticked(TypedDict):
    ended: dict[str, int]


class Scheduled(TypedDict, total=False):
    scheduled_at: str


class Triggered(TypedDict):
    schedule: str
    run: str | None
    repeated: bool
    executed: bool


# -- what is read
class ScheduleFilter(Struct, forbid_unknown_fields=True):
    """Which schedules, in which order; `after` continues behind a page: its `next`."""

    sort: Annotated[str, Meta(pattern="^(name|-name|next)$")] = "name"
    state: Line | None = None
    source: Annotated[str, Meta(pattern="^(code|user|override)$")] | None = None
    tag: Line | None = None
    task: Line | None = None
    queue: Line | None = None
    text: Line | None = None
    after: Line | None = None
    limit: PageSize = 50


class RunFilter(Struct, forbid_unknown_fields=True):
    """Which runs, newest first; `after` continues behind a page: its `next`."""

    schedule: Line | None = None
    task: Line | None = None
    queue: Line | None = None
    state: list[str] = []
    since: Moment | None = None
    until: Moment | None = None
    after: Line | None = None
    limit: PageSize = 50


class NewSchedule(Struct, forbid_unknown_fields=True):
    """A schedule of a declared task, beside those of the code; `fields` holds more of its definition."""

    name: Name
    task: Name
    timetable: Line
    reason: Reason = ""
    fields: dict[str, Any] = {}


class Fields(Struct, forbid_unknown_fields=True):
    """Fields of a definition, by name."""

    fields: Annotated[dict[str, Any], Meta(min_length=1, max_length=50)]
    reason: Reason = ""
    dry_run: bool = False


class Override(Struct, forbid_unknown_fields=True):
    """Values that win over the declared ones, until `until` or until they are cleared."""

    fields: Annotated[dict[str, Any], Meta(min_length=1, max_length=50)]
    reason: Reason = ""
    until: Moment | None = None
    dry_run: bool = False


class ClearOverride(Struct, forbid_unknown_fields=True):
    """Which fields return to code; none named: all."""

    fields: list[Name] = []
    reason: Reason = ""
    dry_run: bool = False


class Why(Struct, forbid_unknown_fields=True):
    """For the audit."""

    reason: Reason = ""


class PauseRequest(Struct, forbid_unknown_fields=True):
    reason: Reason = ""
    until: Moment | None = None
    dry_run: bool = False


class Because(Struct, forbid_unknown_fields=True):
    reason: Reason = ""
    dry_run: bool = False


class Trigger(Struct, forbid_unknown_fields=True):
    """`args` in the place of the schedule's; one `key` makes one run, for ever."""

    args: Args | None = None
    key: Name | None = None
    reason: Reason = ""
    dry_run: bool = False


class BackfillRequest(Struct, forbid_unknown_fields=True):
    start: Moment
    end: Moment
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    reason: Reason = ""
    dry_run: bool = True


class ManySchedules(Struct, forbid_unknown_fields=True):
    """One action on many schedules; `dry_run` answers the plan."""

    action: Annotated[str, Meta(pattern="^(pause|resume|skip|trigger|reset)$")]
    names: Annotated[list[Name], Meta(min_length=1, max_length=10_000)]
    reason: Reason = ""
    until: Moment | None = None
    dry_run: bool = False


class ManyRuns(Struct, forbid_unknown_fields=True):
    """One action on many runs; `dry_run` answers the plan."""

    action: Annotated[str, Meta(pattern="^(cancel|retry)$")]
    ids: Annotated[list[Name], Meta(min_length=1, max_length=500)]
    reason: Reason = ""
    dry_run: bool = False


class MatchingRuns(Struct, forbid_unknown_fields=True):
    """One action on all runs that match; `dry_run` answers the plan.

    With the `at` of the plan, runs made later are not meant. `undo_retry` and `undo_cancel`, with the filter
    and the `at` of what was done, take it back.
    """

    action: Annotated[str, Meta(pattern="^(retry|cancel|undo_retry|undo_cancel)$")]
    schedule: Line | None = None
    task: Line | None = None
    queue: Line | None = None
    state: list[str] = []
    since: Moment | None = None
    until: Moment | None = None
    at: Moment | None = None
    reason: Reason = ""
    dry_run: bool = False


class Revert(Struct, forbid_unknown_fields=True):
    """Which line of the audit: what it is about, and its `at`."""

    subject: Line
    at: Moment
    reason: Reason = ""
    dry_run: bool = False


class RetryRequest(Struct, forbid_unknown_fields=True):
    args: Args | None = None
    reason: Reason = ""
    dry_run: bool = False


class Enqueue(Struct, forbid_unknown_fields=True):
    args: Args = {}
    at: Moment | None = None
    delay: Line | None = None
    key: Name | None = None
    queue: Name | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] | None = None
    dry_run: bool = False


class At(Struct, forbid_unknown_fields=True):
    at: Moment


class HowMany(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=1000)] = 10
    after: Moment | None = None


class LogWindow(Struct, forbid_unknown_fields=True):
    attempt: Annotated[int, Meta(ge=1, le=1000)] | None = None
    offset: Annotated[int, Meta(ge=0, le=2**53)] = 0


class AuditFilter(Struct, forbid_unknown_fields=True):
    subject: Line | None = None
    limit: PageSize = 50


class PreviewRequest(Struct, forbid_unknown_fields=True):
    timetable: Line
    timezone: Line | None = None
    count: Annotated[int, Meta(ge=1, le=100)] = 10


class NewTokenRequest(Struct, forbid_unknown_fields=True):
    label: Name
    role: Line
    expires: Line | None = None
