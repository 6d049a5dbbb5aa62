"""`create_retryable`: run now, and if that fails again and again later, by the project's rota."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import connections, transaction

from rota.declare.options import run_policy
from rota.declare.tasks import EnqueueOptions, Task
from rota.errors import InvalidValue
from rota.integrations.django.app import DjangoRota, the_rota
from rota.integrations.django.compat.conf import (
    checked_minutes,
    checked_retries,
    checked_tag,
    compat_conf,
)
from rota.integrations.django.compat.configs import checked_path
from rota.integrations.django.compat.declaring import queue_of, task_of
from rota.operations.enqueueing import requested

R = TypeVar("R")
log = logging.getLogger("rota.compat")
SHOWN = 500  # characters of an error


def create_retryable(
    func: Callable[..., R],
    tag: str | None = None,
    max_retries: int | None = None,
    retry_delay_minutes: float | None = None,
) -> Retryable[R]:
    """Return what executes `func` now, and again later if it fails.

    Call it at the top of a `tasks.py`, or of a module that one imports: the process that retries has to know
    the function too. Later calls may name any function, and any tag, that is known by then.

    Args:
        func: A function at the top of a module, or a static method. It gets its arguments by name.
        tag: For `run_tasks --tag`; default: the setting, as for the others.
        max_retries: How often it is tried again, from 0 to 999.
        retry_delay_minutes: Minutes between two tries; 0 or more.

    Raises:
        InvalidValue: A value can not be used, or other processes do not know `func` or `tag`.
    """
    conf, rota = compat_conf(), the_rota()
    tag = checked_tag("tag", conf.default_tag if tag is None else tag)
    if apps.ready:
        _require_known("func", checked_path(func), rota.registry.tasks)
        _require_known("tag", queue_of(tag), rota.registry.queues())
    retries = conf.default_max_retries if max_retries is None else max_retries
    delay = conf.default_retry_delay if retry_delay_minutes is None else retry_delay_minutes
    made = Retryable(
        func=func,
        tag=tag,
        max_retries=checked_retries("max_retries", retries),
        retry_delay=timedelta(minutes=checked_minutes("retry_delay_minutes", delay)),
        task=task_of(rota, func),
    )
    rota.registry.more_queues.add(queue_of(tag))
    return made


def _require_known(field: str, value: str, known: Container[str]) -> None:
    if value not in known:
        raise InvalidValue(
            field,
            value,
            "it is not known when the project is loaded, and no other process would retry it",
            "Call create_retryable() with it at the top of a tasks.py.",
        )


@dataclass(frozen=True, slots=True)
class Retryable(Generic[R]):
    """A function that is retried; see `create_retryable`."""

    func: Callable[..., R]
    tag: str
    max_retries: int
    retry_delay: timedelta
    task: Task[..., R]

    def execute(self, **kwargs: Any) -> R | None:
        """Call the function, and return its result; `None` if it failed and will be retried.

        The retry is a run of the rota: it outlives this process. Inside `atomic()` it commits or rolls back
        with the caller, and what the function wrote before it failed is undone.

        Raises:
            InvalidArguments: The arguments do not fit, or JSON can not say them. Nothing was called.
            Exception: What the function raised, if `max_retries` is 0.
        """
        rota = the_rota()
        values = self.task.arguments.to_json((), kwargs)
        try:
            with _savepoint(rota.database):
                return self.func(**kwargs)
        except Exception as error:
            if not self.max_retries:
                raise
            problem = f"{type(error).__name__}: {error}"[:SHOWN]
            run = make_retry(
                rota,
                self.task,
                values,
                EnqueueOptions(delay=self.retry_delay, queue=queue_of(self.tag)),
                retries=self.max_retries,
                delay=self.retry_delay,
                reason=f"the first try failed: {problem}",
            )
            log.warning("failed; will be retried", extra={"task": self.task.name, "run": run}, exc_info=True)
            return None


def make_retry(
    rota: DjangoRota,
    task: Task[..., Any],
    values: dict[str, Any],
    options: EnqueueOptions,
    *,
    retries: int,
    delay: timedelta,
    reason: str,
) -> str:
    """Make a run that is tried up to `retries` times, `delay` apart, and return its id."""
    asked = requested(rota.name, task, [values], options, rota.clock.now(), rota.random_bits)
    policy = run_policy(task.options.policy, retries=retries - 1, backoff=delay)
    rota.store.enqueue([replace(asked.pattern, id=asked.ids[0], args=values, policy=policy, reason=reason)])
    return asked.ids[0]


def _savepoint(alias: str) -> AbstractContextManager[object]:
    """Inside `atomic()`, keep an error of the database from spoiling the caller's transaction."""
    return transaction.atomic(using=alias) if connections[alias].in_atomic_block else nullcontext()
