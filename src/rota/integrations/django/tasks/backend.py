"""The back end: what `TASKS` names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.utils import timezone

from rota.declare.tasks import EnqueueOptions
from rota.integrations.django.app import the_rota
from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.adopting import AdoptedTask, RotaTask, adopt, adopted
from rota.integrations.django.tasks.options import problems_with
from rota.integrations.django.tasks.results import ready_result, stored_result, task_of


class RotaBackend(api.BaseTaskBackend):
    """Stores tasks as runs of the rota of the project, in the transaction of the caller.

    A task is refused by Django's own rules (`validate_task`), and what it is called with by its signature.
    """

    task_class = RotaTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        the_rota().registry.more_queues |= self.queues  # the workers of this process serve them

    def validate_task(self, task: Any) -> None:
        """Check a task when it is declared, and let the workers of this process know it."""
        super().validate_task(task)
        self._adopted(task)

    def enqueue(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Make a run, and return its result, which is `READY`.

        Raises:
            InvalidArguments: The task can not be called with these, or they are too large.
            TypeError: JSON can not say one of them.
        """
        self.validate_task(task)
        rota = the_rota()
        if rota.is_eager:
            return self._called(task, args, kwargs)
        known = self._adopted(task)
        places, names = api.normalize_json(list(args)), api.normalize_json(dict(kwargs))
        runs = rota.store_runs(known, [known.arguments.to_json(tuple(places), names)], _options(task))
        result = ready_result(task, replace(runs.pattern, id=runs.ids[0], args=runs.args[0]))
        api.task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> Any:
        """Return what became of a run. Raises `TaskResultDoesNotExist`, as for a run that was purged."""
        rota = the_rota()
        run = rota.store.run(result_id) if _is_id(result_id) else None
        known = None if run is None or run.rota != rota.name else adopted(rota, run.task)
        if run is None or known is None:
            raise api.TaskResultDoesNotExist(result_id)
        attempts = rota.store.attempts(result_id) if run.attempt else []
        return stored_result(task_of(known.source, run, self.alias, self.queues), run, attempts)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Return what is wrong with this entry of `TASKS`."""
        return [*super().check(**kwargs), *self._problems()]

    def _problems(self) -> Iterator[CheckMessage]:
        where = f"TASKS[{self.alias!r}]"
        if not apps.is_installed("rota.integrations.django"):
            hint = 'Add "rota.integrations.django" to INSTALLED_APPS.'
            yield Error(
                f"{where}: the application of this back end is not installed.", hint=hint, id="rota.E007"
            )
        for problem in problems_with(self.options):
            yield Error(f"{where}: {problem}", id="rota.E008")
        if not self.queues:
            yield Warning(
                f"{where}: QUEUES is empty: any queue will do, but a worker serves the queues it knows.",
                hint='Name them, or give each worker its own: manage.py rota worker --queue "mail".',
                id="rota.W006",
            )

    def _adopted(self, task: Any) -> AdoptedTask:
        return adopt(the_rota(), task, self.options)

    def _called(self, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Execute a task at once, by Django's own back end for that."""
        at_once = api.ImmediateBackend(alias=self.alias, params={"QUEUES": self.queues})
        return at_once.enqueue(replace(task, run_after=None), args, kwargs)


def _options(task: Any) -> EnqueueOptions:
    at = task.run_after
    if at is not None and timezone.is_naive(at):  # USE_TZ is False
        at = timezone.make_aware(at)
    return EnqueueOptions(at=at, priority=task.priority, queue=task.queue_name)


def _is_id(text: object) -> bool:
    """Say whether this may be the id of a run: PostgreSQL refuses to look for anything else."""
    try:
        return isinstance(text, str) and str(UUID(text)) == text
    except ValueError:
        return False
