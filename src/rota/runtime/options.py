"""The durations and sizes a node works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """How a node works.

    Attributes:
        roles: Of `scheduler`, `worker`.
        queues: Queues its worker serves.
        slots: Bodies it runs at once.
        lease: How long a run stays this node's after its last heartbeat.
        poll: The longest it sleeps without looking into the store.
        batch: The most schedules, runs or settlements in one transaction.
        patience: How long it waits at the end for what is running.
        generation: Of the rota it was started with.
        fingerprint: Of all that it declares.
    """

    roles: tuple[str, ...] = ("scheduler", "worker")
    queues: tuple[str, ...] = ("default",)
    slots: int = 10
    lease: timedelta = timedelta(seconds=15)
    poll: timedelta = timedelta(seconds=5)
    batch: int = 1000
    patience: timedelta = timedelta(seconds=30)
    generation: int = 0
    fingerprint: str = ""

    @property
    def heartbeat(self) -> timedelta:
        """A third of the lease: two may fail before a run is taken away."""
        return self.lease / 3

    @property
    def rescue(self) -> timedelta:
        """How often runs of dead nodes are looked for."""
        return self.lease / 5
