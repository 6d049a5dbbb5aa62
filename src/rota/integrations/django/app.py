"""The rota of a Django project: one for each process, over the project's own database."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import connections

from rota import settings as settings_
from rota.app import Rota
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place, first_line
from rota.declare.tasks import Task
from rota.integrations.django.conf import conf, require_known_keys, rota_settings
from rota.integrations.django.registry import DjangoRegistry
from rota.integrations.django.storage import open_store, require_psycopg_3
from rota.integrations.django.storage.native import native_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from rota.core.timetables import Timetable
    from rota.ports import Clock, Runner, Store
    from rota.runtime.node import Node
    from rota.runtime.onepass import Pass

CHILD_SETUP = "rota.integrations.django.processes:set_up"


class DjangoRota(Rota):
    """A rota whose store is a database of Django's.

    It reaches the store in two ways. `enqueue()` and every operation go through Django's connection, inside
    the transaction the caller is in. A node, as of `manage.py rota run`, opens the same database anew: see
    `stand_alone`.

    Attributes:
        database: Alias of the database that holds the store.
        tells_finished: It sends the signal `task_finished` of `django.tasks`.
    """

    registry: DjangoRegistry
    registry_type = DjangoRegistry
    child_setup = CHILD_SETUP

    def __init__(self) -> None:
        now = conf()
        self.database = now.database
        self.tells_finished = False
        self._alone: Rota | None = None
        super().__init__(now.name, timezone=now.timezone, housekeeping=now.housekeeping)

    @cached_property
    def settings(self) -> settings_.Settings:
        """The settings that hold here. Read once, at the first use."""
        given = {**rota_settings(), **self._given, "store": f"django:{self.database}"}
        return self._in_force(settings_.load(given, giver="ROTA"))

    @cached_property
    def store(self) -> Store:
        """The store, through Django's connection."""
        return open_store(self.database)

    def use_database(self, alias: str) -> None:
        """Keep the store in another database than `ROTA["DATABASE"]` says."""
        self.close()
        self.database = alias
        self.forget_settings()

    def follow(self, clock: Clock | None) -> None:
        """Live at the time of this clock; `None`: the store's."""
        self._clock = clock
        self.__dict__.pop("clock", None)

    def forget_settings(self) -> None:
        """Read the settings anew at the next use."""
        self.__dict__.pop("settings", None)

    def stand_alone(self) -> Rota:
        """Return this rota over the same database without Django: for nodes.

        A node has a dozen threads. With connections of its own they are few, its transactions are short, and
        a pooler between it and the server does no harm. It shares declarations and events.

        Raises:
            InvalidValue: The database can not be opened by another connection: it is in memory.
            SchemaOutdated: It has not been migrated.
        """
        require_known_keys()
        connection = connections[self.database]
        if connection.vendor == "postgresql":
            require_psycopg_3()
        _ = self.settings  # read now: a node is to have what they declare
        given = {**rota_settings(), **self._given, "store": native_url(connection)}
        if self._alone is None or self._alone.settings.store != given["store"]:
            self._close_alone()
            self._require_migrated(connection)
            alone = self._alone = Rota(self.name, clock=self._clock, housekeeping=False, **given)
            alone.registry, alone.events, alone.child_setup = self.registry, self.events, self.child_setup
            alone.beside = self._beside
        return self._alone

    def _beside(self, local: Runner, clock: Clock) -> Runner:
        """Hand the runs of tasks of other back ends of `django.tasks` to these."""
        if not self.registry.followed:
            return local
        from rota.integrations.django.tasks.handing import with_back_ends

        return with_back_ends(self, local, clock)

    def _require_migrated(self, connection: Any) -> None:
        """Raise `SchemaOutdated`: a SQLite file would get its tables without a migration, otherwise."""
        self.store.migrate()
        if not connection.in_atomic_block:
            connection.close()  # of a thread that no request will tidy up after

    def close(self) -> None:
        """Close what is open; connections of Django's stay."""
        super().close()
        self._close_alone()

    def _close_alone(self) -> None:
        alone, self._alone = self._alone, None
        if alone is not None:
            alone.close()

    def node(
        self,
        roles: Sequence[str] = ("scheduler", "worker"),
        *,
        queues: Sequence[str] | None = None,
        concurrency: int | None = None,
        runner: Runner | None = None,
        name: str | None = None,
    ) -> Node:
        """Return a node with connections of its own; see `Rota.node` and `stand_alone`."""
        alone = self.stand_alone()
        return alone.node(roles, queues=queues, concurrency=concurrency, runner=runner, name=name)

    def tick(
        self,
        *,
        queues: Sequence[str] | None = None,
        concurrency: int | None = None,
        lease: timedelta | None = None,
    ) -> Pass:
        """Make one pass: decide what is due, and run all that is ready to its end; see `Rota.tick`.

        Inside a transaction, as in a test, it is made there: see `pass_here`.
        """
        if connections[self.database].in_atomic_block:
            return self.pass_here(("scheduler", "worker"), queues=queues, lease=lease)
        is_ours = self._alone is None
        try:
            return self.stand_alone().tick(queues=queues, concurrency=concurrency, lease=lease)
        finally:
            if is_ours:
                self._close_alone()

    def pass_here(
        self,
        roles: Sequence[str],
        *,
        queues: Sequence[str] | None = None,
        lease: timedelta | None = None,
    ) -> Pass:
        """Make one pass in this thread, through Django's connection, inside the caller's transaction."""
        from rota.operations.nodes import make_node
        from rota.runners.same_thread import SameThreadRunner
        from rota.runtime.onepass import one_pass

        runner = SameThreadRunner(self.registry.body, self.clock)
        return one_pass(make_node(self, roles, queues=queues, lease=lease, runner=runner), self.clock)

    def _schedule(self, task: Any, timetable: Timetable | str, place: str, **options: Any) -> str:
        """Schedule also what `@task` of `django.tasks` has made."""
        if not isinstance(task, Task | ReadyTask | str):
            from rota.integrations.django.tasks.adopting import declared_task

            task = declared_task(self, task)
        return super()._schedule(task, timetable, place, **options)

    def management_command(
        self,
        name: str,
        timetable: Timetable | str | None = None,
        *args: str,
        schedule: dict[str, Any] | None = None,
        task: dict[str, Any] | None = None,
        **options: Any,
    ) -> Task[..., Any]:
        """Declare a management command as a task, and schedule it if a timetable is given.

        What it writes is the log of the run, `CommandError` a failure.

            rota.management_command("clearsessions", daily("02:00"))
            rota.management_command("purge", cron("0 * * * *"), "--days", "30", verbosity=0)

        Args:
            args, options: Of the command, as `call_command` takes them.
            schedule: Options of the schedule; see `schedule`.
            task: Options of the task; see `task`. Its name is the command's, unless it says otherwise.

        Raises:
            InvalidValue: There is no such command; names the nearest.
        """
        from rota.integrations.django.commands import command_body

        body, place = command_body(name, args, options), caller_place(0)
        chosen = {"description": first_line(body), **(task or {})}
        named = chosen.pop("name", name)
        made = self.registry.add_function(body, named, self._task_options(**chosen), self._enqueue, place)
        if timetable is not None:
            self._schedule(made, timetable, place, **(schedule or {}))
        return made


_lock = threading.Lock()
_made: DjangoRota | None = None


def the_rota() -> DjangoRota:
    """Return the rota of this process."""
    global _made
    with _lock:
        if _made is None:
            _made = DjangoRota()
        return _made
