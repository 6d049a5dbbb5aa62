"""Count things regularly. The results of the runs are the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from django.db import models

from rota.core.records import RunQuery, RunState
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.errors import InvalidValue
from rota.housekeeping.django.making import made
from rota.housekeeping.django.running import fresh_connections

if TYPE_CHECKING:
    from rota.app import Rota

Number: TypeAlias = int | float
Count: TypeAlias = type[models.Model] | models.QuerySet | Callable[[], Number]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run has counted, and when it ended."""

    at: datetime
    counts: Mapping[str, Number]


def statistics(name: str, counts: Mapping[str, Count]) -> ReadyTask:
    """Return a task that counts; its result is the counts by name.

    Args:
        name: Of the task.
        counts: For each name a model, a queryset, or a function without arguments that returns a number.

    Raises:
        InvalidValue: Something can not be counted.

    Example:
        >>> rota.schedule(statistics("chat", {"users": User, "chats": Chat.objects.all()}), every("6h"))
    """
    if not isinstance(counts, Mapping) or not counts:
        raise InvalidValue("counts", counts, "it must be a dict of names and what to count")
    for key, what in counts.items():
        if not isinstance(what, models.QuerySet) and not callable(what):
            raise InvalidValue(f"counts.{key}", what, "it must be a model, a queryset or a function")

    def count() -> dict[str, Any]:
        with fresh_connections():
            return {key: _counted(what) for key, what in counts.items()}

    return made(name, f"Count: {', '.join(counts)}.", count, caller_place(0))


def figures(rota: Rota, name: str, last: int = 30) -> list[Figures]:
    """Return what the last runs of a task of statistics have counted, newest first.

    Args:
        last: How many. From 1 to 500; older ones are there as long as the history is kept.
    """
    query = RunQuery(rota=rota.name, task=name, states=(RunState.SUCCEEDED,), limit=last)
    found = rota.store.runs(query)
    return [
        Figures(run.finished_at, run.result)
        for run in found
        if isinstance(run.result, dict) and run.finished_at is not None
    ]


def _counted(what: Count) -> Number:
    if isinstance(what, models.QuerySet):
        return int(what.all().count())
    if isinstance(what, type):
        return int(cast("type[Any]", what)._default_manager.count())
    return cast("Number", what())
