"""One process: a release of the application, its way to the store, its clock, and a node if it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import Claimed, Outcome
from rota.errors import StoreUnavailable
from rota.operations.nodes import make_node
from rota.runtime.clock import StoreClock
from rota.runtime.loops import FIRST_WAIT, LONGEST_WAIT, Step
from rota.stores.sql.store import SqlStore
from rota.testing.chaos.disk import URL, SimDatabase
from rota.testing.chaos.faults import Fate, Killed
from rota.testing.chaos.ledger import Execution
from rota.testing.chaos.witness import Stamp
from rota.testing.chaos.world import NEVER, World
from rota.testing.runner import Behaviour, SimRunner

if TYPE_CHECKING:
    from rota.runtime.node import Node
    from rota.testing.chaos.releases import Release

SOON = 1000  # microseconds until a step is called that asks to be called at once
BODIES = "bodies"
WAITS_FOR = {"settle": "report", "report": "settle"}  # the one holds a lock that the other waits for


class Steady:
    """A machine's steady time: its own zero, a little fast or slow. Its wall clock may be off by years."""

    def __init__(self, world: World) -> None:
        chance = world.chance
        self._world, self._zero_us = world, world.now_us
        self._base = chance.uniform(0, 1e6)
        self._rate = 1 + chance.uniform(-1e-5, 1e-5)
        self.off = timedelta(0)

    def __call__(self) -> float:
        return self._base + (self._world.now_us - self._zero_us) / 1e6 * self._rate

    def wall(self) -> datetime:
        """Return what the machine believes to be the time. Nothing of the product may ask for it."""
        return self._world.now + self.off


