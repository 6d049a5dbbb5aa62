"""Settle: attempts that ended are decided and stored, in batches, if their lease is still ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from rota import failpoints
from rota.core.outcomes import decide
from rota.core.records import Finished, RunState, Settlement
from rota.ports import Runner, Store
from rota.runtime.events import Event, Events
from rota.runtime.report import Report

log = logging.getLogger("rota.settle")
# What has ended and is not written down yet is held by nobody's slot. Without a bound a node whose store has
# become slow would go on to lease runs, faster than it can settle them, until their leases run out.
MOST_UNSETTLED = 4000

_KIND = {
    RunState.SUCCEEDED: "run_succeeded",
    RunState.FAILED: "run_failed",
    RunState.PENDING: "run_retrying",
    RunState.CANCELLED: "run_cancelled",
}
_LEVEL = {
    RunState.FAILED: logging.ERROR,
    RunState.PENDING: logging.WARNING,
    RunState.CANCELLED: logging.WARNING,
}


class Settle:
    """Writes down what became of the attempts of one runner.

    What the store could not take is kept, and offered again at the next step.

    Attributes:
        on_taken: Called when the runner has been relieved of attempts: there may be room for more.
    """

    name = "settle"
    topics: frozenset[str] = frozenset()

    def __init__(
        self,
        store: Store,
        runner: Runner,
        report: Report,
        events: Events,
        chance: Callable[[], float],
        *,
        poll: timedelta,
        batch: int,
    ) -> None:
        self._store, self._runner, self._report = store, runner, report
        self._events, self._chance = events, chance
        self._poll, self._batch = poll, batch
        self._kept: list[Finished] = []
        self.on_taken: Callable[[], None] = lambda: None

    def step(self, now: datetime) -> datetime:
        """Settle all that has ended; return when to look again, unless something ends before."""
        self._take()
        while self._kept:
            failpoints.hit("settle.before")
            batch, was_full = self._kept[: self._batch], len(self._kept) >= MOST_UNSETTLED
            settle(self._store, batch, self._events, self._chance, now)
            del self._kept[: len(batch)]
            if not self._take() and was_full:
                self.on_taken()
        return now + self._poll

    def unsettled(self) -> int:
        """Return how many attempts have been taken from the runner and are not stored yet."""
        return len(self._kept)

    def _take(self) -> bool:
        finished = self._runner.finished()
        if finished:
            self._kept += finished
            # The runner calls once for all that ends until it is taken. What ended after that call has left
            # room that nobody else has heard of.
            self.on_taken()
        self._report.settled()
        return bool(finished)


def settle(
    store: Store, finished: Sequence[Finished], events: Events, chance: Callable[[], float], now: datetime
) -> None:
    """Decide what becomes of the runs of `finished`, store it, and tell of it."""
    settlements = [decide(one, chance()) for one in finished]
    lost = set(store.settle(settlements, now))
    failpoints.hit("settle.after_commit")
    for one, settlement in zip(finished, settlements, strict=True):
        if settlement.run_id in lost:
            facts = {"run": settlement.run_id, "task": one.run.task, "token": settlement.token}
            log.warning("lease lost; result dropped", extra=facts)
        elif settlement.counted:
            _tell(one, settlement, events, now)


def _tell(finished: Finished, settlement: Settlement, events: Events, now: datetime) -> None:
    level = _LEVEL.get(settlement.state, logging.INFO)
    kind = _KIND[settlement.state]
    if not log.isEnabledFor(level) and not events.wants(kind):
        return
    run, failure = finished.run, settlement.failure
    facts = {
        "schedule": run.schedule,
        "task": run.task,
        "run": run.id,
        "attempt": run.attempt,
        "outcome": str(settlement.outcome),
        "seconds": round((settlement.finished_at - settlement.started_at).total_seconds(), 3),
        "error": f"{failure.kind}: {failure.message[:200]}" if failure else settlement.reason,
        "retry_at": settlement.run_at,
    }
    log.log(level, _MESSAGE[settlement.state], extra=facts)
    if events.wants(kind):
        events.tell(
            Event(
                kind=kind,
                at=now,
                subject=run.id,
                schedule=run.schedule,
                task=run.task,
                facts={**facts, "failure": failure},
            )
        )


_MESSAGE = {
    RunState.SUCCEEDED: "run succeeded",
    RunState.FAILED: "run failed",
    RunState.PENDING: "run will be retried",
    RunState.CANCELLED: "run cancelled",
}
