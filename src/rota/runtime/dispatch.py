"""Dispatch: pending runs that may start are leased and handed to the runner, as many as it has room for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rota import failpoints
from rota.core.records import Claimed, ClaimRequest, Lease
from rota.errors import StoreUnavailable
from rota.ports import Runner, Store
from rota.runtime.events import Event, Events
from rota.runtime.settle import MOST_UNSETTLED

log = logging.getLogger("rota.dispatch")


class Dispatch:
    """Claims runs for one node.

    Args:
        unsettled: Returns how many attempts have ended and are not written down yet.
    """

    name = "dispatch"
    topics = frozenset({"runs"})

    def __init__(
        self,
        store: Store,
        runner: Runner,
        events: Events,
        *,
        node: str,
        rota: str,
        queues: tuple[str, ...],
        tasks: tuple[str, ...],
        lease: timedelta,
        poll: timedelta,
        batch: int,
        unsettled: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store, self._runner, self._events = store, runner, events
        self._unsettled = unsettled
        self._node, self._rota, self._queues, self._tasks = node, rota, queues, tasks
        self._lease, self._poll, self._batch = lease, poll, batch
        self.claimed = 0  # in all, since it began
        self._unanswered: ClaimRequest | None = None
        self._last_until: datetime | None = None

    def step(self, now: datetime) -> datetime:
        """Claim what there is room for; return when to look again, unless a slot comes free before."""
        self._take_up(now)
        room = min(self._runner.room(), self._batch, MOST_UNSETTLED - self._unsettled())
        if room <= 0:
            return now + self._poll
        claimed = self._claim(now, room)
        self._submit(claimed, now)
        if len(claimed) >= room:
            return now  # there is more; what room is left then decides
        ready = self._store.next_ready(self._rota, self._queues, now)
        latest = now + self._poll
        return latest if ready is None else min(ready, latest)

    def _claim(self, now: datetime, room: int) -> list[Claimed]:
        until = now + self._lease
        if self._last_until is not None:  # of no two claims the same: `_take_up` knows them by it
            until = max(until, self._last_until + timedelta(microseconds=1))
        self._last_until = until
        request = ClaimRequest(
            node=self._node,
            rota=self._rota,
            queues=self._queues,
            tasks=self._tasks,
            now=now,
            until=until,
            limit=room,
        )
        try:
            return self._store.claim(request)
        except StoreUnavailable:
            self._unanswered = request
            raise

    def _take_up(self, now: datetime) -> None:
        """Begin what a claim has leased whose answer was lost: it would count as an attempt, and as lost."""
        if self._unanswered is None:
            return
        found = self._store.claimed(self._unanswered) if now < self._unanswered.until else []
        self._unanswered = None
        held = set(self._runner.held()) if found else set()
        self._submit([run for run in found if Lease(run.id, run.token) not in held], now)

    def _submit(self, claimed: list[Claimed], now: datetime) -> None:
        if claimed:
            failpoints.hit("claim.after_commit")
            self.claimed += len(claimed)
            self._runner.submit(claimed)
            self._tell(claimed, now)

    def _tell(self, claimed: list[Claimed], now: datetime) -> None:
        if log.isEnabledFor(logging.INFO):
            for run in claimed:
                facts = {"schedule": run.schedule, "task": run.task, "run": run.id, "attempt": run.attempt}
                log.info("run started", extra=facts)
        if self._events.wants("run_started"):
            for run in claimed:
                facts = {"attempt": run.attempt}
                self._events.tell(
                    Event(
                        kind="run_started",
                        at=now,
                        subject=run.id,
                        schedule=run.schedule,
                        task=run.task,
                        facts=facts,
                    )
                )
