"""Triggers from outside: something else watches the clock, and tells that a schedule is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rota.core.ids import occurrence_id
from rota.errors import InvalidValue
from rota.operations.actor import Actor, Role
from rota.operations.lookups import live_nodes, schedule_named
from rota.operations.requesting import decided

if TYPE_CHECKING:
    from rota.app import Rota


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered:
    """What became of a trigger.

    Attributes:
        run: Id of the run of the occurrence; `None`: the policies of the schedule decided against one.
        repeated: It had been decided before: nothing was done.
        executed: No worker was there, so that the run was executed before the answer.
    """

    schedule: str
    run: str | None
    repeated: bool
    executed: bool = False


def triggered(rota: Rota, name: str, at: datetime, actor: Actor) -> Triggered:
    """Decide the occurrence of a schedule at `at`, as a scheduler would; once, however often it is told.

    Raises:
        UnknownSchedule: There is none of this name.
        InvalidValue: `at` has no zone, or has not come yet.
        NotPermitted: It takes the role `operator`.
    """
    actor.require(Role.OPERATOR, "trigger")
    now = rota.clock.now()
    if at.tzinfo is None:
        raise InvalidValue("scheduled_at", at, "it has no zone", "End it with Z or an offset such as +01:00.")
    if at > now:
        raise InvalidValue("scheduled_at", at.isoformat(), f"it is in the future: it is {now.isoformat()}")
    run_id = occurrence_id(schedule_named(rota, name).id, at)
    if schedule_named(rota, name).cursor >= at:
        return Triggered(schedule=name, run=_known(rota, run_id), repeated=True)
    decided(rota, name, now)
    executed = not any("worker" in node.roles for node in live_nodes(rota))
    if executed:
        rota.tick()
    return Triggered(schedule=name, run=_known(rota, run_id), repeated=False, executed=executed)


def _known(rota: Rota, run_id: str) -> str | None:
    return run_id if rota.store.run(run_id) is not None else None
