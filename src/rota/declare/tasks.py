"""Tasks: named callables and commands, with their defaults."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from rota.core.policies import (
    Backoff,
    Concurrency,
    Crash,
    InvalidPolicy,
    Retry,
    RunPolicy,
    TimeLimit,
    choice,
    duration,
)
from rota.core.tasks import Body, Command
from rota.declare.arguments import Arguments
from rota.declare.limits import MAX_TAGS, checked_name
from rota.errors import InvalidValue

P = ParamSpec("P")
R = TypeVar("R")
EXECUTORS = ("thread", "async", "process")
OPTIONS = ("delay", "at", "key", "priority", "queue", "connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """The defaults of a task, checked. A schedule of the task may set most of them anew."""

    queue: str = "default"
    priority: int = 0
    tags: tuple[str, ...] = ()
    policy: RunPolicy = RunPolicy()
    concurrency: Concurrency | None = None
    executor: str | None = None
    memory_limit: int | None = None
    description: str = ""


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

    def __call__(self, task: Task[..., Any], batch: Sequence[Mapping[str, Any]], options: EnqueueOptions) -> list[str]: ...


class Task(Generic[P, R]):
    """A named callable with defaults. Calling it calls the function, as ever.

    Attributes:
        name: Unique in its rota.
        function: The function it was made of; `None` for a command.
        options: Its defaults.
        place: Where it is declared, as `module:line`.
    """

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
        return self._enqueue(self, [self.arguments.to_json((), one) for one in batch], EnqueueOptions(**options))


@dataclass(frozen=True, slots=True)
class Request(Generic[P, R]):
    """A task with options for its runs."""

    task: Task[P, R]
    options: EnqueueOptions

    def enqueue(self, *args: Any, **kwargs: Any) -> str:
        """Make a run with these arguments of the task, and return its id."""
        task = self.task
        return task._enqueue(task, [task.arguments.to_json(args, kwargs)], self.options)[0]


def run_policy(
    base: RunPolicy,
    *,
    retries: int | None = None,
    backoff: Backoff | str | timedelta | None = None,
    retry_on: Sequence[type[BaseException] | str] | None = None,
    give_up_on: Sequence[type[BaseException] | str] | None = None,
    time_limit: str | timedelta | None = None,
    hard_time_limit: str | timedelta | None = None,
    on_crash: str | None = None,
    start_deadline: str | timedelta | None = None,
) -> RunPolicy:
    """Return `base` with what is given in the place of its own.

    Raises:
        InvalidPolicy: A value is out of range; the message names it.
    """
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int)):
        raise InvalidPolicy("retries", retries, "it must be a whole number, from 0 to 999")
    retry = Retry(
        attempts=base.retry.attempts if retries is None else retries + 1,
        backoff=base.retry.backoff if backoff is None else Backoff.of(backoff),
        retry_on=base.retry.retry_on if retry_on is None else _error_names("retry_on", retry_on),
        give_up_on=base.retry.give_up_on if give_up_on is None else _error_names("give_up_on", give_up_on),
    )
    limit = TimeLimit(
        soft=base.time_limit.soft if time_limit is None else duration("time_limit", time_limit),
        hard=base.time_limit.hard if hard_time_limit is None else duration("hard_time_limit", hard_time_limit),
    )
    return RunPolicy(
        retry=retry,
        time_limit=limit,
        on_crash=base.on_crash if on_crash is None else choice("on_crash", on_crash, Crash),
        start_deadline=base.start_deadline if start_deadline is None else duration("start_deadline", start_deadline),
    )


def concurrency_of(value: Concurrency | str | tuple[str, int] | None) -> Concurrency | None:
    """Return the policy that `value` stands for: a key alone has a limit of one run at a time."""
    if value is None or isinstance(value, Concurrency):
        return value
    if isinstance(value, str):
        return Concurrency(value)
    try:
        return Concurrency(*value)
    except TypeError:
        raise InvalidPolicy("concurrency", value, "write a key, or a pair (key, limit)") from None


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return `tags` without repeats. Raises `InvalidValue` for a text, or more than 20."""
    if isinstance(tags, str):
        raise InvalidValue("tags", tags, "it must be a list of texts", f"Write [{tags!r}].")
    if len(tags) > MAX_TAGS:
        raise InvalidValue("tags", tags, f"there are {len(tags)}; the most is {MAX_TAGS}")
    return tuple(dict.fromkeys(checked_name("tag", tag) for tag in tags))


def checked_priority(value: int) -> int:
    """Return `value` if it is a whole number from -1000 to 1000."""
    if isinstance(value, bool) or not isinstance(value, int) or not -1000 <= value <= 1000:
        raise InvalidPolicy("priority", value, "it must be a whole number from -1000 to 1000")
    return value


def command_body(name: str, command: Command) -> Body:
    """Return the body of a task that is a command."""
    return Body(name=name, call=None, executor="process", command=command)


def _error_names(field: str, errors: Sequence[type[BaseException] | str]) -> tuple[str, ...]:
    if isinstance(errors, str | type):
        errors = [errors]
    names = []
    for one in errors:
        if isinstance(one, str):
            names.append(checked_name(field, one))
        elif isinstance(one, type) and issubclass(one, BaseException):
            names.append(f"{one.__module__}.{one.__qualname__}")
        else:
            raise InvalidPolicy(field, one, "it must hold exception classes, or their names")
    return tuple(names)
