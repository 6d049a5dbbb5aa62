"""Look at retries and errors in the words of the home-made tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rota.core.records import Attempt, PastError, Run, RunQuery, RunState
from rota.errors import InvalidValue
from rota.integrations.django.app import the_rota
from rota.integrations.django.compat.configs import path_of
from rota.integrations.django.compat.declaring import DEFAULT_QUEUE
from rota.operations.history import attempts
from rota.operations.lookups import every_run, schedule_named

LAST = 5  # errors
STATUSES = {
    "pending": (RunState.PENDING,),
    "running": (RunState.RUNNING,),
    "completed": (RunState.SUCCEEDED,),
    "failed": (RunState.FAILED, RunState.CANCELLED, RunState.EXPIRED),
}
STATUS_OF = {state: status for status, states in STATUSES.items() for state in states}


@dataclass(frozen=True, slots=True)
class PastFailure:
    """An error, and when it came."""

    timestamp: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTask:
    """A durable retry: a run that `Retryable.execute` made when the first try failed.

    Attributes:
        id: Of the run: `manage.py rota runs`, `logs` and `cancel` know it.
        function_path: Of the function.
        status: `pending`, `running`, `completed` or `failed`.
        kwargs: What the function gets.
        retry_count: Tries so far, after the first one.
        next_run_time: When it may be tried again; `None`: it has ended.
        error_history: The last five errors of the retries, newest first.
    """

    id: str
    function_path: str
    tag: str
    status: str
    kwargs: dict[str, Any]
    retry_count: int
    max_retries: int
    next_run_time: datetime | None
    error_history: tuple[PastFailure, ...]


def retry_tasks(
    func: Callable[..., Any] | None = None, status: str | None = None, limit: int = 50
) -> list[RetryTask]:
    """Return durable retries, newest first.

    Args:
        func: Of this function alone.
        status: In this status alone.

    Raises:
        InvalidValue: There is no such status.
    """
    if status is not None and status not in STATUSES:
        raise InvalidValue("status", status, f"choose one of {', '.join(STATUSES)}")
    rota = the_rota()
    states = STATUSES[status] if status else tuple(STATUS_OF)
    query = RunQuery(task=path_of(func) if func else None, states=states)
    runs = (run for run in every_run(rota, query, 100 * limit) if run.schedule_id is None)
    return [_shown(run, attempts(rota, run.id)) for run, _ in zip(runs, range(limit), strict=False)]


def last_errors(task: Callable[..., Any] | str) -> list[PastFailure]:
    """Return the last five errors of a scheduled task, newest first. They outlive its runs.

    Args:
        task: Its function, or its name.

    Raises:
        UnknownSchedule: It has not been synced.
    """
    rota = the_rota()
    name = task if isinstance(task, str) else path_of(task)
    found: list[PastError] = rota.store.past_errors(schedule_named(rota, name).id)
    return [PastFailure(one.at, f"{one.failure.kind}: {one.failure.message}") for one in found[:LAST]]


def _shown(run: Run, tries: list[Attempt]) -> RetryTask:
    failures = [
        PastFailure(one.finished_at, f"{one.failure.kind}: {one.failure.message}")
        for one in reversed(tries)
        if one.failure is not None and one.finished_at is not None
    ]
    return RetryTask(
        id=run.id,
        function_path=run.task,
        tag="" if run.queue == DEFAULT_QUEUE else run.queue,
        status=STATUS_OF[run.state],
        kwargs=dict(run.args),
        retry_count=run.attempt,
        max_retries=run.policy.retry.attempts,
        next_run_time=run.run_at if run.state is RunState.PENDING else None,
        error_history=tuple(failures[:LAST]),
    )
