"""The policies of a schedule as plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rota.core.policies import CatchUpRule, Crash, Growth, Overlap, RunPolicy
from rota.core.records import Definition
from rota.core.words import join_words
from rota.declare.tasks import LOCAL
from rota.operations.shapes import utc
from rota.operations.why_run import said

_OVERLAP = {
    Overlap.SKIP: "If the run before is still active, the next one is skipped.",
    Overlap.QUEUE_ONE: "If the run before is still active, one more waits for its end; others are skipped.",
    Overlap.QUEUE_ALL: "Runs wait for the end of the one before; none is left out.",
    Overlap.ALLOW: "Runs may overlap.",
    Overlap.CANCEL_RUNNING: "A run that is still active when the next is due is asked to stop.",
}


def policies(one: Definition, runner: str | None = LOCAL) -> list[str]:
    """Say what becomes of its occurrences and runs, one sentence for each policy that matters.

    Args:
        runner: Who executes them; `None`: it is not known.
    """
    return [
        *_when(one),
        _OVERLAP[one.overlap],
        _caught_up(one),
        *_attempts(one.policy),
        *_where(one, runner),
    ]


def _when(one: Definition) -> Iterator[str]:
    if one.start is not None:
        yield f"It is not due before {utc(one.start)}."
    if one.end is not None:
        yield f"It is not due after {utc(one.end)}."
    if one.max_runs is not None:
        yield f"It makes {one.max_runs:,} runs in all."
    if one.jitter:
        yield f"Each run starts up to {said(one.jitter)} after it is due, to spread the load."


def _caught_up(one: Definition) -> str:
    young = f"unless it is older than {said(one.catch_up.window)}"
    return {
        CatchUpRule.LATEST: f"After an outage, only the latest missed occurrence runs, {young}.",
        CatchUpRule.ALL: f"After an outage, every missed occurrence runs, oldest first, {young}.",
        CatchUpRule.NONE: "What is missed in an outage does not run.",
        CatchUpRule.ASK: "What is missed in an outage waits for a decision: a backfill runs it.",
    }[one.catch_up.rule]


def _attempts(policy: RunPolicy) -> Iterator[str]:
    retry, limit = policy.retry, policy.time_limit
    yield _retries(policy) if retry.attempts > 1 else "A failed run is not tried again."
    if limit.soft:
        yield f"An attempt is told to stop after {said(limit.soft)}."
    if limit.hard:
        yield f"An attempt is killed after {said(limit.hard)}."
    if policy.start_deadline:
        yield f"A run that has not started within {said(policy.start_deadline)} expires."
    if policy.on_crash is Crash.RETRY:
        yield "If its node dies, another takes the run over: it runs at least once."
    else:
        yield "If its node dies, the run has failed: it runs at most once."


def _retries(policy: RunPolicy) -> str:
    retry, backoff = policy.retry, policy.retry.backoff
    times = "once more" if retry.attempts == 2 else f"up to {retry.attempts - 1} more times"
    wait = "at once" if backoff.first == timedelta(0) else f"after {said(backoff.first)}"
    grows = "" if backoff.growth is Growth.FIXED or retry.attempts == 2 else ", waiting longer each time"
    only = f" It is for {join_words(retry.retry_on, 'or')} only." if retry.retry_on else ""
    never = f" It is never for {join_words(retry.give_up_on, 'or')}." if retry.give_up_on else ""
    return f"A failed run is tried {times}, {wait}{grows}.{only}{never}"


def _where(one: Definition, runner: str | None) -> Iterator[str]:
    first = f", with priority {one.priority}" if one.priority else ""
    elsewhere = "" if runner in (LOCAL, None) else f", and have them executed by {runner}"
    yield f"Workers of the queue {one.queue!r} take its runs{first}{elsewhere}."
    if one.concurrency is not None:
        limit = one.concurrency.limit
        runs = "One run" if limit == 1 else f"At most {limit} runs"
        yield f"{runs} with the key {one.concurrency.key!r} at a time, over all schedules and nodes."
