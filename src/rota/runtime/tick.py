"""Tick: due schedules become runs, and records of what does not run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from rota import failpoints
from rota.core.planning import plan
from rota.core.records import DueSchedule, NewRun, Plan, RunState, ScheduleState
from rota.ports import Store
from rota.runtime.events import Event, Events

log = logging.getLogger("rota.tick")
# Schedules decided in one transaction: few, so that the others see what one that is late has done; twice as
# many each time while nobody is in the way, as a transaction has its price.
TOGETHER = 200
SHORTEST_STAND_BACK = timedelta(milliseconds=20)
LONGEST_STAND_BACK = timedelta(milliseconds=500)
FARTHEST = 8  # batches that a helper passes over, at most, beyond the first two
_KIND = {RunState.MISSED: "run_missed", RunState.SKIPPED: "run_skipped"}


class Tick:
    """Decides all that has come due, in batches, however many schedules exist.

    There is no leader, and no lock. Who is the first to decide goes on to do so; the others stand back:

    1. A scheduler that finds that another one has been quicker stands back, for a while that doubles up to
       half a second.
    2. It then only asks for the earliest instant that is due, and reads no schedule, unless that is late by
       as long as it stands back.
    3. If it is, it helps: it passes over some batches, so as not to decide what another one is deciding
       right now, and comes closer when nothing is left there.
    4. If there is but the front, and that is still due at its next look, nobody is there: it decides the
       front, and no longer stands back. What is locked there is passed over, and is tried again.

    So of many schedulers one does the work, the others cost little, help when that one is slow, and replace
    it within a second when it dies or stands still, wherever that happens.
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
        self._poll, self._batch, self._most = poll, min(batch, TOGETHER), batch
        self._stand_back = self._patience = timedelta(0)
        self._left: datetime | None = None  # the front that was left to somebody else

    def step(self, now: datetime) -> datetime:
        """Decide what is due at `now`; return when to look again."""
        due = self._store.next_due(self._rota)
        if due is not None and due + self._patience <= now:
            if not self._stand_back:
                self._decide(now)
            elif due == self._left:
                self._decide(now, thoroughly=True)
            elif not self._help(now):
                self._left = due
            due = self._store.next_due(self._rota)
        return self._next_look(due, now)

    def _next_look(self, due: datetime | None, now: datetime) -> datetime:
        latest = now + self._poll
        if due is not None and self._patience:
            due = max(due, now) + self._patience
        return latest if due is None else min(due, latest)

    def _help(self, now: datetime) -> bool:
        """Decide what lies well behind the front; say whether there was anything to decide."""
        skip, decided = int(2 + self._chance() * FARTHEST), None
        while skip > 1 and decided is None:
            decided = self._decide(now, skip * self._batch)
            skip //= 2
        return bool(decided)

    def _decide(self, now: datetime, skip: int = 0, *, thoroughly: bool = False) -> int | None:
        """Decide batch after batch, until little is left or others are quicker.

        If `thoroughly`, what can not be decided, as somebody has locked it, is passed over.

        Returns:
            How many schedules were decided. `None`: none was due.
        """
        decided: int | None = None
        size, more = self._batch, True
        while more:
            due = self._store.due(self._rota, now, size, skip)
            applied = self._pass(due, now)
            more = applied == size
            if due:
                decided = (decided or 0) + applied
                self._learn(applied * 2 <= len(due), skip)
            if thoroughly:
                more = len(due) == size
                skip += len(due) - applied
            elif not skip:
                size = min(size * 2, self._most)
        return decided

    def _learn(self, others_were_quicker: bool, skip: int) -> None:
        if others_were_quicker or not skip:  # who only helps goes on to stand back
            self._stand_back = standing_back(self._stand_back, others_were_quicker)
            # Not all at the same instant, or they would be in each other's way again.
            self._patience = self._stand_back * (0.5 + self._chance() / 2)

    def _pass(self, due: Sequence[DueSchedule], now: datetime) -> int:
        """Decide one batch; return how many schedules were decided."""
        if not due:
            return 0
        failpoints.hit("tick.before_plan")
        plans = [plan(one, now) for one in due]
        applied = set(self._store.record(plans, now))
        failpoints.hit("record.after_commit")
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


def standing_back(before: timedelta, others_were_quicker: bool) -> timedelta:
    """Return how long to stand back after a batch: longer each time that others have decided most of it."""
    if not others_were_quicker:
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
