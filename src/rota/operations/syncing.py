"""Sync: make the store say what the code declares."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.changes import redefined
from rota.core.reconcile import is_outdated, narrowed, reconcile
from rota.core.records import Generation, Node, ScheduleState, SyncPlan
from rota.errors import Conflict
from rota.operations.actor import Actor, Role

if TYPE_CHECKING:
    from rota.app import Rota

TRIES = 10
AT_ONCE = 500  # quarantined schedules that a start tries again
STARTER = Actor("rota", Role.ADMIN, "code")
LIVE_FOR = timedelta(minutes=1)  # at least


def sync_plan(rota: Rota, *, reset: bool = False, tag: str | None = None) -> SyncPlan:
    """Return what `sync` would do. Reads only."""
    # First of all, as settings may declare schedules; and a sync between this and the schedules is noticed.
    generation = rota.store.generation(rota.name)
    declared = rota.registry.declared()
    names = [name for one in declared for name in (one.name, one.was) if name]
    stored = rota.store.declared(rota.name, names)
    # A part of the declarations does not make a generation: the next node puts the rest in force.
    in_force = generation.fingerprint if generation else ""
    fingerprint = rota.registry.fingerprint() if tag is None else in_force
    plan = reconcile(rota.name, declared, stored, generation, fingerprint, rota.clock.now(), reset=reset)
    if tag is None:
        return plan
    known = {one.name for one in stored if tag in one.declared.tags}
    return narrowed(plan, known | {one.name for one in declared if tag in one.definition.tags})


def sync(
    rota: Rota, actor: Actor = STARTER, *, reset: bool | None = None, tag: str | None = None
) -> SyncPlan:
    """Put the declarations of this process in force, and return what was done.

    Args:
        reset: Drop operators' overrides; default: the setting `sync_overrides`.
        tag: Of schedules with this tag alone; the others stay as they are.

    Raises:
        Conflict: Others kept syncing at the same time.
        NotPermitted: It takes the role `admin`.
    """
    actor.require(Role.ADMIN, "sync")
    reset = rota.settings.sync_overrides == "reset" if reset is None else reset
    for _ in range(TRIES):
        plan = sync_plan(rota, reset=reset, tag=tag)
        lines = [
            actor.line(rota.name, plan.generation.synced_at, f"sync: {one.verb}", one.name, one.detail)
            for one in plan.lines
            if one.verb != "keep"
        ]
        if rota.store.sync(plan, lines):
            return plan
    raise Conflict(f"the declaration of rota {rota.name!r}")


def sync_at_start(rota: Rota) -> Generation:
    """Put the declarations in force if they are news; return the generation this node belongs to.

    A start costs one small read when nothing has changed, however many schedules there are. A node whose
    release was replaced by one that other nodes still run changes nothing.
    """
    generation = rota.store.generation(rota.name)
    fingerprint = rota.registry.fingerprint()
    if generation is not None and generation.fingerprint == fingerprint:
        _retry_quarantined(rota, rota.clock.now())
        return generation
    if is_outdated(generation, fingerprint, _live_nodes(rota)):
        assert generation is not None
        return _own(generation, fingerprint)
    return sync(rota).generation


def _own(current: Generation, fingerprint: str) -> Generation:
    """Return the generation of an outdated node: an earlier one than the current."""
    age = len(current.past) - current.past.index(fingerprint)
    return Generation(
        rota=current.rota,
        number=max(current.number - age, 0),
        fingerprint=fingerprint,
        revision=current.revision,
        synced_at=current.synced_at,
    )


def _live_nodes(rota: Rota) -> list[Node]:
    # A heartbeat is a third of a lease.
    seen_since = rota.clock.now() - max(LIVE_FOR, 2 * rota.settings.lease)
    return [node for node in rota.store.nodes(rota.name) if node.seen_at >= seen_since]


def _retry_quarantined(rota: Rota, now: datetime) -> None:
    # Quarantined ones come first, and by an index: a filter by state would read a million others.
    for schedule in rota.store.odd(rota.name, AT_ONCE):
        if schedule.state is not ScheduleState.QUARANTINED:
            continue
        change = redefined(schedule, now)
        if change.after.state is not ScheduleState.QUARANTINED:
            rota.store.amend([change], [STARTER.line(rota.name, now, "sync: retry", schedule.name)])


class SyncStep:
    """Puts an outdated node's declarations in force again once no node runs the newer ones: a roll-back."""

    name = "sync"
    topics: frozenset[str] = frozenset()

    def __init__(self, rota: Rota, every: timedelta = timedelta(seconds=30)) -> None:
        self._rota, self._every = rota, every
        self._first = True

    def step(self, now: datetime) -> datetime:
        """Look once in a while whether this node's release has become the current one."""
        if self._first:  # the node has just been synced
            self._first = False
        elif self._is_outdated():
            sync_at_start(self._rota)
        return now + self._every

    def _is_outdated(self) -> bool:
        generation = self._rota.store.generation(self._rota.name)
        return generation is not None and generation.fingerprint != self._rota.registry.fingerprint()
