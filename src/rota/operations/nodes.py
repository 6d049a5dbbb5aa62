"""Make a node of a rota."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from rota.errors import InvalidValue
from rota.operations.syncing import SyncStep, sync_at_start
from rota.runtime.node import Node
from rota.runtime.options import NodeOptions

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.ports import Runner

RESYNC = timedelta(seconds=30)  # how often a node looks whether its release has become the current one
ROLES = ("scheduler", "worker")


def make_node(
    rota: Rota,
    roles: Sequence[str],
    *,
    queues: Sequence[str] | None = None,
    concurrency: int | None = None,
    runner: Runner | None = None,
    name: str | None = None,
    lease: timedelta | None = None,
    chance: Callable[[], float] = random.random,
) -> Node:
    """Return a node of `rota`, after its declarations are in force; see `Rota.node` and `Node`."""
    for role in roles:
        if role not in ROLES:
            raise InvalidValue("role", role, f"choose of {', '.join(ROLES)}")
    settings = rota.settings
    generation = sync_at_start(rota)
    options = NodeOptions(
        roles=tuple(roles),
        queues=tuple(queues or settings.queues or rota.registry.queues()),
        slots=concurrency or settings.concurrency,
        lease=lease or settings.lease,
        poll=settings.tick_interval,
        batch=settings.batch,
        patience=settings.drain_timeout,
        generation=generation.number,
        fingerprint=generation.fingerprint,
    )
    if runner is None and "worker" in roles:
        from rota.runners.local import LocalRunner

        runner = LocalRunner(rota.registry.body, rota.clock, options.slots, child_setup=rota.child_setup)
        if rota.beside is not None:
            runner = rota.beside(runner, rota.clock)
    return Node(
        rota.store,
        rota.clock,
        rota.name,
        rota.events,
        options,
        runner=runner,
        tasks=tuple(rota.registry.tasks),
        extra=[SyncStep(rota, max(RESYNC, settings.tick_interval))] if "scheduler" in roles else [],
        name=name,
        chance=chance,
    )
