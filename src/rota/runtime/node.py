"""A node: the steps of its roles, each in a loop of its own, and their common beginning and end."""

from __future__ import annotations

import logging
import os
import random
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from rota._version import __version__
from rota.core.records import Node as NodeRow
from rota.errors import StoreUnavailable
from rota.ports import Clock, Runner, Store, Wakeup
from rota.runtime.dispatch import Dispatch
from rota.runtime.events import Event, Events
from rota.runtime.heartbeat import Heartbeat
from rota.runtime.loops import Loop, Step
from rota.runtime.options import NodeOptions
from rota.runtime.report import Report
from rota.runtime.rescue import Rescue
from rota.runtime.settle import Settle
from rota.runtime.tick import Tick

log = logging.getLogger("rota.node")


class Node:
    """A process that takes part.

    The steps can be called one by one (tests, simulations, `rota tick`), or run in threads by `start`.

    An operator may ask it to drain. Its next heartbeat learns that; if it was started, it stops by itself.

    Args:
        runner: Required for the role `worker`.
        extra: More steps, such as one that syncs again after a roll-back.
        chance: Returns a random number in `[0, 1)`, for the spread of retries.

    Attributes:
        drain_by: Who has asked it to drain.
        on_drained: Called when it has left for that reason; by default nothing more ends than the node.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        rota: str,
        events: Events,
        options: NodeOptions,
        *,
        runner: Runner | None = None,
        tasks: Sequence[str] = (),
        extra: Sequence[Step] = (),
        name: str | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.id = name or f"{socket.gethostname()}-{os.getpid()}-{random.getrandbits(24):06x}"
        self.options, self.runner = options, runner
        self._store, self._clock, self._rota, self.events = store, clock, rota, events
        self._started_at: datetime | None = None
        self._draining = self._has_left = False
        self._leaving = threading.Lock()
        self.drain_by: str | None = None
        self.on_drained: Callable[[], None] = lambda: None
        self.steps = [*self._steps(tuple(tasks), chance), *extra]
        self._loops: list[Loop] = []
        self._wakeup: Wakeup | None = None
        self._listener: threading.Thread | None = None

    def _steps(self, tasks: tuple[str, ...], chance: Callable[[], float]) -> list[Step]:
        store, rota, events, options = self._store, self._rota, self.events, self.options
        steps: list[Step] = []
        runner = self.runner if "worker" in options.roles else None
        # The heartbeat comes first: a node shows itself before it takes anything.
        resync = getattr(self._clock, "resync", lambda: None)  # a clock of a test has nothing to learn
        steps.append(
            Heartbeat(
                store,
                self.row,
                runner,
                resync=resync,
                asked=self._asked_to_drain,
                every=options.heartbeat,
                lease=options.lease,
            )
        )
        if "scheduler" in options.roles:
            steps.append(Tick(store, rota, events, chance, poll=options.poll, batch=options.batch))
        if runner is not None:
            report = Report(store, runner)
            self.settle = Settle(
                store, runner, report, events, chance, poll=options.poll, batch=options.batch
            )
            self.dispatch = Dispatch(
                store,
                runner,
                events,
                node=self.id,
                rota=rota,
                queues=options.queues,
                tasks=tasks,
                lease=options.lease,
                poll=options.poll,
                batch=options.batch,
                unsettled=self.settle.unsettled,
            )
            steps += [self.dispatch, self.settle, report]
        steps.append(
            Rescue(
                store, rota, events, chance, every=options.rescue, lease=options.lease, batch=options.batch
            )
        )
        return steps

    def row(self, now: datetime) -> NodeRow:
        """Return what this node says of itself at `now`."""
        self._started_at = self._started_at or now
        offset = getattr(self._clock, "offset", timedelta)
        return NodeRow(
            id=self.id,
            rota=self._rota,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            roles=self.options.roles,
            queues=self.options.queues,
            slots=self.options.slots if self.runner else 0,
            running=len(self.runner.held()) if self.runner else 0,
            generation=self.options.generation,
            fingerprint=self.options.fingerprint,
            clock_offset=offset(),
            patience=self.options.patience,
            started_at=self._started_at,
            seen_at=now,
            draining=self._draining,
        )

    def start(self) -> None:
        """Join, and call the steps in threads until `stop`."""
        now = self._clock.now()
        self._store.join(self.row(now))
        self._wakeup = self._store.wakeup()
        if self.runner is not None:
            self.runner.start(self._runner_changed)
        self._loops = [Loop(step, self._clock) for step in self.steps]
        for loop in self._loops:
            if isinstance(loop.step, Dispatch):
                self.settle.on_taken = loop.wake
            loop.start()
        self._listener = threading.Thread(target=self._listen, name="rota-listener", daemon=True)
        self._listener.start()
        log.info("node joined", extra={"node": self.id, "roles": list(self.options.roles)})
        self.events.tell(Event(kind="node_joined", at=now, subject=self.id))

    def stop(self, patience: timedelta | None = None) -> None:
        """Drain: take nothing more, wait for what is running, give back the rest, and leave.

        If it is being drained already, that is waited for, up to `patience`.
        """
        patience = self.options.patience if patience is None else patience
        if not self._leaving.acquire(timeout=patience.total_seconds()):
            return
        try:
            if not self._has_left:
                self._leave(patience)
                self._has_left = True
        finally:
            self._leaving.release()

    def _asked_to_drain(self, by: str) -> None:
        if self.drain_by is None:
            self.drain_by = by
            if self._loops:  # else its steps are called by others, who decide what becomes of it
                log.info("asked to drain", extra={"node": self.id, "by": by})
                threading.Thread(target=self._drain, name="rota-drain", daemon=True).start()

    def _drain(self) -> None:
        try:
            self.stop()
        finally:
            self.on_drained()

    def _leave(self, patience: timedelta) -> None:
        self._draining = True
        # No occurrence is decided while nobody here would run it: what comes due is for the next node.
        self._end(lambda step: isinstance(step, Tick | Dispatch))
        log.info("node takes nothing more", extra={"node": self.id})
        if self.runner is not None:
            self.runner.stop(patience)
            self._end(lambda step: step is self.settle)
            self._last(lambda: self.settle.step(self._clock.now()))
        self._end(lambda _: True)
        if self._wakeup is not None:
            self._wakeup.close()
        if self._listener is not None:
            self._listener.join()  # or it would look into a store that was closed meanwhile
        self._last(lambda: self._store.leave(self.id))
        log.info("node left", extra={"node": self.id})
        self.events.tell(Event(kind="node_left", at=self._clock.now(), subject=self.id))

    def _last(self, work: Callable[[], object]) -> None:
        """Do something for the last time. If the store is away, the leases run out and others mend it."""
        try:
            work()
        except StoreUnavailable as error:
            log.warning("store unavailable while leaving", extra={"node": self.id, "problem": error.problem})

    def _end(self, which: Callable[[Step], bool]) -> None:
        """Stop the loops of some steps: all at once, so that a long call of one keeps no other going."""
        ending = [loop for loop in self._loops if which(loop.step)]
        for loop in ending:
            loop.stop()
        for loop in ending:
            loop.join()
        self._loops = [loop for loop in self._loops if loop not in ending]

    def _runner_changed(self) -> None:
        for loop in self._loops:
            if loop.step is self.settle or loop.step is self.dispatch:
                loop.wake()

    def _listen(self) -> None:
        """Wake the steps whose topics have changed in the store."""
        wakeup = self._wakeup
        assert wakeup is not None
        while self._loops:
            topics = wakeup.wait(timedelta(seconds=1))
            for loop in list(self._loops):
                if loop.step.topics & topics:
                    loop.wake()
