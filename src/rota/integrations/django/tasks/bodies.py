"""What a worker executes for a task of Django's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rota.integrations.django.tasks import api
from rota.integrations.django.tasks.arguments import parted
from rota.integrations.django.tasks.errors import FailedElsewhere, NotFollowed
from rota.integrations.django.tasks.results import started_result
from rota.runners.local.context import current

if TYPE_CHECKING:
    from rota.core.records import Json


def body_here(source: Any) -> Callable[..., Any]:
    """Return a function that executes a task as Django asks of a back end.

    The signal `task_started` is sent, the context is handed over if the task takes it, and what it returns is
    made JSON.
    """
    function = source.func
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(**stored: Json) -> Any:
            result, places, names = _opened(source, stored)
            await api.task_started.asend(_sender(source), task_result=result)
            return api.normalize_json(await function(*places, **names))

        return coroutine

    @functools.wraps(function)
    def body(**stored: Json) -> Any:
        result, places, names = _opened(source, stored)
        api.task_started.send(_sender(source), task_result=result)
        return api.normalize_json(function(*places, **names))

    return body


def _opened(source: Any, stored: dict[str, Json]) -> tuple[Any, list[Any], dict[str, Any]]:
    """Return the result as it stands, and the arguments of the function."""
    voice = current.get()
    assert voice is not None, "a body is only called by a runner"
    places, names = parted(stored)
    result = started_result(source, voice.run)
    if source.takes_context:
        places = [api.TaskContext(task_result=result), *places]
    return result, places, names


def _sender(source: Any) -> type:
    return type(source.get_backend())


def body_there(source: Any) -> Callable[..., Any]:
    """Return a function that enqueues a task on its own back end, which has executed it by then.

    Raises:
        FailedElsewhere: The task failed there.
        NotFollowed: It has not ended, and the back end can not be asked for its result later.
    """

    def body(**stored: Json) -> Any:
        places, names = parted(stored)
        result = source.enqueue(*places, **names)
        if not result.is_finished:
            raise NotFollowed(source.module_path, source.backend)
        if result.status == api.Status.FAILED:
            error = result.errors[-1]
            raise FailedElsewhere(source.backend, error.exception_class_path, error.traceback)
        return result.return_value

    return functools.update_wrapper(body, source.func, updated=())
