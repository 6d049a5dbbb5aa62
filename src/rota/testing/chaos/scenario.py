"""One scenario: what happens when, drawn from one seed, and the quiet times in which all must be well."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rota.core.ids import to_us
from rota.core.records import Claimed
from rota.settings import load
from rota.testing.chaos.faults import Faults
from rota.testing.chaos.operators import Operators
from rota.testing.chaos.process import Process
from rota.testing.chaos.releases import Release, first_release, next_release
from rota.testing.chaos.world import HOUR, MINUTE, SECOND, Habits, World
from rota.testing.runner import Behaviour

STARTS = (
    "2026-03-28T12:00", "2026-10-24T12:00", "2026-04-04T03:00", "2026-10-03T03:00", "2028-02-28T12:00",
    "2026-06-01T00:00", "2026-12-31T12:00", "2026-04-23T12:00", "2026-03-07T18:00",
)  # fmt: skip
LEASES = ("2m", "5m", "15m")
ZONES = ("UTC", "Europe/Paris", "Australia/Lord_Howe", "America/New_York")


@dataclass(slots=True)
class Host:
    """A place where a node runs, restarted by a supervisor when it dies."""

    number: int
    roles: tuple[str, ...]
    slots: int
    release: Release
    process: Process | None = None
    incarnation: int = 0


class Scenario:
    """A system with everything that happens to it.

    Args:
        seed: Decides all.
        hours: How long it lasts, before the quiet end.
        trace: Takes lines that tell what happens.
    """

    def __init__(self, seed: int, hours: float, trace: Callable[[str], None] | None = None) -> None:
        self.chance = chance = random.Random(seed)  # noqa: S311 - to be the same each time
        start = datetime.fromisoformat(chance.choice(STARTS)).replace(tzinfo=UTC)
        lease = chance.choice(LEASES)
        self.settings = load(
            {
                "lease": lease,
                "tick_interval": chance.choice(("2m", "5m")),
                "timezone": chance.choice(ZONES),
                "store": "sqlite:///:memory:",
                "batch": chance.choice((2, 5, 1000)),
            },
            {},
        )
        faults = Faults(chance, chance.choice((0.001, 0.01, 0.03)))
        habits = Habits(
            interleave=chance.choice((0.01, 0.03, 0.1)),
            stall=0.01,
            stop=chance.choice((0.0, 0.002)),
            deaf=0.1,
        )
        lease_us = self.settings.lease // timedelta(microseconds=1)
        self.world = World(chance, to_us(start), lease_us, faults, habits, trace=trace)
        self.start_us = self.world.now_us
        self.end_us = self.start_us + int(hours * HOUR)
        self.operators = Operators(self.world)
        self.releases = [first_release(chance, self.settings, start, chance.randint(3, 9))]
        for number in range(2, 4):
            self.releases.append(next_release(chance, self.releases[-1], number, start))
        self.wanted = self.releases[0]
        self.world.meddle = self._operator
        self.trouble = chance.choice((1.0, 3.0, 6.0))  # how often things happen, against the usual
        self._webs: dict[str, Process] = {}
        self.hosts = self._hosts()

    def _hosts(self) -> list[Host]:
        chance = self.chance
        count = chance.choice((1, 2, 2, 3, 3, 4, 6, 16)) if self.settings.lease >= timedelta(minutes=5) else 3
        roles = (("scheduler", "worker"), ("scheduler", "worker"), ("scheduler",), ("worker",))
        hosts = [
            Host(number, chance.choice(roles), chance.choice((1, 3, 10)), self.wanted)
            for number in range(2, count + 1)
        ]
        return [Host(1, roles[0], 10, self.wanted), *hosts]

    # -- running
    def run(self, patience: int = 1 << 30) -> None:
        """Let everything happen, or what comes before so many violations."""
        world = self.world
        for host in self.hosts:
            world.after(self.chance.uniform(0, 60 * SECOND), lambda host=host: self._start(host))  # type: ignore[misc]
        for happening, per_hour in self._happenings():
            self._repeat(happening, per_hour * self.trouble)
        self._repeat(self._operator, 8 * self.trouble)
        while world.now_us < self.end_us and len(world.violations) < patience:
            world.run_until(min(world.now_us + int(self.chance.uniform(1, 4) * HOUR), self.end_us))
            self._calm_down()
            world.calm = False

    def close(self) -> None:
        self.world.disk.close()

    def _happenings(self) -> list[tuple[Callable[[], None], float]]:
        return [
            (self._kill, 0.5),
            (self._freeze, 0.4),
            (self._drain, 0.5),
            (self._cut_off, 0.3),
            (self._store_down, 0.1),
            (self._all_down, 0.07),
            (self._deploy, 0.25),
            (self._wall_clock, 0.5),
            (self._break_row, 0.05),
            (self._another_web, 0.2),
        ]

    def _repeat(self, what: Callable[[], None], per_hour: float) -> None:
        """Do something now and then, but not while all is calm."""

        def once() -> None:
            if not self.world.calm:
                what()
            self.world.after(self.chance.expovariate(per_hour) * HOUR, once)

        self.world.after(self.chance.expovariate(per_hour) * HOUR, once)

    # -- nodes
    def _start(self, host: Host) -> None:
        if host.process is not None:
            return
        host.incarnation += 1
        process = Process(self.world, f"node-{host.number}.{host.incarnation}", host.release)
        host.process = process
        self.world.tell(process, "starts as", *host.roles)
        process.died = lambda: self._died(host, process)
        self.world.counts["starts"] += 1
        process.become_node(host.roles, host.slots, self._behave)

    def _died(self, host: Host, process: Process) -> None:
        if host.process is process:
            host.process = None
            calm = self.world.calm
            wait = 5 if calm else self.chance.choice((1, 5, 20, 120, 1800))
            self.world.after(wait * SECOND, lambda: self._start(host))

    def _behave(self, run: Claimed) -> Behaviour:
        """Draw what a body does."""
        chance, world = self.chance, self.world
        usual = chance.choice((0.05, 1, 1, 20, 90, 400))
        if chance.random() < 0.04:
            usual = self.world.lease_us / SECOND * chance.choice((0.5, 1.2, 3))
        fails = chance.random() < (0.05 if world.calm else 0.2)
        return Behaviour(
            takes=timedelta(seconds=usual * chance.uniform(0.5, 1.5)),
            fails=lambda _: fails,
            waits=timedelta(
                seconds=chance.choice((10, 60, 600)) * chance.random() if chance.random() < 0.1 else 0
            ),
            speaks=chance.random() < 0.1,
            stubborn=chance.random() < 0.3,
            kills=not world.calm and chance.random() < 0.01,
            retry_after=timedelta(seconds=chance.uniform(0, 300)) if chance.random() < 0.05 else None,
            final=chance.random() < 0.05,
        )

    def _anyone(self) -> Process | None:
        alive = [host.process for host in self.hosts if host.process is not None]
        return self.chance.choice(alive) if alive else None

    # -- faults
    def _kill(self) -> None:
        if (process := self._anyone()) is not None:
            self.world.counts["kill -9"] += 1
            process.kill()

    def _freeze(self) -> None:
        if (process := self._anyone()) is not None:
            process.freeze(int(self.world.lease_us * self.chance.choice((0.5, 1.5, 5.0))))

    def _drain(self) -> None:
        if (process := self._anyone()) is not None:
            self.world.counts["SIGTERM"] += 1
            process.drain(self.chance.choice((0, 10, 30, 300)) * SECOND)

    def _cut_off(self) -> None:
        if (process := self._anyone()) is not None:
            process.cut_off(int(self.world.lease_us * self.chance.choice((0.2, 1.5, 4.0))))

    def _store_down(self) -> None:
        span = int(self.chance.choice((5, 60, 600)) * SECOND)
        self.world.counts["store down"] += 1
        self.world.down_until = max(self.world.down_until, self.world.now_us + span)
        for process in self.world.processes:
            self.world.ledger.trouble(
                process.name, self.world.now_us, self.world.down_until + self.world.lease_us
            )

    def _all_down(self) -> None:
        """Nothing runs for hours: a power cut."""
        self.world.counts["power cut"] += 1
        hours = self.chance.choice((0.2, 1, 5))
        for host in self.hosts:
            process, host.process = host.process, None
            if process is not None:
                process.kill()
            self.world.after(hours * HOUR, lambda host=host: self._start(host))  # type: ignore[misc]
        self.world.after(hours * HOUR * self.chance.random(), lambda: self._ask("backfill"))

    def _wall_clock(self) -> None:
        """Somebody sets the wall clock of a machine; by seconds, or by ten years."""
        if (process := self._anyone()) is not None:
            self.world.counts["wall clock set"] += 1
            process.steady.off = timedelta(
                seconds=self.chance.choice((1, -1)) * 10 ** self.chance.uniform(0, 8.5)
            )

    def _break_row(self) -> None:
        """Somebody edits a row by hand, and breaks it."""
        query = "SELECT id FROM rota_schedule WHERE state = 'active' ORDER BY id"
        ids = [one for (one,) in self.world.disk.connection.execute(query)]
        if not ids or self.world.frames:
            return
        self.world.counts["row broken by hand"] += 1
        text = self.chance.choice(("{", '{"task":"x","timetable":"never ever"}', "[]"))
        disk = self.world.disk
        disk.transactions += 1
        disk.stamp = self.world.stamp(disk.transactions, "hand")
        disk.connection.execute(
            "UPDATE rota_schedule SET effective = ?, next_due_us = ?, revision = revision + 1 WHERE id = ?",
            (text, self.world.now_us, self.chance.choice(ids)),
        )

    # -- deploys and operators
    def _deploy(self, to: Release | None = None) -> None:
        """Replace all nodes, one after the other, by nodes of another release: a newer or an older one."""
        self.wanted = to or self.chance.choice(self.releases)
        self.world.counts["deploys"] += 1
        self.world.tell("deploy of", self.wanted.name)
        wait = 0.0
        for host in self.chance.sample(self.hosts, len(self.hosts)):
            self.world.after(wait, lambda host=host, release=self.wanted: self._replace(host, release))  # type: ignore[misc]
            wait += self.chance.choice((1, 30, 120, 900)) * SECOND

    def _replace(self, host: Host, release: Release) -> None:
        if host.release is release or release is not self.wanted:  # or another deploy has begun since
            return
        host.release = release
        if host.process is not None:
            if self.chance.random() < 0.3:
                host.process.kill()
            else:
                host.process.drain(self.chance.choice((0, 10, 60)) * SECOND)

    def _ask(self, kind: str) -> None:
        """Let an operator do something that is called for."""
        web = self._web()
        if not self.world.calm and not any(frame.process is web for frame in self.world.frames):
            self.operators.request(web, kind)

    def _web(self) -> Process:
        """Return a web process of the release that is wanted."""
        # One that is busy answers nobody else: each depth has a process of its own.
        place = f"{self.wanted.name} {len(self.world.frames)}"
        web = self._webs.get(place)
        if web is None or not web.is_alive:
            web = self._webs[place] = Process(self.world, f"web-{self.world.number()}", self.wanted)
        return web

    def _operator(self) -> None:
        web = self._web()
        if self.chance.random() < 0.7 or len(self._webs) == 1:
            self.operators.act(web)
        else:  # somebody's window is still open on an older release
            older = self._webs[self.chance.choice(sorted(self._webs))]
            if older.is_alive:
                self.operators.act(older)

    def _another_web(self) -> None:
        """Restart the web processes: their clocks are learnt anew."""
        for web in self._webs.values():
            web.end()
        self._webs.clear()

    # -- the quiet
    def _calm_down(self) -> None:
        """End all faults, wait until the system must have recovered, and check that it has."""
        from rota.testing.chaos.checks.calm import check_calm

        world = self.world
        world.calm = True
        world.down_until = 0
        for process in world.processes:
            process.recover()
        for host in self.hosts:
            if host.release is not self.wanted:
                self._replace(host, self.wanted)
            if host.process is None:
                self._start(host)
        quiet_from = world.now_us
        world.run_until(world.now_us + 5 * world.lease_us + 10 * MINUTE)
        check_calm(self, quiet_from)
