"""Tasks of Django's as tasks of the rota: one for each function.

It is named by its dotted path, and by its back end if that is another one. A worker executes only what it
knows, and no name that was stored is ever imported: so a task is adopted when it is declared, which is when
the module `tasks` of its app is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rota.core.tasks import Body
from rota.declare.limits import checked_name
from rota.declare.registry import executor_of, first_line, place_of, reference
from rota.declare.tasks import Task
from rota.errors import InvalidValue
from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.arguments import TaskArguments
from rota.integrations.django.tasks.bodies import body_here, body_there
from rota.integrations.django.tasks.finishing import tell_finished
from rota.integrations.django.tasks.options import checked_options

if TYPE_CHECKING:
    from rota.integrations.django.app import DjangoRota

# How the runs of a task are executed.
HERE = "here"  # by the workers of Rota
THERE = "there"  # by its own back end, at once, while a worker waits
FOLLOWED = "followed"  # by its own back end, which is asked from time to time


class AdoptedTask(Task[..., Any]):
    """A task of the rota that is a task of Django's.

    Attributes:
        source: What the project has declared.
        way: `HERE`, `THERE` or `FOLLOWED`.
    """

    source: Any
    way: str


class RotaTask(api.Task):
    """A task of Django's that a process of its own can find again."""

    __slots__ = ()

    @property
    def body(self) -> Body:
        """What a process of the local runner executes under the name of this task."""
        from rota.integrations.django.app import the_rota

        return adopt(the_rota(), self).body


def adopt(rota: DjangoRota, source: Any, options: Mapping[str, Any] | None = None) -> AdoptedTask:
    """Return the task of the rota for a task of Django's, declared now or before.

    Args:
        options: What its back end says of all tasks.

    Raises:
        DuplicateName: Another task has its dotted path as a name.
        InvalidValue: An option can not be used.
    """
    way = way_of(source)
    name = source.module_path if way == HERE else f"{source.module_path}@{source.backend}"
    known = rota.registry.tasks.get(name)
    if isinstance(known, AdoptedTask) and known.function is source.func:
        return known
    made = _made(rota, source, checked_name("task name", name), way, options or {})
    rota.registry.add(made)
    if way == HERE:
        tell_finished(rota)
    elif way == FOLLOWED:
        rota.registry.followed.add(name)
    return made


def _made(rota: DjangoRota, source: Any, name: str, way: str, given: Mapping[str, Any]) -> AdoptedTask:
    function = source.func
    checked = checked_options(
        {"retries": rota.settings.default_retries, **given},
        queue=source.queue_name,
        priority=source.priority,
        description=first_line(function),
    )
    call = body_there(source) if way == THERE else body_here(source)
    is_findable = isinstance(source, RotaTask) and reference(function) is not None
    place = reference(function) if is_findable else None
    body = Body(
        name=name,
        call=call,
        executor=executor_of(name, call, place, checked),
        reference=place,
        memory_limit=checked.memory_limit,
    )
    arguments = TaskArguments.of_function(name, function, takes_context=source.takes_context)
    made = AdoptedTask(name, body, arguments, checked, rota._enqueue, place_of(function), function)
    made.source, made.way = source, way
    if way != HERE:
        made.runner = f"django.tasks:{source.backend}"
    return made


def declared_task(rota: DjangoRota, given: Any) -> AdoptedTask:
    """Return the task of the rota for what `rota.schedule` was given.

    Raises:
        InvalidValue: It is no task.
    """
    if not isinstance(given, api.Task):
        hint = "Declare the function with @rota.task, or with @task of django.tasks."
        raise InvalidValue("task", given, "it must be a task, or the name of one", hint)
    backend = given.get_backend()
    return adopt(rota, given, backend.options if _is_ours(backend) else None)


def way_of(source: Any) -> str:
    """Say how the runs of a task are executed, which depends on the back end that it names."""
    backend = source.get_backend()
    if _is_ours(backend):
        return HERE
    return FOLLOWED if backend.supports_get_result else THERE


def _is_ours(backend: Any) -> bool:
    from rota.integrations.django.tasks.backend import RotaBackend

    return isinstance(backend, RotaBackend)


def adopted(rota: DjangoRota, name: str) -> AdoptedTask | None:
    """Return the task of that name, if it is one of Django's."""
    found = rota.registry.tasks.get(name)
    return found if isinstance(found, AdoptedTask) else None
