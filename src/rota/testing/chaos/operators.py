"""What people do to a running system: each request is remembered with its answer, for the checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rota.core.ids import from_us
from rota.errors import Conflict, InvalidValue, NotEnded, StoreUnavailable, UnknownName
from rota.operations import authoring, changing, requesting, syncing
from rota.operations.actor import Actor
from rota.testing.chaos.faults import Killed
from rota.testing.chaos.process import Process
from rota.testing.chaos.releases import ROTA, timetable
from rota.testing.chaos.witness import last_number
from rota.testing.chaos.world import HOUR, World

REFUSALS = (InvalidValue, UnknownName, NotEnded, Conflict)
MOST_AGED = 24


@dataclass(slots=True)
class Request:
    """One request of an operator, or of the application.

    Attributes:
        actor: Unique: the audit knows it by this.
        answer: `done`, `refused` or `unknown`: the store was lost, or the process died.
        lines: How many audit lines an accepted one leaves.
        after: Number of the last log entry when it was answered.
        runs: Ids of the runs that it was promised.
        pause: Names that it paused.
        cancelled: Ids of the runs of which the cancellation was accepted.
    """

    actor: str
    kind: str
    subject: str
    answer: str = "unknown"
    lines: int = 0
    after: int = 0
    runs: list[str] = field(default_factory=list)
    key: str | None = None
    cancelled: list[str] = field(default_factory=list)
    details: str = ""


class Operators:
    """People with a web process each, of the release that was current when it started."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests: list[Request] = []
        self._going: list[Request] = []
        self._kinds: dict[str, tuple[int, Callable[[Process, Actor, Request], None]]] = {
            "pause": (4, self._pause),
            "pause until": (4, self._pause_until),
            "pause ahead": (4, self._pause_ahead),
            "resume": (8, self._resume),
            "skip next": (3, self._skip_next),
            "override": (6, self._override),
            "override until": (3, self._override_until),
            "clear override": (4, self._clear_override),
            "trigger": (6, self._trigger),
            "backfill": (2, self._backfill),
            "retry": (3, self._retry),
            "cancel": (7, self._cancel),
            "enqueue": (4, self._enqueue),
            "enqueue with key": (6, self._enqueue_with_key),
            "enqueue in a transaction": (4, self._enqueue_in_transaction),
            "create": (2, self._create),
            "edit": (2, self._edit),
            "delete": (1, self._delete),
            "sync": (2, self._sync),
            "purge": (3, self._purge),
        }

    def act(self, process: Process) -> None:
        """Make one request, drawn by chance, unless the process is at another one."""
        if any(frame.process is process for frame in self.world.frames):
            return
        names = list(self._kinds)
        (kind,) = self.world.chance.choices(names, [self._kinds[name][0] for name in names])
        self.request(process, kind)

    def request(self, process: Process, kind: str) -> Request:
        made = Request(f"operator-{self.world.number()}", kind, "")
        self.requests.append(made)
        self._going.append(made)
        self.world.counts[f"operator: {kind}"] += 1
        try:
            with self.world.frame(process):
                self._kinds[kind][1](process, Actor(made.actor, via="cli"), made)
            made.answer = "done"
        except REFUSALS as refusal:
            made.answer, made.details = "refused", str(refusal)[:200]
        except StoreUnavailable as error:
            made.details = error.problem
        except Killed as death:
            made.details = str(death)
            process.kill()
        except Exception as error:
            self.world.violate(f"I26 {kind} {made.subject} raised {error!r}")
        self._going.remove(made)
        made.after = last_number(self.world.disk.connection)
        self.world.tell(made.actor, kind, made.subject, "->", made.answer, made.details)
        return made

    # -- choices
    def _schedule(self, request: Request) -> str:
        others = [one.subject for one in self._going if one is not request and one.subject]
        if others and self.world.chance.random() < 0.7:  # two people at once, at the same schedule
            request.subject = others[-1]
            return request.subject
        query = "SELECT name FROM rota_schedule WHERE rota = ? ORDER BY name"
        names = [name for (name,) in self.world.disk.connection.execute(query, (ROTA,))]
        request.subject = self.world.chance.choice(names or ["nothing"])
        return request.subject

    def _overdue(self, request: Request) -> str | None:
        """Return a schedule that nobody has looked at in time, if there is one."""
        query = "SELECT name FROM rota_schedule WHERE rota = ? AND next_due_us < ? ORDER BY name"
        names = [name for (name,) in self.world.disk.connection.execute(query, (ROTA, self.world.now_us))]
        request.subject = self.world.chance.choice(names) if names else ""
        return request.subject or None

    def _run(self, states: tuple[str, ...], request: Request) -> str:
        marks = ",".join("?" * len(states))
        # Nothing is put into the text but question marks.
        query = f"SELECT id FROM rota_run WHERE state IN ({marks}) ORDER BY created_us DESC, id LIMIT 20"  # noqa: S608
        ids = [one for (one,) in self.world.disk.connection.execute(query, states)]
        request.subject = self.world.chance.choice(ids or ["00000000-0000-0000-0000-000000000000"])
        return request.subject

    def _span(self, low_minutes: float, high_minutes: float) -> timedelta:
        return timedelta(minutes=self.world.chance.uniform(low_minutes, high_minutes))

    # -- schedules
    def _pause(self, process: Process, actor: Actor, request: Request) -> None:
        self._keep(request, changing.pause(process.rota, self._schedule(request), actor, "chaos"))

    def _pause_until(self, process: Process, actor: Actor, request: Request) -> None:
        until = process.clock.now() + self._span(1, 240)
        request.details = until.isoformat()
        self._keep(request, changing.pause(process.rota, self._schedule(request), actor, "chaos", until))

    def _pause_ahead(self, process: Process, actor: Actor, request: Request) -> None:
        """Plan a pause: half of the time one that begins at the very instant of an occurrence."""
        name, start = self._schedule(request), process.clock.now() + self._span(1, 120)
        query = "SELECT next_due_us FROM rota_schedule WHERE rota = ? AND name = ? AND next_due_us > ?"
        due = self.world.disk.connection.execute(query, (ROTA, name, self.world.now_us)).fetchone()
        if due is not None and self.world.chance.random() < 0.5:
            start = from_us(*due)
        until = start + self._span(1, 240) if self.world.chance.random() < 0.8 else None
        request.details = f"{start.isoformat()} to {until and until.isoformat()}"
        self._keep(request, changing.pause(process.rota, name, actor, "chaos", until, start=start))

    def _resume(self, process: Process, actor: Actor, request: Request) -> None:
        query = "SELECT name FROM rota_schedule WHERE pause IS NOT NULL ORDER BY name"
        paused = [name for (name,) in self.world.disk.connection.execute(query)]
        request.subject = self.world.chance.choice(paused) if paused else self._schedule(request)
        self._keep(request, changing.resume(process.rota, request.subject, actor, "chaos"))

    def _skip_next(self, process: Process, actor: Actor, request: Request) -> None:
        self._keep(request, changing.skip_next(process.rota, self._schedule(request), actor, "chaos"))

    def _field(self, request: Request) -> tuple[str, Any]:
        chance, world = self.world.chance, self.world
        field_, value = chance.choice(
            (
                ("timetable", timetable(chance, world.now)),
                ("timetable", timetable(chance, world.now)),
                ("overlap", chance.choice(("skip", "queue_one", "queue_all", "allow", "cancel_running"))),
                ("catch_up", chance.choice(("latest", "all", "none", "ask"))),
                ("retries", chance.randint(0, 4)),
                ("backoff", chance.choice(("1m", "linear", "exponential"))),
                ("jitter", chance.choice(("0s", "30s", "10m"))),
                ("priority", chance.randint(-5, 5)),
                ("queue", chance.choice(("default", "slow"))),
                ("max_runs", chance.choice((1, 5, 50, None))),
                ("concurrency", chance.choice((None, ["mail", 1], ["api", 2]))),
                ("on_crash", chance.choice(("retry", "fail"))),
                ("start_deadline", chance.choice((None, "10m", "3h"))),
                ("args", {"number": chance.randint(1, 1000)}),
                ("tags", ["chaos"]),
            )
        )
        request.details = f"{field_} = {value}"
        return field_, value

    def _override(self, process: Process, actor: Actor, request: Request) -> None:
        field_, value = self._field(request)
        self._keep(
            request, changing.override(process.rota, self._schedule(request), field_, value, actor, "chaos")
        )

    def _override_until(self, process: Process, actor: Actor, request: Request) -> None:
        field_, value = self._field(request)
        until = process.clock.now() + self._span(5, 240)
        name = self._schedule(request)
        self._keep(request, changing.override(process.rota, name, field_, value, actor, "chaos", until))

    def _clear_override(self, process: Process, actor: Actor, request: Request) -> None:
        self._keep(
            request, changing.clear_override(process.rota, self._schedule(request), None, actor, "chaos")
        )

    def _create(self, process: Process, actor: Actor, request: Request) -> None:
        chance = self.world.chance
        request.subject = f"user-{chance.randint(1, 3)}"
        task = chance.choice(sorted(process.rota.registry.tasks))
        authoring.create_schedule(
            process.rota, request.subject, task, timetable(chance, self.world.now), actor, "chaos"
        )
        request.lines = 1

    def _edit(self, process: Process, actor: Actor, request: Request) -> None:
        request.subject = f"user-{self.world.chance.randint(1, 3)}"
        field_, value = self._field(request)
        self._keep(
            request, authoring.edit_schedule(process.rota, request.subject, {field_: value}, actor, "chaos")
        )

    def _delete(self, process: Process, actor: Actor, request: Request) -> None:
        request.subject = f"user-{self.world.chance.randint(1, 3)}"
        authoring.delete_schedule(process.rota, request.subject, actor, "chaos")
        request.lines = 1

    def _keep(self, request: Request, result: Any) -> None:
        request.lines = sum(effect.done for effect in result.effects)

    # -- runs
    def _trigger(self, process: Process, actor: Actor, request: Request) -> None:
        request.runs = [requesting.trigger(process.rota, self._schedule(request), actor)]
        request.lines = 1

    def _backfill(self, process: Process, actor: Actor, request: Request) -> None:
        # Up to now: over what no node has decided yet, too.
        end = process.clock.now() - self._span(0, 60) * self.world.chance.choice((0, 1))
        name = self._overdue(request) or self._schedule(request)
        made = requesting.backfill(process.rota, name, end - self._span(10, 300), end, actor, limit=20)
        request.runs = [run_id for _, run_id in made.runs]
        request.lines = 1 if made.runs or made.existing else 0

    def _retry(self, process: Process, actor: Actor, request: Request) -> None:
        states = ("failed", "succeeded", "cancelled", "expired", "missed")
        request.runs = [requesting.retry(process.rota, self._run(states, request), actor)]
        request.lines = 1

    def _cancel(self, process: Process, actor: Actor, request: Request) -> None:
        run_id = self._run(("pending", "running", "running"), request)
        before = process.rota.store.run(run_id)
        answer = requesting.cancel(process.rota, [run_id], actor)
        request.cancelled = [*answer.at_once, *answer.asked]
        # One that had ended when it was looked at leaves no line; one that ends just then may.
        request.lines = 1 if before is not None and request.cancelled else -1

    def _enqueue(self, process: Process, actor: Actor, request: Request) -> None:
        chance = self.world.chance
        request.subject = chance.choice(sorted(process.rota.registry.tasks))
        delay = chance.choice((None, None, "5m", "2h"))
        request.runs = [requesting.enqueue(process.rota, request.subject, {}, actor, delay=delay)]
        request.lines = 1

    def _enqueue_with_key(self, process: Process, actor: Actor, request: Request) -> None:
        chance = self.world.chance
        number = self.world.now_us // HOUR % 1000 * 4 + chance.randint(1, 4)
        tasks = sorted(process.rota.registry.tasks)
        request.key, request.subject = f"key-{number}", chance.choice(tasks)
        args = {"number": 1_000_000 + number}
        request.runs = [requesting.enqueue(process.rota, request.subject, args, actor, key=request.key)]
        request.lines = 1

    def _enqueue_in_transaction(self, process: Process, actor: Actor, request: Request) -> None:
        """The application makes a run inside a transaction of its own, and commits or rolls back."""
        disk, chance = self.world.disk, self.world.chance
        task = process.rota.registry.task(chance.choice(sorted(process.rota.registry.tasks)))
        process.clock.now()  # before the transaction: the first reading asks the store
        process.before()
        disk.transactions += 1
        disk.stamp = process.stamp(disk.transactions)
        disk.connection.execute("BEGIN IMMEDIATE")
        run_id = task.using(connection=disk.connection).enqueue()
        if chance.random() < 0.5:
            disk.connection.execute("COMMIT")
            request.runs = [run_id]
        else:
            disk.connection.rollback()
            request.details = f"rolled back {run_id}"

    def _sync(self, process: Process, actor: Actor, request: Request) -> None:
        syncing.sync(process.rota, actor)
        request.subject = process.release.name
        request.lines = -1

    def _purge(self, process: Process, actor: Actor, request: Request) -> None:
        before = process.clock.now() - timedelta(hours=self.world.chance.choice((0, 1, 3)))
        process.rota.store.purge(ROTA, before, self.world.chance.choice((0, 0, 3)), 100)
        request.subject = f"{(process.clock.now() - before).total_seconds() * 1_000_000 / HOUR:.0f} h"
