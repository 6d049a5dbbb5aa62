"""A runner whose bodies take virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rota.core.records import Claimed, Failure, Finished, Lease, Outcome, Report
from rota.testing.clock import VirtualClock

Fails = Callable[[Claimed], bool]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a body does.

    Attributes:
        takes: How long it takes.
        fails: Says of an attempt whether it fails.
    """

    takes: timedelta = timedelta(0)
    fails: Fails = lambda run: False


@dataclass(slots=True)
class _Body:
    run: Claimed
    ends_at: datetime
    started_at: datetime


class SimRunner:
    """Implements `Runner` in virtual time: nothing is executed, attempts end when their time has come.

    Args:
        behave: Returns what the body of a run does.
        slots: Bodies at once.
    """

    def __init__(self, clock: VirtualClock, behave: Callable[[Claimed], Behaviour], slots: int = 10) -> None:
        self._clock, self._behave, self._slots = clock, behave, slots
        self._bodies: dict[str, _Body] = {}
        self._finished: list[Finished] = []
        self._cancelled: set[str] = set()

    def start(self, on_change: Callable[[], None]) -> None:
        """Nothing needs to be started."""

    def room(self) -> int:
        return self._slots - len(self._bodies)

    def submit(self, runs: Sequence[Claimed]) -> None:
        now = self._clock.now()
        for run in runs:
            self._bodies[run.id] = _Body(run, now + self._behave(run).takes, now)

    def held(self) -> list[Lease]:
        return [Lease(body.run.id, body.run.token) for body in self._bodies.values()]

    def next_end(self) -> datetime | None:
        """Return when the next body ends."""
        return min((body.ends_at for body in self._bodies.values()), default=None)

    def finished(self) -> list[Finished]:
        now = self._clock.now()
        for body in [one for one in self._bodies.values() if one.ends_at <= now]:
            self._end(body, self._outcome(body.run))
        taken, self._finished = self._finished, []
        return taken

    def reports(self) -> list[Report]:
        return []

    def cancel(self, run_ids: Sequence[str]) -> None:
        for body in [self._bodies[one] for one in run_ids if one in self._bodies]:
            self._end(body, Outcome.CANCELLED)

    def drop(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self._bodies.pop(run_id, None)

    def stop(self, patience: timedelta) -> None:
        for body in list(self._bodies.values()):
            self._end(body, Outcome.LOST)

    def _outcome(self, run: Claimed) -> Outcome:
        return Outcome.FAILED if self._behave(run).fails(run) else Outcome.SUCCEEDED

    def _end(self, body: _Body, outcome: Outcome) -> None:
        del self._bodies[body.run.id]
        failure = None
        if outcome is Outcome.FAILED:
            failure = Failure(
                kind="SimulatedError", message="the simulation wanted it so", names=("SimulatedError",)
            )
        ended = max(body.started_at, min(body.ends_at, self._clock.now()))
        self._finished.append(
            Finished(
                run=body.run, outcome=outcome, started_at=body.started_at, finished_at=ended, failure=failure
            )
        )
