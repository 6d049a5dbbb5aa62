"""Which runner executes what: the task of a run says so, and the code that is loaded knows the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.declare.tasks import LOCAL
from rota.errors import InvalidValue

if TYPE_CHECKING:
    from rota.app import Rota


def runners(rota: Rota) -> list[str]:
    """Return the runners of the tasks that the code declares, `local` first."""
    found = {task.runner for task in rota.registry.tasks.values()} | {LOCAL}
    return sorted(found, key=lambda one: (one != LOCAL, one))


def are_several(rota: Rota) -> bool:
    """Say whether there are several: while there is only one, it is worth no word."""
    return any(task.runner != LOCAL for task in rota.registry.tasks.values())


def runner_of(rota: Rota, task: str) -> str | None:
    """Return who executes the runs of a task, now and before: a task for another runner has another name.

    `None`: the code that is loaded here does not declare it.
    """
    known = rota.registry.tasks.get(task)
    return None if known is None else known.runner


def tasks_of(rota: Rota, runner: str | None) -> tuple[str, ...] | None:
    """Return the tasks that a runner executes, for a query; `None`: whichever they are.

    Raises:
        InvalidValue: No declared task has this runner.
    """
    if runner is None:
        return None
    known = runners(rota)
    if runner not in known:
        raise InvalidValue("runner", runner, f"choose one of {', '.join(known)}")
    return tuple(sorted(name for name, task in rota.registry.tasks.items() if task.runner == runner))
