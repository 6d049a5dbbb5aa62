"""Tick: due schedules become runs, and records of what does not run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rota import failpoints
from rota.core.planning import plan
from rota.core.records import DueSchedule, NewRun, Plan, RunState, ScheduleState
from rota.ports import Store
from rota.runtime.events import Event, Events

log = logging.getLogger("rota.tick")
SHORTEST_STAND_BACK = timedelta(milliseconds=20)
LONGEST_STAND_BACK = timedelta(milliseconds=500)
_KIND = {RunState.MISSED: "run_missed", RunState.SKIPPED: "run_skipped"}


class Tick:
    """Decides all that has come due, in batches, however many schedules exist.

    There is no leader, but a scheduler that finds that others have been quicker stands back: it looks again
    only after a while, which doubles up to half a second. So of many schedulers one does the work at a
    time, the others cost little, and when that one dies the next is late by half a second at most.
    """

    name = "tick"
    topics = frozenset({"schedules"})

    def __init__(
        self,
        store: Store,
        rota: str,
        events: Events,
        chance: Callable[[], float],
        *,
        poll: timedelta,
        batch: int,
    ) -> None:
        self._store, self._rota, self._events, self._chance = store, rota, events, chance
        self._poll, self._batch = poll, batch
        self._stand_back = timedelta(0)

    def step(self, now: datetime) -> datetime:
        """Decide what is due at `now`; return when to look again."""
        while self._pass(now) == self._batch:
            pass
        # Not all at the same instant, or they would be in each other's way again.
        return max(self._next_look(now), now + self._stand_back * (0.5 + self._chance() / 2))

    def _next_look(self, now: datetime) -> datetime:
        due = self._store.next_due(self._rota)
        latest = now + self._poll
        return latest if due is None else min(due, latest)

    def _pass(self, now: datetime) -> int:
        """Decide one batch; return how many schedules were decided."""
        due = self._store.due(self._rota, now, self._batch)
        if not due:
            return 0
        failpoints.hit("tick.before_plan")
        plans = [plan(one, now) for one in due]
        applied = set(self._store.record(plans, now))
        failpoints.hit("record.after_commit")
        self._stand_back = standing_back(self._stand_back, len(plans), len(applied))
        for schedule, decided in zip(due, plans, strict=True):
            if schedule.id in applied:
                self._tell(schedule, decided, now)
        return len(applied)

    def _tell(self, schedule: DueSchedule, decided: Plan, now: datetime) -> None:
        if decided.state is ScheduleState.QUARANTINED:
            facts = {"schedule": schedule.name, "reason": decided.quarantine}
            log.error("schedule quarantined; it fires no more until the next sync", extra=facts)
            self._say("schedule_quarantined", schedule.name, schedule, now, reason=decided.quarantine)
        for run in decided.runs:
            if run.state is not RunState.PENDING:
                log.warning(f"occurrence {run.state}", extra=_facts(run))
                self._say(_KIND[run.state], run.id, schedule, now, count=run.count, reason=run.reason)

    def _say(self, kind: str, subject: str, schedule: DueSchedule, now: datetime, **facts: object) -> None:
        if self._events.wants(kind):
            task = schedule.definition.task
            self._events.tell(
                Event(kind=kind, at=now, subject=subject, schedule=schedule.name, task=task, facts=facts)
            )


def standing_back(before: timedelta, planned: int, applied: int) -> timedelta:
    """Return how long to stand back after a pass: longer each time that others did most of it."""
    if applied * 2 > planned:
        return timedelta(0)
    return min(max(before * 2, SHORTEST_STAND_BACK), LONGEST_STAND_BACK)


def _facts(run: NewRun) -> dict[str, object]:
    return {
        "schedule": run.schedule,
        "run": run.id,
        "planned_at": run.planned_at,
        "count": run.count,
        "reason": run.reason,
        "blocked_by": run.blocked_by,
    }
