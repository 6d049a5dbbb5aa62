"""Where attempts that ended wait for the runtime, and how it is told."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rota.core.policies import duration
from rota.core.records import Claimed, Failure, Finished, Outcome, Report
from rota.errors import GiveUp, InvalidPolicy, ResultRefused, Retry, TimeLimitExceeded
from rota.ports import Clock
from rota.runners.local.attempt import Attempt
from rota.runners.local.failures import failure_of
from rota.runners.local.logs import Lines
from rota.runners.local.results import result_text

log = logging.getLogger("rota.runner")
_INTERRUPTION = frozenset({"rota.errors.RunInterrupted", "asyncio.exceptions.CancelledError"})


@dataclass(frozen=True, slots=True)
class Ending:
    """What a body ended with: the text of its result, or its failure and what it asks for."""

    result: str | None = None
    failure: Failure | None = None
    retry_after: timedelta | None = None
    final: bool = False


def ending_of(run: Claimed, error: BaseException) -> Ending:
    """Return what the runtime is to know of `error`."""
    if isinstance(error, TimeLimitExceeded) and error.limit is None:
        error.limit = run.policy.time_limit.soft
    if isinstance(error, Retry):
        try:
            after = None if error.after is None else duration("after", error.after)
        except InvalidPolicy as problem:
            return Ending(failure=failure_of(problem))
        # Asked for in so many words, so `retry_on` has no say; the number of attempts has.
        return Ending(failure=failure_of(error), retry_after=_wait(run) if after is None else after)
    return Ending(failure=failure_of(error), final=isinstance(error, GiveUp | ResultRefused))


def _wait(run: Claimed) -> timedelta:
    return run.policy.retry.backoff.wait(run.attempt, random.random())  # noqa: S311 - spreads load, guards nothing


class Outbox:
    """Collects what attempts say and how they end.

    Each producer appends to a deque, which is atomic: no lock is taken for a run.

    Attributes:
        news: Attempts that have said something nobody has taken.
        pace: How many seconds a body takes, over all tasks: a moving average.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.news: deque[Attempt] = deque()
        self.done: deque[tuple[Attempt, Finished]] = deque()
        self.last_progress: deque[Report] = deque()
        self.ghosts: set[Attempt] = set()
        self.pace = 0.1
        self._told = False
        self._on_change: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._ended = threading.Condition()
        self._awaited = False

    def tell(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change

    def new_lines(self, attempt: Attempt) -> Lines:
        with self._lock:  # two threads of one body may log their first line at once
            return attempt.own_lines(Lines)

    def returned(self, attempt: Attempt, value: Any) -> datetime:
        """End an attempt whose body returned `value`. Returns the time."""
        if value is None and not attempt.cancelled:
            return self.finish(attempt, Outcome.SUCCEEDED, _NOTHING)
        try:
            return self.end(attempt, Ending(result=result_text(attempt.run.task, value)))
        except ResultRefused as error:
            return self.raised(attempt, error)

    def raised(self, attempt: Attempt, error: BaseException) -> datetime:
        """End an attempt whose body raised `error`. Returns the time."""
        return self.end(attempt, ending_of(attempt.run, error))

    def end(self, attempt: Attempt, ending: Ending) -> datetime:
        """End an attempt as its body ended, and as it was asked to."""
        outcome = attempt.outcome(failed=ending.failure is not None)
        if outcome in (Outcome.CANCELLED, Outcome.LOST) and _is_interruption(ending.failure):
            ending = _NOTHING
        return self.finish(attempt, outcome, ending)

    def finish(self, attempt: Attempt, outcome: Outcome, ending: Ending) -> datetime:
        """Hand an attempt to the runtime. Only the first end of an attempt counts. Returns the time."""
        now = self.clock.now()
        if attempt.ended:
            return now
        lines, progress = attempt.last_words()
        finished = Finished(
            run=attempt.run,
            outcome=outcome,
            started_at=attempt.started_at or now,
            finished_at=now,
            result=ending.result if outcome is Outcome.SUCCEEDED else None,
            failure=ending.failure,
            retry_after=ending.retry_after,
            final=ending.final,
            log=lines,
        )
        attempt.ended = True
        if progress is not None:
            self.last_progress.append(progress)
        if attempt.dropped:
            self.ghosts.discard(attempt)
        self.done.append((attempt, finished))
        self.changed()
        return now

    def changed(self) -> None:
        """Tell the runtime, unless it was told and has not come yet: once for thousands of short runs."""
        if not self._told:
            self._told = True
            try:
                self._on_change()
            except Exception:
                self._told = False  # told again at the next end
                log.exception("the runtime could not be told")
        if self._awaited:
            with self._ended:
                self._ended.notify_all()

    def come(self) -> None:
        """The runtime has come: what changes from here on is told again."""
        self._told = False

    def wait_until(self, over: Callable[[], bool], seconds: float) -> bool:
        """Wait until `over`, which is asked each time an attempt ends. `False`: `seconds` have passed."""
        with self._ended:
            self._awaited = True
            return self._ended.wait_for(over, seconds)


_NOTHING = Ending()


def _is_interruption(failure: Failure | None) -> bool:
    return failure is not None and not _INTERRUPTION.isdisjoint(failure.names)
