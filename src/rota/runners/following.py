"""A runner that has runs executed by a system of others: hands them over, and follows what becomes of them.

1. A run that was claimed is handed over. That is written down where every node finds it, with the message
   that went out: whoever claims the run again, after a crash or a drain, follows the same message.
2. The message is looked at from time to time, the longer it takes the less often.
3. When it has ended, so has the attempt. If it has not by its deadline, it is taken to be lost.

Meanwhile the node holds the lease, as if it executed the run itself.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rota.core.policies import RunPolicy
from rota.core.records import Claimed, Failure, Finished, Lease, Outcome, Report
from rota.errors import MessageLost
from rota.ports import Clock
from rota.runners.local.failures import failure_of

log = logging.getLogger("rota.runner")
FIRST_LOOK, LAST_LOOK = timedelta(milliseconds=200), timedelta(seconds=15)
SHARE = 10  # a message that is out for so long is looked at after another tenth of that
DEADLINE = timedelta(days=1)
TIDY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Handed:
    """A run that is elsewhere: as what, and since when."""

    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a message, by the store's clock. `started_at`: `None` if that is not known."""

    outcome: Outcome
    finished_at: datetime
    started_at: datetime | None = None
    result: str | None = None
    failure: Failure | None = None


class Elsewhere(Protocol):
    """The system of others. All of it is called from one thread."""

    def hand_over(self, run: Claimed, now: datetime) -> Handed | None:
        """Hand a run over, or find out that it was before. `None`: its lease is lost, nothing was done."""
        ...

    def ended(self, run: Claimed, handed: Handed, now: datetime) -> Ended | None:
        """Return what became of it; `None`: nothing yet, or it is not known."""
        ...

    def is_away(self, error: Exception) -> bool:
        """Say whether an error means that the system can not be reached for now."""
        ...

    def tidy(self, now: datetime) -> None:
        """Forget the messages of runs that have ended."""
        ...

    def close(self) -> None: ...


@dataclass(eq=False, slots=True)
class _Held:
    run: Claimed
    look_at: datetime
    since: datetime
    handed: Handed | None = None
    is_away: bool = False


