"""Configs and functions become schedules and tasks of the project's rota."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rota.core.policies import CatchUp
from rota.declare.tasks import Task
from rota.errors import DuplicateName, InvalidValue
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.configs import (
    ScheduledTaskConfig,
    checked_path,
    timetable_of,
)

DEFAULT_QUEUE = "default"
# However long no cron line was there: what is due still runs, once.
LATE = CatchUp(window=timedelta(days=400))


def task_of(rota: DjangoRota, func: Callable[..., Any]) -> Task[..., Any]:
    """Return the task of a function, declared at its first mention. Its name is the path of the function.

    Raises:
        InvalidValue: No other process could find the function.
    """
    name = checked_path(func)
    known = rota.registry.tasks.get(name)
    return rota.task(name=name, retries=0)(func) if known is None else known


def declare_config(
    rota: DjangoRota, config: ScheduledTaskConfig, app: str, tag: str, zone: str | None
) -> str:
    """Declare the schedule of a config, and return its name.

    Raises:
        InvalidValue: Another config has this name, or a value can not be used.
    """
    task = task_of(rota, config.func)
    name = config.name or config.path
    try:
        return rota.schedule(
            task,
            timetable_of(config, zone),
            name=name,
            queue=queue_of(tag),
            tags=[*([tag] if tag else []), app_tag(app)],
            catch_up=LATE,
        )
    except DuplicateName as error:
        raise InvalidValue(
            "name",
            name,
            "another scheduled task has this name",
            "Give one of them a name of its own: name='...'.",
        ) from error


def queue_of(tag: str) -> str:
    """Return the queue of what has this tag: `run_tasks --tag` takes from it alone."""
    return tag or DEFAULT_QUEUE


def app_tag(app: str) -> str:
    """Return the tag of all schedules of an app."""
    return f"app:{app}"
