"""The thread executor: bodies are called in the slot threads themselves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextvars import copy_context
from time import monotonic
from typing import Any

from rota.errors import HardLimitExceeded, RunCancelled, RunInterrupted, TimeLimitExceeded
from rota.runners.local.attempt import Attempt
from rota.runners.local.context import current
from rota.runners.local.deadlines import Deadlines
from rota.runners.local.gate import Gate
from rota.runners.local.limits import Limits
from rota.runners.local.outbox import Outbox, ending_of
from rota.runners.local.pool import Pool, Slot

log = logging.getLogger("rota.runner")


class ThreadExecutor:
    """Calls functions in threads. See `Executor`."""

    def __init__(self, slots: int, outbox: Outbox, limits: Limits, deadlines: Deadlines) -> None:
        self._outbox, self._limits = outbox, limits
        self._pool = Pool("thread", slots, self._execute, deadlines)

    def submit(self, attempts: Sequence[Attempt]) -> None:
        self._pool.submit(attempts)

    def withdraw(self, attempt: Attempt) -> bool:
        return self._pool.withdraw(attempt)

    def interrupt(self, attempt: Attempt, error: type[RunInterrupted]) -> bool:
        gate = attempt.gate
        return gate is not None and gate.interrupt(error, lambda: attempt.mark(error))

    def flag(self, attempt: Attempt) -> None: ...

    def kill(self, attempt: Attempt) -> None:
        """A thread can not be killed: settle the attempt, and give its slot to a new thread."""
        if attempt.gate is None or attempt.ended:
            return
        slot: Slot = attempt.handle
        limit = attempt.run.policy.time_limit.hard
        error = HardLimitExceeded(attempt.run.task, limit, killed=False)

        def settle() -> None:
            slot.leaving = True
            self._outbox.finish(attempt, attempt.forced_outcome(), ending_of(attempt.run, error))

        if attempt.gate.interrupt(TimeLimitExceeded, settle):
            facts = {"task": attempt.run.task, "run": attempt.run.id, "limit": str(limit)}
            log.error("hard time limit exceeded; thread abandoned", extra=facts)
            self._pool.replace(slot)

    def close(self, seconds: float) -> None:
        self._pool.close(seconds)

    def _execute(self, attempt: Attempt, slot: Slot) -> None:
        """Execute one attempt, and end it. Nothing leaves this: the thread goes on with the next."""
        outbox = self._outbox
        attempt.handle = slot
        # A slot that has not slept begins where it ended: the clock is asked once for a short run.
        attempt.started_at = (
            outbox.clock.now() if slot.free_at is None else max(slot.free_at, attempt.run.started_at)
        )
        attempt.gate = gate = Gate()
        limited = self._limits.begin(attempt)
        began = monotonic()
        try:
            # A copy, so that a context variable the body sets is not seen by the next run.
            value, error = copy_context().run(_perform, attempt, gate)
        except BaseException as second:  # the second of the two that may come while the gate is closed
            gate.close()
            value, error = None, second
        took = monotonic() - began
        if limited:
            self._limits.end(attempt)
        attempt.known.pace += (took - attempt.known.pace) * 0.2
        outbox.pace += (took - outbox.pace) * 0.1
        try:
            if error is None:
                slot.free_at = outbox.returned(attempt, value)
            else:
                slot.free_at = outbox.raised(attempt, error)
        except BaseException as problem:
            log.exception("an attempt could not be ended", extra={"run": attempt.run.id})
            outbox.raised(attempt, problem)


def _perform(attempt: Attempt, gate: Gate) -> tuple[Any, BaseException | None]:
    """Call the body; return what it returned, or what it raised."""
    try:
        current.set(attempt)
        try:
            gate.open()
            if attempt.cancelled:  # asked after it was taken from the queue, before the gate was open
                raise RunCancelled
            body = attempt.known.body
            call = body.call
            assert call is not None
            is_plain = body.prepare is None and body.wants_context is None
            value = call(**(attempt.run.args if is_plain else attempt.arguments()))
        finally:
            gate.close()
    except BaseException as error:  # also SystemExit: a body does not end the node
        gate.close()
        return None, error
    return value, None