class FollowingRunner:
    """See the port `Runner`."""

    def __init__(self, elsewhere: Elsewhere, clock: Clock) -> None:
        self._elsewhere, self._clock = elsewhere, clock
        self._open: dict[str, _Held] = {}
        self._done: deque[Finished] = deque()
        self._tidied_at: datetime | None = None
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._on_change: Callable[[], None] = lambda: None

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to hand over and to look, in a thread."""
        self._on_change = on_change
        self._thread = threading.Thread(target=self._work, name="rota-following", daemon=True)
        self._thread.start()

    def room(self) -> int:
        """Return how many more runs it would take: what is elsewhere takes no room here."""
        return 0 if self._stopping else 1000

    def submit(self, runs: Sequence[Claimed]) -> None:
        """Take runs. Each ends in `finished()`, sooner or later, unless it is dropped."""
        now = self._clock.now()
        with self._lock:
            self._open.update({run.id: _Held(run, look_at=now, since=now) for run in runs})
        self._woken.set()

    def held(self) -> list[Lease]:
        """Return the leases of all runs that are elsewhere, or have ended there and were not yet taken."""
        with self._lock:
            runs = [*(one.run for one in self._open.values()), *(one.run for one in self._done)]
        return [Lease(run.id, run.token) for run in runs]

    def finished(self) -> list[Finished]:
        """Take the attempts that have ended since the last call."""
        with self._lock:
            taken = list(self._done)
            self._done.clear()
        return taken

    def reports(self) -> list[Report]:
        """Return nothing: what is elsewhere is not heard."""
        return []

    def cancel(self, run_ids: Sequence[str]) -> None:
        """End these runs as cancelled. What was handed over can not be taken back, and may be executed."""
        now = self._clock.now()
        for one in self._taken(run_ids):
            self._finish(one, Ended(outcome=Outcome.CANCELLED, finished_at=now))

    def drop(self, run_ids: Sequence[str]) -> None:
        """Forget these runs: another node follows them."""
        self._taken(run_ids)

    def _taken(self, run_ids: Sequence[str]) -> list[_Held]:
        with self._lock:
            return [self._open.pop(one) for one in run_ids if one in self._open]

    def stop(self, patience: timedelta) -> None:
        """Give back all runs at once: the node that claims them next follows the same messages."""
        self._stopping = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join(patience.total_seconds())
        now = self._clock.now()
        for one in self._taken(list(self._open)):
            self._finish(one, Ended(outcome=Outcome.RELEASED, finished_at=now))

    # -- the thread
    def _work(self) -> None:
        try:
            while not self._stopping:
                self._woken.clear()
                self._woken.wait(self._turn())
        finally:
            self._elsewhere.close()

    def _turn(self) -> float:
        """Do one step; return how many seconds to wait after it."""
        try:
            wake_at = self.step(self._clock.now())
            return max(0.0, (wake_at - self._clock.now()).total_seconds())
        except Exception:
            log.exception("following failed; trying again")
            return FIRST_LOOK.total_seconds()

    def step(self, now: datetime) -> datetime:
        """Hand over what is new, look at what it is time for; return when to do so again."""
        with self._lock:
            due = [one for one in self._open.values() if one.look_at <= now]
        for one in due:
            if not self._stopping:
                self._further(one, now)
        if self._tidied_at is None or now - self._tidied_at >= TIDY:
            self._tidied_at = now
            self._elsewhere.tidy(now)
        with self._lock:
            return min((one.look_at for one in self._open.values()), default=now + LAST_LOOK)

    def _further(self, one: _Held, now: datetime) -> None:
        try:
            one.handed = one.handed or self._elsewhere.hand_over(one.run, now)
            if one.handed is None:
                self.drop([one.run.id])
                return
            ended = self._elsewhere.ended(one.run, one.handed, now)
            one.is_away = False
        except Exception as error:
            ended = self._unheard(one, error, now)
        since = one.handed.at if one.handed is not None else one.since
        ended = ended or _lost(one.run, since, now)
        if ended is not None:
            self._end(one, ended)
        one.look_at = now + pause(now - since)

    def _unheard(self, one: _Held, error: Exception, now: datetime) -> Ended | None:
        """Go on if the system is away; else the attempt has failed."""
        if not self._elsewhere.is_away(error):
            return Ended(outcome=Outcome.FAILED, finished_at=now, failure=failure_of(error))
        if not one.is_away:
            one.is_away = True
            facts = {"run": one.run.id, "task": one.run.task, "problem": str(error)}
            log.warning("back end unavailable; trying again", extra=facts)
        return None

    def _end(self, one: _Held, ended: Ended) -> None:
        if self._taken([one.run.id]):  # nobody has cancelled or dropped it meanwhile
            self._finish(one, ended)

    def _finish(self, one: _Held, ended: Ended) -> None:
        finished = Finished(
            run=one.run,
            outcome=ended.outcome,
            started_at=ended.started_at or one.run.started_at,
            finished_at=ended.finished_at,
            result=ended.result,
            failure=ended.failure,
        )
        with self._lock:
            self._done.append(finished)
        self._on_change()


def pause(age: timedelta) -> timedelta:
    """Return how long not to look at a message that is out for so long."""
    return min(max(age / SHARE, FIRST_LOOK), LAST_LOOK)


def deadline(policy: RunPolicy) -> timedelta:
    """Return how long a message may be out: the time limit of the run, else a day."""
    return policy.time_limit.hard or policy.time_limit.soft or DEADLINE


def _lost(run: Claimed, since: datetime, now: datetime) -> Ended | None:
    limit = deadline(run.policy)
    if now - since < limit:
        return None
    error = MessageLost(run.task, limit)
    return Ended(outcome=Outcome.TIMED_OUT, finished_at=now, failure=failure_of(error))
