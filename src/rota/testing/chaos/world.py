"""Time, processes and the one store: what happens next, in one thread and in an order that the seed decides.

A step of one process is interrupted where it uses the store: others act in between, time passes, the
process is stopped or dies. That is nested on the Python stack, so that nothing is left to the machine.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from rota.core.ids import from_us
from rota.testing.chaos.disk import Disk
from rota.testing.chaos.faults import Faults
from rota.testing.chaos.ledger import Ledger
from rota.testing.chaos.witness import Stamp, last_number

if TYPE_CHECKING:
    from rota.testing.chaos.process import Process

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NEVER = 1 << 62
DEEPEST = 4
MEDDLING = 0.1  # part of those who act in between that are operators


@dataclass(slots=True)
class Frame:
    """A step, or an operation, that is going on."""

    process: Process
    began: int
    began_us: int


class Going:
    """The context of a frame."""

    __slots__ = ("_process", "_world")

    def __init__(self, world: World, process: Process) -> None:
        self._world, self._process = world, process

    def __enter__(self) -> None:
        world = self._world
        world.frames.append(Frame(self._process, last_number(world.disk.connection), world.now_us))

    def __exit__(self, *error: object) -> None:
        self._world.frames.pop()


@dataclass(slots=True)
class Habits:
    """How often things happen at one use of the store, each from 0 to 1.

    Attributes:
        interleave: Another process acts in between.
        stall: Time passes: up to ten seconds.
        stop: The process is stopped for 0.5, 1.5 or 5 leases, as by SIGSTOP.
        deaf: A wake-up is lost.
    """

    interleave: float = 0.0
    stall: float = 0.0
    stop: float = 0.0
    deaf: float = 0.0


@dataclass(slots=True)
class World:
    """Everything there is.

    Attributes:
        now_us: The store's clock, in microseconds since 1970.
        processes, born: Those alive; all that ever were, by name.
        calm: No fault of any kind for the time being.
        down_until: The store answers nobody before that.
        violations: What must never happen, and has.
        meddle: Lets an operator act while a step is going on.
        trace: Takes lines that tell what happens; `None`: nobody listens.
    """

    chance: random.Random
    now_us: int
    lease_us: int
    faults: Faults
    habits: Habits
    disk: Disk = field(default_factory=Disk)
    ledger: Ledger = field(default_factory=Ledger)
    processes: list[Process] = field(default_factory=list)
    born: dict[str, Process] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    calm: bool = False
    down_until: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    trace: Callable[[str], None] | None = None
    meddle: Callable[[], None] = lambda: None
    node_us: int = 0
    _events: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: int = 0

    @property
    def now(self) -> datetime:
        return from_us(self.now_us)

    def tell(self, *words: object) -> None:
        """Write a line of the trace."""
        if self.trace is not None:
            depth = "  " * len(self.frames)
            self.trace(f"{self.now:%m-%d %H:%M:%S.%f} {depth}{' '.join(map(str, words))}")

    def violate(self, what: str) -> None:
        self.tell("VIOLATION", what)
        self.violations.append(what)

    def number(self) -> int:
        """Return a number that was never returned before."""
        self._numbers += 1
        return self._numbers

    # -- time
    def at(self, at_us: int, what: Callable[[], None]) -> None:
        """Let something happen at an instant."""
        heapq.heappush(self._events, (max(at_us, self.now_us), self.number(), what))

    def after(self, span_us: float, what: Callable[[], None]) -> None:
        self.at(self.now_us + int(span_us), what)

    def run_until(self, until_us: int) -> None:
        """Let everybody act until then. A step that calls this is held up meanwhile."""
        from_us = self.now_us
        while True:
            due_us = self._events[0][0] if self._events else NEVER
            process: Process | None = None
            for one in self.processes:
                if (wake_us := one.next_us()) < due_us:
                    due_us, process = wake_us, one
            if due_us > until_us:
                break
            self._move_to(due_us)
            if process is not None:
                process.work()
            else:
                heapq.heappop(self._events)[2]()
        self._move_to(until_us)
        for frame in self.frames:
            self.ledger.trouble(frame.process.name, from_us, self.now_us + self.lease_us)

    def _move_to(self, at_us: int) -> None:
        if at_us > self.now_us:
            self.node_us += (at_us - self.now_us) * len(self.processes)
            self.now_us = at_us

    # -- what happens while a step is going on
    def frame(self, process: Process) -> Going:
        """Return a context for a step, or an operation, of `process`."""
        return Going(self, process)

    def stamp(self, transaction: int, who: str) -> Stamp:
        return Stamp(transaction, self.now_us, who, self.frames[-1].began if self.frames else 0)

    def disturb(self, process: Process) -> None:
        """Let something happen between two uses of the store, or nothing."""
        habits, chance = self.habits, self.chance
        if self.calm or len(self.frames) >= DEEPEST:
            return
        drawn = chance.random()
        if drawn < habits.interleave:
            self.counts["steps in between"] += 1
            self._someone_else(process)
        elif (drawn := drawn - habits.interleave) < habits.stall:
            self.counts["slow uses of the store"] += 1
            self.run_until(self.now_us + int(10 ** chance.uniform(3, 7)))
        elif drawn - habits.stall < habits.stop:
            process.freeze(int(self.lease_us * chance.choice((0.5, 1.5, 5.0))))

    def _someone_else(self, process: Process) -> None:
        if self.chance.random() < (MEDDLING if process.node is not None else 0.5):
            self.meddle()
            return
        asleep = [one for one in self.processes if one.is_asleep()]
        if asleep and self.chance.random() < 0.5:  # what it held may be on its way to somebody else
            self.chance.choice(asleep).wake_up()
            return
        others = [one for one in self.processes if one.can_act()]
        late = [one for one in others if one.next_us() <= self.now_us]
        if late and self.chance.random() < 0.5:  # those that have just come back have everything to do
            others = late
        if others:
            self.chance.choice(others).act()

    def announce(self, topics: Iterable[str]) -> None:
        """Wake the steps that wait for one of `topics`; some do not hear it."""
        for process in self.processes:
            if self.calm or self.chance.random() >= self.habits.deaf:
                process.hear(topics)
            else:
                self.counts["wake-ups lost"] += 1
