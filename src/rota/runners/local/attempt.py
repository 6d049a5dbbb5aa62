"""An attempt on this node, from the hand-over by the runtime to its end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from rota.core.records import Claimed, Outcome, Report
from rota.core.tasks import Body
from rota.errors import RunInterrupted, TimeLimitExceeded
from rota.runners.local.context import RunContext, context_of
from rota.runners.local.logs import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rota.runners.local.deadlines import Deadline
    from rota.runners.local.gate import Gate
    from rota.runners.local.outbox import Outbox


class Executor(Protocol):
    """Executes attempts, some at once; the others wait in the order they came."""

    def submit(self, attempts: Sequence[Attempt]) -> None: ...
    def withdraw(self, attempt: Attempt) -> bool:
        """Take back an attempt that has not begun. `False`: it has, or is no longer here."""
        ...

    def flag(self, attempt: Attempt) -> None:
        """Let the body see that it is to stop, where it does not see `attempt.cancelled` anyway."""
        ...

    def interrupt(self, attempt: Attempt, error: type[RunInterrupted]) -> bool:
        """Raise `error` in the body, if it is being executed, and `mark` the attempt."""
        ...

    def kill(self, attempt: Attempt) -> None:
        """End the attempt now, as timed out or as it was asked to end, whatever the body does."""
        ...

    def close(self, seconds: float) -> None:
        """Let the threads and processes end. Nothing waits and nothing that matters runs any more."""
        ...


class Known:
    """What a runner has learnt of a task.

    Attributes:
        pace: How many seconds a body takes: a moving average. A body that has not run yet is held for slow.
    """

    __slots__ = ("body", "executor", "pace")

    def __init__(self, body: Body, executor: Executor) -> None:
        self.body, self.executor = body, executor
        self.pace = 1.0


class Attempt:
    """The state of one attempt. It is also the voice of its body.

    Attributes:
        cancelled: It was asked to stop: by a cancellation, by the node, or because its lease was lost.
        stopping: It was the node that asked.
        noticed: The body has seen that it is to stop.
        interrupted: `RunCancelled` was raised in the body.
        limited: `TimeLimitExceeded` was raised in the body.
        dropped: Its end is nobody's business.
        ended: It has ended. What the body still says or does is ignored.
    """

    __slots__ = (
        "_lines",
        "_outbox",
        "_said",
        "_telling",
        "cancelled",
        "context",
        "deadlines",
        "dropped",
        "ended",
        "gate",
        "handle",
        "interrupted",
        "known",
        "limited",
        "noticed",
        "run",
        "started_at",
        "stopping",
    )

    def __init__(self, run: Claimed, known: Known, outbox: Outbox) -> None:
        self.run, self.known, self._outbox = run, known, outbox
        self.started_at: datetime | None = None
        self.context: RunContext | None = None
        self.cancelled = self.stopping = self.noticed = self.interrupted = False
        self.limited = self.dropped = self.ended = self._telling = False
        self._lines: Lines | None = None
        self._said: tuple[float, float | None, str | None] | None = None
        self.deadlines: tuple[Deadline, ...] = ()
        self.gate: Gate | None = None
        self.handle: Any = None  # what the executor holds on to it by

    def arguments(self) -> dict[str, Any]:
        """Return what the function is called with."""
        body, args = self.known.body, self.run.args
        values: dict[str, Any] = dict(args) if body.prepare is None else body.prepare(args)
        if body.wants_context is not None:
            values[body.wants_context] = context_of(self)
        return values

    def line(self, level: str, message: str) -> None:
        """Add a line to the log of the run."""
        if self.ended:
            return
        if self._lines is None:
            self._lines = self._outbox.new_lines(self)
        self._lines.add(self._outbox.clock.now(), level, message)
        self._tell()

    def progress(self, done: float, total: float | None, note: str | None) -> None:
        """Say how far it is."""
        self._said = (done, total, note)
        self._tell()

    def _tell(self) -> None:
        if not self._telling and not self.ended:
            self._telling = True
            self._outbox.news.append(self)

    def own_lines(self, make: type[Lines]) -> Lines:
        if self._lines is None:
            self._lines = make()
        return self._lines

    def report(self) -> Report | None:
        """Take what it has said since the last call, if anything."""
        self._telling = False
        said, self._said = self._said, None
        log = self._lines.take() if self._lines is not None else ""
        if said is None and not log:
            return None
        done, total, note = said or (None, None, None)
        run = self.run
        return Report(
            run_id=run.id, token=run.token, attempt=run.attempt, done=done, total=total, note=note, log=log
        )

    def last_words(self) -> tuple[str, Report | None]:
        """Take the lines nobody has taken, and the last progress nobody has."""
        if self._lines is None and self._said is None:
            return "", None
        log = self._lines.take() if self._lines is not None else ""
        return log, self.report() if self._said is not None else None

    def mark(self, error: type[RunInterrupted]) -> None:
        """Note that `error` is raised in the body."""
        if error is TimeLimitExceeded:
            self.limited = True
        else:
            self.interrupted = True

    def forced_outcome(self) -> Outcome:
        """Return how the attempt ends when it is ended without its body."""
        self.limited = True
        return self.outcome(failed=True)

    def outcome(self, failed: bool) -> Outcome:
        """Return how the attempt ended, given whether the body raised."""
        if self.cancelled and (failed or self.noticed or self.interrupted):
            return Outcome.LOST if self.stopping else Outcome.CANCELLED
        if failed:
            return Outcome.TIMED_OUT if self.limited else Outcome.FAILED
        return Outcome.SUCCEEDED
