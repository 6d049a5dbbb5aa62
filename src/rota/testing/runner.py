"""A runner whose bodies take virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rota.core.records import Claimed, Failure, Finished, Lease, Outcome, Report
from rota.ports import Clock

Fails = Callable[[Claimed], bool]
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a body does.

    Attributes:
        takes: How long it takes.
        fails: Says of an attempt whether it fails.
        waits: How long it waits in the runner before it begins.
        speaks: It tells its progress and writes a line of log, half-way.
        stubborn: It goes on when it is asked to stop.
        kills: It ends by killing its process.
        retry_after: The wait it asks for when it fails.
        final: Its failure is not to be retried.
    """

    takes: timedelta = AT_ONCE
    fails: Fails = lambda run: False
    waits: timedelta = AT_ONCE
    speaks: bool = False
    stubborn: bool = False
    kills: bool = False
    retry_after: timedelta | None = None
    final: bool = False


class Watcher(Protocol):
    """Is told of every body: an account of what was really executed, beside what the store says."""

    def began(self, run: Claimed, does: Behaviour) -> None: ...
    def ended(self, run: Claimed, outcome: Outcome) -> None: ...
    def kill_body(self, run: Claimed) -> None:
        """End the process that executes `run`, at once."""
        ...


@dataclass(slots=True)
class _Body:
    run: Claimed
    does: Behaviour
    begins_at: datetime
    started_at: datetime | None = None
    has_spoken: bool = False

    @property
    def ends_at(self) -> datetime:
        return (self.started_at or self.begins_at) + self.does.takes

    def next_change(self) -> datetime:
        if self.started_at is None:
            return self.begins_at
        return self.ends_at if self.has_spoken else self.started_at + self.does.takes / 2


class SimRunner:
    """Implements `Runner` in virtual time: nothing is executed, attempts end when their time has come.

    Args:
        behave: Returns what the body of a run does; asked once for each attempt.
        slots: Bodies at once.
        watcher: Is told what begins and ends.
    """

    def __init__(
        self,
        clock: Clock,
        behave: Callable[[Claimed], Behaviour],
        slots: int = 10,
        watcher: Watcher | None = None,
    ) -> None:
        self._clock, self._behave, self._slots, self._watcher = clock, behave, slots, watcher
        self._bodies: dict[str, _Body] = {}
        self._finished: list[Finished] = []
        self._reports: list[Report] = []
        self._stopping = False
        self._on_change: Callable[[], None] = lambda: None

    def start(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def room(self) -> int:
        return 0 if self._stopping else self._slots - len(self._bodies)

    def submit(self, runs: Sequence[Claimed]) -> None:
        now = self._clock.now()
        for run in runs:
            does = self._behave(run)
            self._bodies[run.id] = _Body(run, does, now + does.waits, has_spoken=not does.speaks)
        self.advance(now)

    def held(self) -> list[Lease]:
        ended = [Lease(one.run.id, one.run.token) for one in self._finished]
        return ended + [Lease(body.run.id, body.run.token) for body in self._bodies.values()]

    @property
    def has_reports(self) -> bool:
        return bool(self._reports)

    def next_change(self) -> datetime | None:
        """Return when a body begins, speaks or ends next."""
        return min((body.next_change() for body in self._bodies.values()), default=None)

    def advance(self, now: datetime) -> None:
        """Let bodies begin, speak and end whose time has come."""
        for body in [one for one in self._bodies.values() if one.next_change() <= now]:
            if body.started_at is None:
                body.started_at = now
                if self._watcher is not None:
                    self._watcher.began(body.run, body.does)
            if not body.has_spoken and body.started_at + body.does.takes / 2 <= now:
                body.has_spoken = True
                self._reports.append(_report(body.run))
            if body.ends_at <= now and body.has_spoken:
                if body.does.kills and self._watcher is not None:
                    self._watcher.kill_body(body.run)
                self._end(body, Outcome.FAILED if body.does.fails(body.run) else Outcome.SUCCEEDED)

    def finished(self) -> list[Finished]:
        self.advance(self._clock.now())
        taken, self._finished = self._finished, []
        return taken

    def reports(self) -> list[Report]:
        self.advance(self._clock.now())
        taken, self._reports = self._reports, []
        return taken

    def cancel(self, run_ids: Sequence[str]) -> None:
        for body in [self._bodies[one] for one in run_ids if one in self._bodies]:
            if body.started_at is None or not body.does.stubborn:
                self._end(body, Outcome.CANCELLED)

    def drop(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            body = self._bodies.pop(run_id, None)
            if body is not None and body.started_at is not None and self._watcher is not None:
                self._watcher.ended(body.run, Outcome.LOST)
        self._finished = [one for one in self._finished if one.run.id not in run_ids]

    def stop(self, patience: timedelta) -> None:
        self._stopping = True
        for body in list(self._bodies.values()):
            self._end(body, Outcome.RELEASED if body.started_at is None else Outcome.LOST)

    def _end(self, body: _Body, outcome: Outcome) -> None:
        del self._bodies[body.run.id]
        now = self._clock.now()
        started = body.started_at or now
        if self._watcher is not None and body.started_at is not None:
            self._watcher.ended(body.run, outcome)
        failed = outcome is Outcome.FAILED
        self._finished.append(
            Finished(
                run=body.run,
                outcome=outcome,
                started_at=started,
                finished_at=max(started, min(body.ends_at, now)),
                failure=_FAILURE if failed else None,
                retry_after=body.does.retry_after if failed else None,
                final=failed and body.does.final,
                log=f"{body.run.token} ends\n" if body.does.speaks else "",
            )
        )
        self._on_change()


_FAILURE = Failure(kind="SimulatedError", message="the simulation wanted it so", names=("SimulatedError",))


def _report(run: Claimed) -> Report:
    """Return what a body says half-way: its token, so that a late one can be told from one in time."""
    note = str(run.token)
    return Report(
        run_id=run.id,
        token=run.token,
        attempt=run.attempt,
        done=0.5,
        total=1.0,
        note=note,
        log=f"{note} speaks\n",
    )
