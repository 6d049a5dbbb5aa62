"""The registry of a Django project: bodies that leave no stale connection, and modules that did not load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rota.core.records import Declared
from rota.declare.registry import Registry
from rota.declare.tasks import Task
from rota.errors import RotaError
from rota.integrations.django.connections import tended


class DjangoRegistry(Registry):
    """See `Registry`.

    Attributes:
        broken: What was refused while the modules of the apps were imported, by the name of the module. A
            site is served nevertheless, and `manage.py check` shows all of it; but nothing is put in force:
            what is missing would be retired.
        more_queues: Queues that no task or schedule names, and runs are made for nevertheless.
        followed: Names of the tasks whose runs other back ends of `django.tasks` execute.
    """

    def __init__(self, context_type: type) -> None:
        super().__init__(context_type)
        self.broken: dict[str, RotaError] = {}
        self.more_queues: set[str] = set()
        self.followed: set[str] = set()

    def add(self, task: Task[..., Any]) -> Task[..., Any]:
        """Add a task, its body between two looks at Django's connections. Raises `DuplicateName`."""
        added = super().add(task)
        if added.body.call is not None:
            added.body = replace(added.body, call=tended(added.body.call))
        return added

    def queues(self) -> tuple[str, ...]:
        """Return the queues that are named anywhere, and `default`."""
        return tuple(sorted({*super().queues(), *self.more_queues}))

    def declared(self) -> list[Declared]:
        """Return the schedules, by name. Raises what was refused, if anything was."""
        for error in self.broken.values():
            raise error
        return super().declared()
