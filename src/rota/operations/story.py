"""Everything about one run: what became of it and why, its attempts, and the runs around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import ENDED, Attempt, Run, RunQuery, RunState
from rota.operations.lookups import live_nodes, run_like
from rota.operations.why_run import run_facts, run_sentence

if TYPE_CHECKING:
    from rota.app import Rota


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One point of a run's life.

    Attributes:
        word: `planned`, `queued`, `attempt 1`, ... or its state, once it has ended.
        kind: A run state, for sign and colour; `""`: it lies ahead.
        detail: What happened, in words.
    """

    at: datetime | None
    word: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything about one run.

    Attributes:
        sentence: Why it ran, ran late, or did not run.
        remaining: How long it will still take, by its progress; `None`: not known.
        previous, next: The runs of its schedule before and after it.
        retries: Runs that retry it, the latest first.
    """

    run: Run
    attempts: Sequence[Attempt]
    sentence: str
    facts: Mapping[str, object]
    steps: tuple[Step, ...]
    remaining: timedelta | None
    previous: Run | None
    next: Run | None
    retries: tuple[Run, ...]


def story(rota: Rota, run_id: str) -> Story:
    """Return everything about a run. Raises `UnknownRun`."""
    run, now = run_like(rota, run_id), rota.clock.now()
    attempts = rota.store.attempts(run.id)
    earlier = _earlier(rota, run)
    unserved = run.state is RunState.PENDING and not any(
        "worker" in node.roles and run.queue in node.queues for node in live_nodes(rota)
    )
    _, sentence = run_sentence(run, attempts, earlier, now, unserved=unserved)
    return Story(
        run=run,
        attempts=attempts,
        sentence=sentence,
        facts=run_facts(run, attempts),
        steps=tuple(steps_of(run, attempts)),
        remaining=remaining(run, now),
        previous=earlier[0] if earlier else None,
        next=rota.store.run_after(run),
        retries=tuple(rota.store.retries([run.id])) if run.state in ENDED else (),
    )


def _earlier(rota: Rota, run: Run) -> list[Run]:
    if run.schedule is None:
        return []
    position = (run.created_at, run.id)
    return rota.store.runs(RunQuery(rota=rota.name, schedule=run.schedule, before=position, limit=20))


def remaining(run: Run, now: datetime) -> timedelta | None:
    """Return how long a run will still take if it goes on as it did so far. Pure."""
    if run.state is not RunState.RUNNING or not run.done or not run.total or run.started_at is None:
        return None
    if run.done >= run.total:
        return timedelta(0)
    return (now - run.started_at) * ((run.total - run.done) / run.done)


def steps_of(run: Run, attempts: Sequence[Attempt]) -> Iterator[Step]:
    """Yield the points of a run's life, in order. Pure."""
    if run.planned_at is not None:
        yield Step(at=run.planned_at, word="scheduled", kind="pending", detail="when it was due")
    by = f"by {run.by}" if run.by else ""
    words = {"occurrence": "by the timetable", "enqueue": "by the application", "manual": f"by hand {by}"}
    yield Step(
        at=run.created_at,
        word="queued",
        kind="pending",
        detail=f"{words.get(str(run.origin), f'{run.origin} {by}').strip()}, in queue {run.queue}",
    )
    for one in attempts:
        if one.started_at is not None:
            where = f"on {one.node}" if one.node else ""
            yield Step(at=one.started_at, word=f"attempt {one.number}", kind="running", detail=where)
        if one.finished_at is not None and one.outcome is not None:
            error = f"{one.failure.kind}: {one.failure.message[:200]}" if one.failure else ""
            yield Step(
                at=one.finished_at,
                word=str(one.outcome).replace("_", " "),
                kind=str(one.outcome),
                detail=error,
            )
    if run.state is RunState.PENDING:
        word = "next attempt" if run.attempt else "start"
        yield Step(at=run.run_at, word=word, kind="", detail="at the earliest")
    elif run.state is RunState.RUNNING:
        yield Step(at=None, word="end", kind="", detail="still to come")
    elif not attempts or str(attempts[-1].outcome) != str(run.state):
        yield Step(
            at=run.finished_at or run.created_at,
            word=str(run.state),
            kind=str(run.state),
            detail=run.reason or "",
        )
