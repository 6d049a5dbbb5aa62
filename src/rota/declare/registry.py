"""The registry of one rota: its tasks and its schedules."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from rota.core.records import Declared
from rota.core.tasks import Body
from rota.declare.arguments import Arguments
from rota.declare.limits import checked_name
from rota.declare.options import TaskOptions
from rota.declare.tasks import Enqueue, Task
from rota.errors import DuplicateName, InvalidValue, UnknownTask


@dataclass(frozen=True, slots=True)
class Placed:
    """A declared schedule, and where it is declared, as `module:line`."""

    declared: Declared
    place: str


class Registry:
    """What an application declares: the single source of truth.

    Args:
        context_type: A parameter annotated with this type takes the run context.
    """

    def __init__(self, context_type: type) -> None:
        self._context_type = context_type
        self.tasks: dict[str, Task[..., Any]] = {}
        self.schedules: dict[str, Placed] = {}
        self._changed()

    def _changed(self) -> None:
        """Forget what was worked out from all that is declared: it may be ten thousand schedules."""
        self._fingerprint: str | None = None
        self._tags: frozenset[str] | None = None
        self._queues: tuple[str, ...] | None = None

    def add_function(
        self,
        function: Callable[..., Any],
        name: str | None,
        options: TaskOptions,
        enqueue: Enqueue,
        place: str | None = None,
    ) -> Task[..., Any]:
        """Declare a function as a task.

        Args:
            place: Where it is declared, as `module:line`; default: where the function is.

        Raises:
            DuplicateName: Another task has this name.
            InvalidValue: The name, the signature or the executor can not be used.
        """
        if isinstance(function, Task):
            raise InvalidValue("task", function.name, f"it is a task already, declared at {function.place}")
        name = checked_name("task name", function.__name__ if name is None else name)
        arguments = Arguments.of(name, function, self._context_type)
        body = Body(
            name=name,
            call=function,
            executor=executor_of(name, function, reference(function), options),
            reference=reference(function),
            wants_context=arguments.context,
            memory_limit=options.memory_limit,
            prepare=None if arguments.is_plain else arguments.from_json,
        )
        return self.add(Task(name, body, arguments, options, enqueue, place or place_of(function), function))

    def add(self, task: Task[..., Any]) -> Task[..., Any]:
        """Add a task. Raises `DuplicateName`."""
        known = self.tasks.get(task.name)
        if known is not None and known is not task:
            raise DuplicateName("task", task.name, known.place, task.place)
        self.tasks[task.name] = task
        self._changed()
        return task

    def add_schedule(self, placed: Placed) -> None:
        """Add a schedule. Raises `DuplicateName`."""
        name = placed.declared.name
        known = self.schedules.get(name)
        if known is not None:
            raise DuplicateName("schedule", name, known.place, placed.place)
        self.schedules[name] = placed
        self._changed()

    def forget(self, name: str) -> None:
        """Take back the task of that name, with its schedules: for what a setting declares. Or do nothing."""
        if self.tasks.pop(name, None) is None:
            return
        self.schedules = {
            key: one for key, one in self.schedules.items() if one.declared.definition.task != name
        }
        self._changed()

    def task(self, name: str) -> Task[..., Any]:
        """Return the task of that name. Raises `UnknownTask`, with names that look like it."""
        try:
            return self.tasks[name]
        except KeyError:
            raise UnknownTask(name, list(self.tasks), f"{len(self.tasks)} tasks are declared.") from None

    def body(self, name: str) -> Body:
        """Return what a runner needs of the task of that name. Raises `UnknownTask`."""
        return self.task(name).body

    def include(self, other: Registry, *, but: str) -> None:
        """Add all that `other` declares, but names that begin with `but`. Raises `DuplicateName`."""
        for name, task in other.tasks.items():
            if not name.startswith(but):
                self.add(task)
        for name, placed in other.schedules.items():
            if not name.startswith(but) and self.schedules.get(name) is not placed:
                self.add_schedule(placed)

    def declared(self) -> list[Declared]:
        """Return the schedules, by name."""
        return [self.schedules[name].declared for name in sorted(self.schedules)]

    def fingerprint(self) -> str:
        """Return a hash of every schedule: two releases that declare the same have the same."""
        import msgspec  # on first use: `import rota` does without it

        if self._fingerprint is None:
            texts = msgspec.json.encode(self.declared(), order="deterministic")
            self._fingerprint = blake2b(texts, digest_size=16).hexdigest()
        return self._fingerprint

    def tags(self) -> frozenset[str]:
        """Return the tags that schedules have."""
        if self._tags is None:
            self._tags = frozenset(
                tag for placed in self.schedules.values() for tag in placed.declared.definition.tags
            )
        return self._tags

    def queues(self) -> tuple[str, ...]:
        """Return the queues that tasks and schedules name, and `default`."""
        if self._queues is None:
            named = {task.options.queue for task in self.tasks.values()}
            named |= {placed.declared.definition.queue for placed in self.schedules.values()}
            self._queues = tuple(sorted(named | {"default"}))
        return self._queues


def discover(packages: Iterable[str], module: str = "tasks") -> list[str]:
    """Import the module `tasks` of each package that has one; return the names of those imported.

    Raises:
        InvalidValue: A package can not be found.
    """
    imported = []
    for package in packages:
        try:
            found = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            found = None
        if found is None:
            raise InvalidValue(
                "package", package, "it can not be imported", "Is it installed, and on sys.path?"
            )
        name = f"{package}.{module}"
        if found.submodule_search_locations is not None and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
            imported.append(name)
    return imported


def caller_place(depth: int) -> str:
    """Return where the caller's caller stands, as `module:line`; `depth` more frames up."""
    frame = sys._getframe(depth + 2)
    return f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno}"


def reference(function: Callable[..., Any]) -> str | None:
    """Return `module:qualname` if another process can import `function` by it, else `None`."""
    name = getattr(function, "__qualname__", "")
    module = getattr(function, "__module__", None)
    if not name or "<" in name or module in (None, "__main__"):
        return None
    return f"{module}:{name}"


def place_of(function: Callable[..., Any]) -> str:
    """Return where `function` is defined, as `module:line`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{function.__module__}:{code.co_firstlineno}" if code else f"{function.__module__}"


def executor_of(name: str, function: Callable[..., Any], importable: str | None, options: TaskOptions) -> str:
    """Return which executor a task has: the one it asks for, or the one that fits.

    Args:
        importable: Its `reference`.

    Raises:
        InvalidValue: The one it asks for can not execute it.
    """
    is_async = inspect.iscoroutinefunction(function)
    wanted = options.executor
    if wanted is None:
        if is_async:
            return "async"
        # Only a process can be killed; a function that no other process can import stays in a thread.
        needs_process = options.policy.time_limit.hard is not None or options.memory_limit is not None
        return "process" if needs_process and importable else "thread"
    if wanted == "async" and not is_async:
        raise InvalidValue("executor", wanted, f"task {name!r} is not a coroutine function")
    if wanted == "thread" and is_async:
        raise InvalidValue(
            "executor", wanted, f"task {name!r} is a coroutine function; it needs 'async' or 'process'"
        )
    if wanted == "process" and importable is None:
        raise InvalidValue(
            "executor",
            wanted,
            f"task {name!r} can not be imported by another process",
            "Move the function to the top of a module.",
        )
    return wanted


def first_line(function: Callable[..., Any]) -> str:
    """Return the first line of a function's docstring, or an empty text."""
    lines = (function.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else ""
