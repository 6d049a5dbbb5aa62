"""Decide what becomes of a run when an attempt of it has ended. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from rota.core.policies import Crash
from rota.core.records import Claimed, Finished, Outcome, RunState, Settlement

# A crash is the node's fault more often than the task's: a task without retries is still taken over,
# but not for ever, or a body that kills its worker would go round all of them.
MIN_ATTEMPTS_AFTER_CRASH = 3

_FINAL = {
    Outcome.SUCCEEDED: RunState.SUCCEEDED,
    Outcome.CANCELLED: RunState.CANCELLED,
    Outcome.FAILED: RunState.FAILED,
    Outcome.TIMED_OUT: RunState.FAILED,
    Outcome.LOST: RunState.FAILED,
}


def decide(finished: Finished, chance: float) -> Settlement:
    """Return what to write about the attempt `finished`.

    `chance`, in `[0, 1)`, spreads the wait before a retry. A cancelled run is not retried, and
    neither is one that was asked to stop while its attempt failed.
    """
    wait = _retry_wait(finished, chance)
    run = finished.run
    if finished.outcome is Outcome.RELEASED:
        state = RunState.CANCELLED if run.cancel_requested else RunState.PENDING
        return _settlement(finished, state, run_at=run.run_at, counted=False)
    if wait is not None:
        return _settlement(finished, RunState.PENDING, run_at=finished.finished_at + wait)
    if run.cancel_requested and finished.outcome in (Outcome.LOST, Outcome.FAILED, Outcome.TIMED_OUT):
        return _settlement(finished, RunState.CANCELLED)
    return _settlement(finished, _FINAL[finished.outcome])


def lost(run: Claimed, now: datetime) -> Finished:
    """Return the attempt of a run whose lease has run out."""
    return Finished(
        run=run, outcome=Outcome.LOST, started_at=min(run.started_at, now), finished_at=now, overdue=True
    )


def _retry_wait(finished: Finished, chance: float) -> timedelta | None:
    """Return the wait before another attempt; `None` when there is to be none."""
    run, retry = finished.run, finished.run.policy.retry
    if finished.outcome in (Outcome.SUCCEEDED, Outcome.CANCELLED, Outcome.RELEASED) or run.cancel_requested:
        return None
    if finished.outcome is Outcome.LOST:
        return _wait_after_crash(run)
    if finished.final:
        return None
    if run.attempt >= retry.attempts:
        return None
    if finished.retry_after is not None:
        return finished.retry_after
    if finished.failure is not None and not retry.wants(finished.failure.names):
        return None
    return retry.backoff.wait(run.attempt, chance)


def _wait_after_crash(run: Claimed) -> timedelta | None:
    most = max(run.policy.retry.attempts, MIN_ATTEMPTS_AFTER_CRASH)
    if run.policy.on_crash is Crash.FAIL or run.attempt >= most:
        return None
    return timedelta(0)


def _settlement(
    finished: Finished, state: RunState, *, run_at: datetime | None = None, counted: bool = True
) -> Settlement:
    run = finished.run
    return Settlement(
        run_id=run.id,
        token=run.token,
        state=state,
        outcome=finished.outcome,
        attempt=run.attempt,
        started_at=finished.started_at,
        finished_at=max(finished.started_at, finished.finished_at),
        counted=counted,
        run_at=run_at,
        result=finished.result,
        failure=finished.failure,
        log=finished.log,
        reason=_reason(finished),
        schedule_id=run.schedule_id,
        planned_at=run.planned_at,
        overdue=finished.overdue,
    )


def _reason(finished: Finished) -> str | None:
    if finished.outcome is Outcome.LOST:
        return "its node died, or was away for longer than the lease"
    if finished.outcome is Outcome.TIMED_OUT:
        return "the time limit was reached"
    return None
