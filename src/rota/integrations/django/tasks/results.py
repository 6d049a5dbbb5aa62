"""Runs as results of Django's tasks. Pure."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from rota.core.records import Attempt, Claimed, Failure, NewRun, Outcome, Run, RunState
from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.arguments import parted
from rota.integrations.django.tasks.errors import NodeLost, NotExecuted

STATUS = {
    RunState.PENDING: api.Status.READY,
    RunState.RUNNING: api.Status.RUNNING,
    RunState.SUCCEEDED: api.Status.SUCCESSFUL,
}  # all others end without a value, and are FAILED


def ready_result(task: Any, run: NewRun) -> Any:
    """Return the result of a run that was enqueued just now."""
    return _result(task, run, api.Status.READY)


def started_result(source: Any, run: Claimed) -> Any:
    """Return the result of a run whose body begins here. What earlier attempts ended with is not in it."""
    waited = _run_after(run.created_at, run.run_at, run.attempt == 1)
    worker = f"{socket.gethostname()}-{os.getpid()}"
    return _result(
        replace(source, run_after=waited),
        run,
        api.Status.RUNNING,
        started_at=run.started_at,
        last_attempted_at=run.started_at,
        worker_ids=[worker] * run.attempt,
    )


def stored_result(task: Any, run: Run, attempts: Sequence[Attempt]) -> Any:
    """Return the result of a run as the store has it.

    Args:
        task: As it was enqueued; see `task_of`.
        attempts: All of the run, first to last.
    """
    tried = [one for one in attempts if one.outcome is not Outcome.RELEASED]
    status = STATUS.get(run.state, api.Status.FAILED)
    result = _result(
        task,
        run,
        status,
        started_at=tried[0].started_at if tried else None,
        last_attempted_at=tried[-1].started_at if tried else None,
        finished_at=run.finished_at,
        worker_ids=[one.node or "" for one in tried],
        errors=_errors(run, tried, status),
    )
    if status == api.Status.SUCCESSFUL:
        object.__setattr__(result, "_return_value", run.result)
    return result


def task_of(source: Any, run: Run, alias: str, queues: set[str]) -> Any:
    """Return the task as it was enqueued.

    An operator may give a run a priority or a queue that Django knows nothing of: the nearest is taken.
    """
    is_first = run.attempt == 0 or (run.attempt == 1 and run.state is not RunState.PENDING)
    return replace(
        source,
        backend=alias,
        priority=max(api.LEAST_PRIORITY, min(api.MOST_PRIORITY, run.priority)),
        queue_name=run.queue if run.queue in queues or not queues else source.queue_name,
        run_after=_run_after(run.created_at, run.run_at, is_first),
    )


def _run_after(created_at: datetime, run_at: datetime, is_first: bool) -> datetime | None:
    """Return when it was to start; after the first attempt `run_at` is the time of a retry."""
    return run_at if is_first and run_at > created_at else None


def _result(task: Any, run: NewRun | Claimed | Run, status: Any, **more: Any) -> Any:
    places, names = parted(run.args)
    unknown: dict[str, Any] = {"started_at": None, "last_attempted_at": None, "finished_at": None}
    lists: dict[str, Any] = {"errors": [], "worker_ids": []}
    return api.TaskResult(
        task=task,
        id=run.id,
        status=status,
        enqueued_at=run.created_at,
        args=places,
        kwargs=names,
        backend=task.backend,
        **{**unknown, **lists, **more},
    )


def _errors(run: Run, attempts: Sequence[Attempt], status: Any) -> list[Any]:
    errors = [_error(one) for one in attempts if one.failure is not None or one.outcome is Outcome.LOST]
    if status == api.Status.FAILED and run.failure is None and run.state is not RunState.FAILED:
        errors.append(_stand_in(NotExecuted(str(run.state), run.reason)))
    return errors


def _error(attempt: Attempt) -> Any:
    failure = attempt.failure
    if failure is None:
        return _stand_in(NodeLost(attempt.node))
    return api.TaskError(exception_class_path=class_path(failure), traceback=failure.traceback)


def _stand_in(error: Exception) -> Any:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return api.TaskError(exception_class_path=kind, traceback=f"{kind}: {error}\n")


def class_path(failure: Failure) -> str:
    """Return the dotted path of the class of an error; Django names `builtins`, too."""
    return failure.kind if "." in failure.kind else f"builtins.{failure.kind}"
