"""Read history: runs, their attempts and logs, the audit, and the counts of an overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import Attempt, AuditLine, Counts, Node, Run, RunQuery, RunState
from rota.operations.lookups import every_run, live_nodes, run_like

if TYPE_CHECKING:
    from rota.app import Rota

RECENT = timedelta(hours=24)
ENOUGH = 10_000  # runs that an overview counts at most


def list_runs(rota: Rota, query: RunQuery | None = None) -> list[Run]:
    """Return the runs that match, newest first; up to `query.limit` of them."""
    return rota.store.runs(replace(query or RunQuery(), rota=rota.name))


def get_run(rota: Rota, run_id: str) -> Run:
    """Return one run, by its id or the end of it; see `rota.operations.lookups.run_like`."""
    return run_like(rota, run_id)


def attempts(rota: Rota, run_id: str) -> list[Attempt]:
    """Return the attempts of a run, first to last, with their logs. Raises `UnknownRun`."""
    return rota.store.attempts(run_like(rota, run_id).id)


def log_of(rota: Rota, run_id: str, attempt: int | None = None) -> str:
    """Return the log of a run, or of one attempt of it. Raises `UnknownRun`."""
    wanted = [one for one in attempts(rota, run_id) if attempt is None or one.number == attempt]
    return "".join(one.log for one in wanted)


def audit(rota: Rota, subject: str | None = None, limit: int = 50) -> list[AuditLine]:
    """Return the latest audit lines, newest first; of one schedule or run, if `subject` names it."""
    return rota.store.audit(rota.name, subject, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the rota stands.

    Attributes:
        counts: Of schedules and runs, by state.
        recent: Runs made in the last 24 hours, by state; up to 10,000 are counted.
        next_due: When a schedule has to be looked at next.
        trouble: The latest runs of these 24 hours that failed, were missed or expired; up to ten.
    """

    now: datetime
    counts: Counts
    recent: dict[RunState, int]
    next_due: datetime | None
    nodes: Sequence[Node]
    trouble: Sequence[Run]


def overview(rota: Rota) -> Overview:
    """Return how the rota stands now."""
    now = rota.clock.now()
    recent: dict[RunState, int] = {}
    for run in every_run(rota, RunQuery(since=now - RECENT), ENOUGH):
        recent[run.state] = recent.get(run.state, 0) + run.count
    bad = (RunState.FAILED, RunState.MISSED, RunState.EXPIRED)
    return Overview(
        now=now,
        counts=rota.store.counts(rota.name, now),
        recent=recent,
        next_due=rota.store.next_due(rota.name),
        nodes=live_nodes(rota),
        trouble=list_runs(rota, RunQuery(states=bad, since=now - RECENT, limit=10)),
    )
