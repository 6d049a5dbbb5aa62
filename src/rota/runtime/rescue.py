"""Rescue: runs of dead nodes are taken over, late ones expire, overrides that ended are taken back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rota import failpoints
from rota.core.changes import redefined
from rota.core.outcomes import lost
from rota.core.records import AuditLine
from rota.ports import Store
from rota.runtime.events import Event, Events
from rota.runtime.settle import settle

log = logging.getLogger("rota.rescue")
DEAD_AFTER = 4  # leases without a heartbeat, after which a node is forgotten


class Rescue:
    """Mends what others left behind. Any number of nodes may do it at once."""

    name = "rescue"
    topics: frozenset[str] = frozenset()

    def __init__(
        self,
        store: Store,
        rota: str,
        events: Events,
        chance: Callable[[], float],
        *,
        every: timedelta,
        lease: timedelta,
        batch: int,
    ) -> None:
        self._store, self._rota, self._events, self._chance = store, rota, events, chance
        self._every, self._lease, self._batch = every, lease, batch

    def step(self, now: datetime) -> datetime:
        """Mend what there is; return when to look again."""
        self._take_over(now)
        for run_id in self._store.expire(self._rota, now, self._batch):
            log.warning("run expired; its start deadline passed", extra={"run": run_id})
        self._end_overrides(now)
        for node in self._store.forget_nodes(self._rota, now - self._lease * DEAD_AFTER):
            log.warning("node is gone", extra={"node": node})
            self._events.tell(Event(kind="node_left", at=now, subject=node))
        return now + self._every

    def _take_over(self, now: datetime) -> None:
        overdue = self._store.overdue(self._rota, now, self._batch)
        if not overdue:
            return
        for run in overdue:
            facts = {"run": run.id, "task": run.task, "attempt": run.attempt}
            log.warning("run lost; its lease has run out", extra=facts)
            self._events.tell(
                Event(
                    kind="run_lost", at=now, subject=run.id, schedule=run.schedule, task=run.task, facts=facts
                )
            )
        failpoints.hit("rescue.before_settle")
        settle(self._store, [lost(run, now) for run in overdue], self._events, self._chance, now)

    def _end_overrides(self, now: datetime) -> None:
        for schedule in self._store.ending(self._rota, now, self._batch):
            change = redefined(schedule, now)
            ended = [one.field for one in schedule.overrides if one not in change.after.overrides]
            line = AuditLine(
                at=now,
                rota=self._rota,
                actor="rota",
                via="rescue",
                action="override ended",
                subject=schedule.name,
                before=ended,
            )
            if self._store.amend([change], [line]):
                log.info("override ended", extra={"schedule": schedule.name, "fields": ended})
