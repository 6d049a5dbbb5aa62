"""Tasks: named callables and commands, with their defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from rota.core.tasks import Body
from rota.declare.arguments import Arguments
from rota.declare.options import TaskOptions
from rota.errors import InvalidValue

P = ParamSpec("P")
R = TypeVar("R")
LOCAL = "local"
OPTIONS = ("delay", "at", "key", "priority", "queue", "connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueOptions:
    """When, in which order and how often a run that the application asks for is to happen.

    Attributes:
        delay: Wait before it may start; a `timedelta` or a text such as `"5m"`.
        at: When it may start, instead of `delay`; aware.
        key: Idempotency key: one key makes one run, for ever. `None`: each call makes a run.
        connection: A database connection of the caller's: the run is made inside its transaction.
    """

    delay: str | timedelta | None = None
    at: datetime | None = None
    key: str | None = None
    priority: int | None = None
    queue: str | None = None
    connection: Any = None


class Enqueue(Protocol):
    """Makes runs of a task, one for each set of arguments, and returns their ids."""

    def __call__(
        self, task: Task[..., Any], batch: Sequence[Mapping[str, Any]], options: EnqueueOptions
    ) -> list[str]: ...


class Task(Generic[P, R]):
    """A named callable with defaults. Calling it calls the function, as ever.

    Attributes:
        name: Unique in its rota.
        function: The function it was made of; `None` for a command.
        options: Its defaults.
        place: Where it is declared, as `module:line`.
        runner: Who executes its runs: `local`, Rota's own workers; or another system.
    """

    runner = LOCAL

    def __init__(
        self,
        name: str,
        body: Body,
        arguments: Arguments,
        options: TaskOptions,
        enqueue: Enqueue,
        place: str,
        function: Callable[P, R] | None = None,
    ) -> None:
        self.name, self.body, self.arguments, self.options = name, body, arguments, options
        self.place, self.function = place, function
        self._enqueue = enqueue
        if function is not None:
            functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.function is None:
            raise InvalidValue("task", self.name, "it is a command, not a function", "Use `.enqueue()`.")
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Task {self.name!r} declared at {self.place}>"

    def enqueue(self, *args: Any, **kwargs: Any) -> str:
        """Make a run of this task now, and return its id.

        `delay`, `at`, `key`, `priority`, `queue` and `connection` are options (`EnqueueOptions`); every
        other argument is the task's. For a task that has an argument of such a name, use `using`.

        Raises:
            InvalidArguments: An argument does not fit the task.
            StoreUnavailable: Nothing was stored, or it is not known: repeat it with a `key`.
        """
        options = {name: kwargs.pop(name) for name in OPTIONS if name in kwargs}
        shadowed = [name for name in options if name in self.arguments.hints]
        if shadowed:
            raise InvalidValue(
                shadowed[0],
                options[shadowed[0]],
                f"it is an argument of task {self.name!r} and an option of enqueue()",
                f"Write task.using(...).enqueue({shadowed[0]}=...) for the argument.",
            )
        return self.using(**options).enqueue(*args, **kwargs)

    def using(self, **options: Any) -> Request[P, R]:
        """Return this task with options for its runs; see `EnqueueOptions`."""
        return Request(self, EnqueueOptions(**options))

    def enqueue_many(self, batch: Iterable[Mapping[str, Any]], **options: Any) -> list[str]:
        """Make one run for each set of arguments, in one transaction, and return their ids in order."""
        return self._enqueue(
            self, [self.arguments.to_json((), one) for one in batch], EnqueueOptions(**options)
        )


@dataclass(frozen=True, slots=True)
class Request(Generic[P, R]):
    """A task with options for its runs."""

    task: Task[P, R]
    options: EnqueueOptions

    def enqueue(self, *args: Any, **kwargs: Any) -> str:
        """Make a run with these arguments of the task, and return its id."""
        task = self.task
        return task._enqueue(task, [task.arguments.to_json(args, kwargs)], self.options)[0]
