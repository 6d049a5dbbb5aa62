"""The wiring: class `Rota` joins the registry, the settings, a store, a clock and the runtime."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, overload

from rota import settings as settings_
from rota.core.ids import time_id
from rota.core.localtime import zone_named
from rota.core.policies import Backoff, Concurrency
from rota.core.records import Declared, Definition
from rota.core.timetables import Timetable
from rota.declare.arguments import Arguments
from rota.declare.commands import any_arguments, checked_command, command_body
from rota.declare.limits import checked_name
from rota.declare.options import SHARED, Span, TaskOptions, definition, task_options
from rota.declare.ready import ReadyTask
from rota.declare.registry import Placed, Registry, caller_place, discover, first_line
from rota.declare.tasks import EnqueueOptions, Task
from rota.errors import InvalidValue
from rota.housekeeping import OWN
from rota.housekeeping.history import declare_purge
from rota.runners.local.context import RunContext
from rota.runtime.clock import StoreClock
from rota.runtime.events import Event, Events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from rota.core.records import AlikeRuns, SyncPlan
    from rota.ports import Clock, Runner, Store
    from rota.runtime.node import Node
    from rota.runtime.onepass import Pass

P = ParamSpec("P")
R = TypeVar("R")
Errors = Sequence[type[BaseException] | str]


class Rota:
    """The registry an application declares in code, and the way to its store.

    Declaring connects to nothing: the store is opened at the first use.

    Args:
        name: Unique among the rotas that share a store; 1 to 200 characters.
        timezone: Zone of timetables that name none; default: the setting, and without it UTC.
        store: URL of the store; default: the setting (`ROTA_STORE`, `sqlite:///rota.db`).
        clock: For tests: tells the time in the place of the store.
        housekeeping: Declare the internal schedules: the purge of history, and alerts if they are set.
        settings: More values that win over `pyproject.toml` and the environment; see `Settings`.

    Raises:
        InvalidValue: A value can not be used; the message names it.
    """

    registry_type = Registry
    # What each process that the local runner starts calls first, as `module:function`.
    child_setup: str | None = None
    # Puts another runner beside the local one of a node.
    beside: Callable[[Runner, Clock], Runner] | None = None

    def __init__(
        self,
        name: str,
        *,
        timezone: str | None = None,
        store: str | None = None,
        clock: Clock | None = None,
        housekeeping: bool = True,
        **settings: Any,
    ) -> None:
        self.name = checked_name("rota", name)
        self.registry = self.registry_type(RunContext)
        self.events = Events()
        self._given = {"timezone": timezone, "store": store, **settings}
        self._clock = clock
        # Of ids. A test that is to be the same each time gives its own.
        self.random_bits: Callable[[int], int] = random.SystemRandom().getrandbits
        self._eager: ContextVar[bool] = ContextVar(f"rota-eager-{name}", default=False)
        if timezone is not None:
            zone_named(timezone)
        self._housekeeping, self._has_alerts = housekeeping, False
        if housekeeping:
            declare_purge(self)

    def __repr__(self) -> str:
        tasks, schedules = len(self.registry.tasks), len(self.registry.schedules)
        return f"<Rota {self.name!r}: {tasks} tasks, {schedules} schedules>"

    # -- what it works with
    @cached_property
    def settings(self) -> settings_.Settings:
        """The settings that hold here. Read once, at the first use; what they declare is declared then."""
        return self._in_force(settings_.load(self._given))

    def _in_force(self, settings: settings_.Settings) -> settings_.Settings:
        """Declare what settings declare: the schedules of alerts."""
        self.__dict__["settings"] = settings  # declaring reads them
        if self._housekeeping and (settings.alerts or self._has_alerts):
            from rota.alerts.task import declare_alerts

            declare_alerts(self, settings)
            self._has_alerts = True
        return settings

    def configure(self, **given: Any) -> None:
        """Let these settings win over all others. Only before the first use.

        Raises:
            InvalidValue: The store is open already.
        """
        if "store" in self.__dict__:
            raise InvalidValue(
                "settings", sorted(given), "the store is open already; configure before the first use"
            )
        self._given |= {name: value for name, value in given.items() if value is not None}
        self.__dict__.pop("settings", None)

    @property
    def timezone(self) -> str:
        """Name of the zone of timetables that name none."""
        return self.settings.timezone or "UTC"

    @cached_property
    def store(self) -> Store:
        """The store, opened at the first use."""
        from rota.stores import open_store

        return open_store(self.settings.store)

    @cached_property
    def clock(self) -> Clock:
        """Tells the store's time."""
        return self._clock or StoreClock(self.store.clock)

    def close(self) -> None:
        """Close the store, if it is open."""
        store = self.__dict__.pop("store", None)
        self.__dict__.pop("clock", None)
        if store is not None:
            store.close()

    # -- tasks
    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def task(self, function: ReadyTask, /, *, name: str | None = ..., **options: Any) -> Task[..., Any]: ...
    @overload
    def task(
        self,
        /,
        *,
        name: str | None = ...,
        queue: str = ...,
        priority: int = ...,
        tags: Sequence[str] = ...,
        retries: int | None = ...,
        backoff: Backoff | Span | None = ...,
        retry_on: Errors | None = ...,
        give_up_on: Errors | None = ...,
        time_limit: Span | None = ...,
        hard_time_limit: Span | None = ...,
        on_crash: str | None = ...,
        start_deadline: Span | None = ...,
        concurrency: Concurrency | str | tuple[str, int] | None = ...,
        executor: str | None = ...,
        memory_limit: int | None = ...,
        description: str | None = ...,
    ) -> Callable[[Callable[P, R]], Task[P, R]]: ...
    def task(
        self,
        function: Callable[P, R] | ReadyTask | None = None,
        /,
        *,
        name: str | None = None,
        **options: Any,
    ) -> Any:
        """Declare a function, sync or async, as a task: `@rota.task` or `@rota.task(retries=3, ...)`.

        A ready task of a library is declared by a call: `rota.task(purge(...))`; options win over its own.

        Args:
            name: Unique in the rota; default: the function's.
            queue: Which workers take its runs.
            priority: From -1000 to 1000; higher starts first.
            tags: Up to 20, for filters.
            retries: How often a failed attempt is followed by another; default: `ROTA_DEFAULT_RETRIES`.
            backoff: `"fixed"`, `"linear"`, `"exponential"` (default), a fixed wait (`"30s"`) or a `Backoff`.
            retry_on, give_up_on: Exception classes (or their names) that are, or never are, retried.
            time_limit: `TimeLimitExceeded` is raised inside the task after this.
            hard_time_limit: The attempt is killed after this; the task then runs in a process of its own.
            on_crash: `"retry"` (default: at least once) or `"fail"` (at most once).
            start_deadline: A run that has not started this long after it might have expires.
            concurrency: A key, or `(key, limit)`: so many runs with that key at once, over all nodes.
            executor: `"thread"`, `"async"` or `"process"`; default: what fits.
            memory_limit: Bytes a process may use. At least 16 MiB.
            description: One line for operators; default: the first line of the docstring.

        Raises:
            DuplicateName: Another task has this name; names both places.
            InvalidValue: A value can not be used; the message names it.
        """

        def declare(function: Callable[P, R]) -> Task[P, R]:
            described = {"description": first_line(function), **options}
            made = self.registry.add_function(function, name, self._task_options(**described), self._enqueue)
            return cast("Task[P, R]", made)

        if isinstance(function, ReadyTask):
            return self._ready(function, name, **options)
        return declare if function is None else declare(function)

    def _ready(self, ready: ReadyTask, name: str | None = None, **options: Any) -> Task[..., Any]:
        """Declare a ready task, unless this very one is declared already."""
        name = ready.name if name is None else name
        known = self.registry.tasks.get(name)
        if known is not None and known.function is ready.function:
            return known
        chosen = self._task_options(**{**ready.options, **options})
        return self.registry.add_function(ready.function, name, chosen, self._enqueue, ready.place)

    def command(
        self,
        name: str,
        argv: Sequence[str] | str,
        timetable: Timetable | str | None = None,
        *,
        shell: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        schedule: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Task[..., Any]:
        """Declare a command as a task, and schedule it if a timetable is given.

        Its output is the log, its exit code the outcome. No shell is involved unless `shell` says so.

        Args:
            argv: The program and its arguments; one text when `shell`.
            env: Variables beside those of the node.
            cwd: Folder it runs in; default: the node's.
            schedule: Options of the schedule; see `schedule`.
            options: Options of the task; see `task`.
        """
        checked = checked_name("task name", name)
        command = checked_command(checked, argv, shell, env, cwd)
        task: Task[..., Any] = Task(
            checked,
            command_body(checked, command),
            Arguments.of(checked, any_arguments, RunContext),
            self._task_options(**options),
            self._enqueue,
            caller_place(0),
        )
        self.registry.add(task)
        if timetable is not None:
            self._schedule(task, timetable, caller_place(0), **(schedule or {}))
        return task

    def _task_options(self, *, retries: int | None = None, **options: Any) -> TaskOptions:
        return task_options(retries=self.settings.default_retries if retries is None else retries, **options)

    # -- schedules
    def schedule(
        self, task: Task[..., Any] | ReadyTask | str, timetable: Timetable | str, **options: Any
    ) -> str:
        """Declare when a task is due, and return the name of the schedule.

        Args:
            task: A task of this rota, its name, or a ready task of a library, which is declared with it.
            timetable: A timetable, or its text.
            name: Unique in the rota; default: the task's.
            args: Keyword arguments of the task, checked now.
            start, end: Aware instants: no occurrence before, or after.
            max_runs: Runs made by occurrences, in all.
            jitter: Each run starts up to this long after its due time.
            exclude: Dates, `(date, date)` ranges or another timetable, left out.
            overlap: `"skip"` (default), `"queue_one"`, `"queue_all"`, `"allow"` or `"cancel_running"`.
            catch_up: `"latest"` (default), `"all"`, `"none"`, `"ask"`, or a `CatchUp`.
            was: Its earlier name, whose history it takes over.
            queue, priority, tags, concurrency, retries, backoff, retry_on, give_up_on, time_limit,
            hard_time_limit, on_crash, start_deadline, description: as for `task`; default: the task's.

        Raises:
            DuplicateName: Another schedule has this name; names both places.
            InvalidArguments: `args` do not fit the task.
            InvalidTimetable: The text can not be read, or is never due.
            InvalidValue: Another value can not be used; the message names it.
        """
        return self._schedule(task, timetable, caller_place(0), **options)

    def scheduled(
        self,
        timetable: Timetable | str,
        *,
        name: str | None = None,
        task: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Callable[[Callable[P, R]], Task[P, R]]:
        """Declare a function as a task and schedule it: `@rota.scheduled(daily("02:00"))`.

        Args:
            name: Of the task and of the schedule.
            task: Options of the task alone, such as `{"executor": "process"}`.
            options: Options of the schedule; those that a task has too are the task's as well.
        """
        shared = {key: value for key, value in options.items() if key in SHARED}
        place = caller_place(0)

        def declare(function: Callable[P, R]) -> Task[P, R]:
            made: Task[P, R] = self.task(name=name, **shared, **(task or {}))(function)
            self._schedule(made, timetable, place, **options)
            return made

        return declare

    def _schedule(
        self,
        task: Task[..., Any] | ReadyTask | str,
        timetable: Timetable | str,
        place: str,
        *,
        name: str | None = None,
        was: str | None = None,
        **options: Any,
    ) -> str:
        if isinstance(task, ReadyTask):
            task = self._ready(task)
        task = self.registry.task(task) if isinstance(task, str) else task
        name = checked_name("schedule name", task.name if name is None else name)
        definition = self.definition(task, timetable, **options)
        self.registry.add_schedule(Placed(Declared(name=name, definition=definition, was=was), place))
        return name

    def definition(self, task: Task[..., Any], timetable: Timetable | str, **options: Any) -> Definition:
        """Return the checked definition of a schedule; see `schedule` for the options."""
        return definition(task.name, task.options, task.arguments, timetable, self.timezone, **options)

    # -- more declarations
    def include(self, other: Rota) -> None:
        """Add all that another rota declares: for packages that bring tasks of their own.

        Their runs are this rota's. Raises `DuplicateName`, naming both places.
        """
        self.registry.include(other.registry, but=OWN)
        for task in other.registry.tasks.values():
            task._enqueue = self._enqueue

    def discover(self, *packages: str, module: str = "tasks") -> list[str]:
        """Import the module `tasks` of each package that has one; return the names of those imported."""
        return discover(packages, module)

    def on(self, kind: str, listener: Callable[[Event], object] | None = None) -> Any:
        """Call `listener` after each event of that kind: `rota.on("run_failed", page)`, or as decorator.

        It is called after the commit; an error in it is logged, and harms no run.
        """
        if listener is None:
            return partial(self.on, kind)
        self.events.on(kind, listener)
        return listener

    # -- nodes
    def sync(self, *, reset: bool | None = None) -> SyncPlan:
        """Put these declarations in force, and return what was done; see `rota.operations.syncing.sync`."""
        from rota.operations.syncing import sync

        return sync(self, reset=reset)

    def node(
        self,
        roles: Sequence[str] = ("scheduler", "worker"),
        *,
        queues: Sequence[str] | None = None,
        concurrency: int | None = None,
        runner: Runner | None = None,
        name: str | None = None,
    ) -> Node:
        """Return a node of this rota, with its declarations in force. `.start()` it, and `.stop()` it.

        Args:
            roles: Of `scheduler`, `worker`.
            queues: Queues its worker serves; default: the setting, and without it all that the rota names.
            concurrency: Bodies it runs at once; default: the setting.
            runner: Executes the runs; default: the local one.
            name: Its id; default: made of host, process and chance.

        Raises:
            InvalidValue: A role does not exist.
            StoreUnavailable, SchemaOutdated: The store can not be used.
        """
        from rota.operations.nodes import make_node

        return make_node(self, roles, queues=queues, concurrency=concurrency, runner=runner, name=name)

    def tick(
        self,
        *,
        queues: Sequence[str] | None = None,
        concurrency: int | None = None,
        lease: timedelta | None = None,
    ) -> Pass:
        """Make one pass: decide what is due, and run all that is ready to its end. For cron lines.

        Args:
            queues: Queues it serves; default: the setting, and without it all that the rota names.
            concurrency: Bodies it runs at once; default: the setting.
            lease: How long a run stays with this pass after its last heartbeat; default: the setting.
        """
        from rota.operations.nodes import make_node
        from rota.runtime.onepass import one_pass

        roles = ("scheduler", "worker")
        node = make_node(self, roles, queues=queues, concurrency=concurrency, lease=lease)
        return one_pass(node, self.clock)

    # -- runs
    @contextmanager
    def eager(self) -> Iterator[None]:
        """Run enqueued tasks inline, at once, without a store: for tests of the application."""
        token = self._eager.set(True)
        try:
            yield
        finally:
            self._eager.reset(token)

    @property
    def is_eager(self) -> bool:
        """Whether this is inside `eager()`."""
        return self._eager.get()

    def new_id(self) -> str:
        """Return the id of a run that is made by hand."""
        return time_id(self.clock.now(), self.random_bits(74))

    def _enqueue(
        self, task: Task[..., Any], batch: Sequence[Mapping[str, Any]], options: EnqueueOptions
    ) -> list[str]:
        """Make one run of a task for each set of checked arguments, or call it when eager."""
        if self.is_eager:
            from rota.runners.inline import run_inline

            return [run_inline(task.body, args) for args in batch]
        return list(self.store_runs(task, batch, options).ids)

    def store_runs(
        self, task: Task[..., Any], batch: Sequence[Mapping[str, Any]], options: EnqueueOptions
    ) -> AlikeRuns:
        """Make one run of a task for each set of checked arguments, eager or not, and return them."""
        from rota.operations.enqueueing import requested

        runs = requested(self.name, task, batch, options, self.clock.now(), self.random_bits)
        self.store.enqueue(runs, connection=options.connection)
        return runs