class Process:
    """A process of the simulation. It implements `Weather` for its own uses of the store."""

    def __init__(self, world: World, name: str, release: Release) -> None:
        self.world, self.name, self.release = world, name, release
        self.steady = Steady(world)
        self.store = SqlStore(SimDatabase(world.disk, self))
        self.clock = StoreClock(self.store.clock, self.steady)
        self.rota = release.build(self.store, self.clock)
        self.is_alive, self.is_draining = True, False
        self.frozen_until = self.cut_until = 0
        self.node: Node | None = None
        self.runner: SimRunner | None = None
        self.died: Callable[[], None] = lambda: None
        self.rota.random_bits = world.chance.getrandbits
        self._steps: dict[str, Step] = {}
        self._wakes: dict[str, int] = {}
        self._waits: dict[str, timedelta] = {}
        self._busy: set[str] = set()
        self._next_us: int | None = None  # known until something changes
        self.born_us, self.died_us = world.now_us, NEVER
        world.processes.append(self)
        world.born[name] = self

    def __repr__(self) -> str:
        return f"{self.name}({self.release.name})"

    # -- its life
    def become_node(self, roles: tuple[str, ...], slots: int, behave: Callable[[Claimed], Behaviour]) -> bool:
        """Start a node. `False`: it could not, and the process has ended."""
        runner = SimRunner(self.clock, behave, slots, self) if "worker" in roles else None

        def start() -> None:
            chance = self.world.chance.random
            node = make_node(
                self.rota, roles, concurrency=slots, runner=runner, name=self.name, chance=chance
            )
            self.node, self.runner = node, runner
            self._steps = {step.name: step for step in node.steps}
            self._wakes = {name: self.world.now_us for name in self._steps if name != "report"}
            self._next_us = None
            if runner is not None:
                runner.start(self._runner_changed)

        if not self.perform(start):
            self.end()
        return self.is_alive

    def perform(self, work: Callable[[], object]) -> bool:
        """Do something that is no step, and say whether it was done."""
        try:
            with self.world.frame(self):
                work()
        except StoreUnavailable as error:
            self.world.tell(self, "store unavailable:", error.problem)
            return False
        except Killed as death:
            self.world.tell(self, "killed:", death)
            self.kill()
            return False
        except Exception as error:
            self.world.violate(f"I26 {self} raised {error!r}")
            return False
        return True

    def kill(self) -> None:
        """End as by kill -9."""
        if self.is_alive:
            self.world.ledger.trouble(self.name, self.world.now_us, NEVER)
            self.end()

    def end(self) -> None:
        if self.is_alive:
            self.is_alive = False
            self.died_us = self.world.now_us
            self.world.processes.remove(self)
            self.world.tell(self, "ends")
            self.died()

    def freeze(self, span_us: int) -> None:
        """Stand still for a while, as by SIGSTOP: everything is overdue afterwards."""
        until_us = self.world.now_us + span_us
        self.world.tell(self, "stopped for", span_us / 1e6, "s")
        self.world.counts["SIGSTOP"] += 1
        self.world.ledger.trouble(self.name, self.world.now_us, until_us + 1)
        self.frozen_until = max(self.frozen_until, until_us)
        self._next_us = None

    def is_asleep(self) -> bool:
        return self.node is not None and self.frozen_until > self.world.now_us

    def wake_up(self) -> None:
        """Go on before the time, as by SIGCONT, and tell at once that it is alive."""
        self.frozen_until = self.world.now_us
        self._next_us = None
        if self._is_free("heartbeat"):
            self.call("heartbeat")

    def recover(self) -> None:
        """End whatever holds it up."""
        self.frozen_until = self.cut_until = 0
        self._next_us = None

    def cut_off(self, span_us: int) -> None:
        """Lose the way to the store for a while."""
        self.world.counts["cut off"] += 1
        self.cut_until = max(self.cut_until, self.world.now_us + span_us)
        self.world.ledger.trouble(self.name, self.world.now_us, self.cut_until + self.world.lease_us)

    def drain(self, patience_us: int) -> None:
        """Begin to stop, as by SIGTERM; killed by a second one."""
        if self.is_draining or self.node is None:
            self.kill()
            return
        self.is_draining = True
        self.world.tell(self, "drains")
        self.world.after(patience_us, self._leave)

    def _leave(self) -> None:
        node = self.node
        if self.is_alive and node is not None:
            if self._busy or self.frozen_until > self.world.now_us:
                self.world.after(1_000_000, self._leave)
                return
            self.perform(lambda: node.stop(timedelta(0)))
            self.world.ledger.trouble(self.name, self.world.now_us, NEVER)
            self.end()

    # -- its steps
    def next_us(self) -> int:
        """Return when it acts next."""
        if self._next_us is None:
            free = [at_us for name, at_us in self._wakes.items() if self._is_free(name)]
            self._next_us = max(min(free, default=NEVER), self.frozen_until)
        return self._next_us

    def work(self) -> None:
        """Call the step that is due first."""
        now_us = self.world.now_us
        due = [name for name, at_us in self._wakes.items() if at_us <= now_us and self._is_free(name)]
        if due:
            self.call(min(due, key=lambda name: self._wakes[name]))

    def _is_free(self, name: str) -> bool:
        return name not in self._busy and WAITS_FOR.get(name) not in self._busy

    def can_act(self) -> bool:
        return self.frozen_until <= self.world.now_us and any(map(self._is_free, self._wakes))

    def act(self) -> None:
        """Call any step, due or not: a wake-up may come for nothing."""
        free = [name for name in self._wakes if self._is_free(name)]
        # Heartbeats race with the rescue by others, whatever else is going on.
        self.call(
            "heartbeat"
            if "heartbeat" in free and self.world.chance.random() < 0.3
            else self.world.chance.choice(free)
        )

    def call(self, name: str) -> None:
        """Call a step as its loop does in production."""
        if name == BODIES:
            self._look_at_bodies()
            return
        if name == "dispatch" and self.is_draining:
            self._wakes[name] = NEVER
            self._next_us = None
            return
        self._busy.add(name)
        self._next_us = None
        try:
            with self.world.frame(self):
                now = self.clock.now()
                wait = self._steps[name].step(now) - self.clock.now()
            self._waits.pop(name, None)
        except StoreUnavailable as error:
            self.world.tell(self, name, "store unavailable:", error.problem)
            wait = self._back_off(name)
        except Killed as death:
            self.world.tell(self, name, "killed:", death)
            self.world.counts[f"killed in {name}"] += 1
            self.kill()
            return
        except Exception as error:
            self.world.violate(f"I26 step {name} of {self} raised {error!r}")
            wait = self._back_off(name)
        finally:
            self._busy.discard(name)
            self._next_us = None
        self._wakes[name] = self.world.now_us + max(wait // timedelta(microseconds=1), SOON)
        if name == "report":
            self._wakes[name] = NEVER
        self._look_at_bodies()

    def _back_off(self, name: str) -> timedelta:
        wait = self._waits.get(name, FIRST_WAIT)
        self._waits[name] = min(wait * 2, LONGEST_WAIT)
        return wait

    def hear(self, topics: Iterable[str]) -> None:
        for name, step in self._steps.items():
            if name in self._wakes and not step.topics.isdisjoint(topics):
                self._wakes[name] = min(self._wakes[name], self.world.now_us + SOON)
                self._next_us = None

    def _look_at_bodies(self) -> None:
        """Let bodies begin and end, and wake the steps that are told of it."""
        runner = self.runner
        if runner is None or not self.is_alive:
            return
        try:
            runner.advance(self.clock.now())
        except Killed as death:
            self.world.tell(self, "killed:", death)
            self.world.counts["killed by a body"] += 1
            self.kill()
            return
        if runner.has_reports:
            self._wakes["report"] = self.world.now_us + SOON
        end = runner.next_change()
        wait = NEVER if end is None else max((end - self.clock.now()) // timedelta(microseconds=1), 0) + SOON
        self._wakes[BODIES] = min(self.world.now_us + wait, NEVER)
        self._next_us = None

    def _runner_changed(self) -> None:
        soon = self.world.now_us + SOON
        for name in ("settle", "dispatch"):
            self._wakes[name] = min(self._wakes.get(name, soon), soon)
        self._next_us = None

    # -- the bodies it executes (`Watcher`)
    def began(self, run: Claimed, does: Behaviour) -> None:
        made = Execution(run.id, run.token, does, self.name, self.world.now_us)
        self.world.ledger.began(made)

    def ended(self, run: Claimed, outcome: Outcome) -> None:
        made = self.world.ledger.execution(run.id, run.token, self.name, 0, self.world.now_us)
        assert made is not None
        made.ended, made.ended_us = outcome, self.world.now_us

    def kill_body(self, run: Claimed) -> None:
        raise Killed(f"by the body of {run.task}")

    # -- its uses of the store (`Weather`)
    def before(self) -> None:
        self._check()
        self.world.disturb(self)
        self._check()

    def after(self) -> None:
        self.world.disturb(self)
        self._check_alive()

    def _check(self) -> None:
        self._check_alive()
        now_us = self.world.now_us
        if self.cut_until > now_us or self.world.down_until > now_us:
            raise StoreUnavailable(URL, "it can not be reached")

    def _check_alive(self) -> None:
        if self.frozen_until > self.world.now_us:
            self.world.run_until(self.frozen_until)
        if not self.is_alive:
            raise Killed("meanwhile")

    def fate(self, writes: bool) -> Fate | None:
        if self.world.calm:
            return None
        drawn = self.world.faults.draw(writes=writes, may_die=True)
        if drawn is not None:
            lease_us = self.world.lease_us
            self.world.ledger.trouble(self.name, self.world.now_us, self.world.now_us + lease_us)
            self.world.tell(self, "fate:", drawn.kind.value)
        return drawn

    def stamp(self, transaction: int) -> Stamp:
        return self.world.stamp(transaction, self.name)

    def now_us(self) -> int:
        return self.world.now_us

    def announce(self, topics: Iterable[str]) -> None:
        self.world.announce(topics)
