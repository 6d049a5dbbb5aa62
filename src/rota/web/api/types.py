"""What the API answers: plain dictionaries, as `rota.operations.shapes` makes them, and what is in them.

What callers send is in `asked.py`. Both check, and describe the API in OpenAPI.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Pause(TypedDict):
    start: str | None
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
    runner: str | None
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
    runner: str
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
    drain_by: str | None
    drain_timeout_seconds: float | None


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


class AlertChannel(TypedDict):
    name: str
    address: str
    schedule: str
    looked_at: str | None
    going_on: int
    sent_at: str | None
    sent_by: str | None
    told: list[str]
    problem: str | None
    problem_run: str | None


class Alerts(TypedDict):
    channels: list[AlertChannel]
    on: list[str]
    hosts: list[str]
    web_url: str | None


class TestedAlert(TypedDict):
    channel: str
    address: str
    sent: bool
    problem: str | None


class TestedAlerts(TypedDict):
    items: list[TestedAlert]


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
