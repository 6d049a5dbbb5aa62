"""Read history: runs, their attempts and logs, the audit, and the counts of an overview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import Attempt, AuditLine, Counts, Node, Run, RunQuery, RunState
from rota.operations.lookups import every_run, live_nodes, run_like

if TYPE_CHECKING:
    from rota.app import Rota

RECENT, HOUR = timedelta(hours=24), timedelta(hours=1)
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


def count_runs(rota: Rota, query: RunQuery, most: int = 1000) -> tuple[int, bool]:
    """Return how many runs match, and whether there are more than the `most` that are counted."""
    found = sum(1 for _ in every_run(rota, replace(query, before=None), most + 1))
    return min(found, most), found > most


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs made in one hour, by state; `start` is the full hour."""

    start: datetime
    counts: Mapping[RunState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the rota stands.

    Attributes:
        counts: Of schedules and runs, by state.
        recent: Runs made in the last 24 hours, by state; up to 10,000 are counted.
        last_hour: Of these, the ones made in the last hour.
        hours: The last 24 hours, each by itself, oldest first.
        failing: The latest run of each schedule that ended last in failure, the latest first.
        next_due: When a schedule has to be looked at next.
        trouble: The latest runs of these 24 hours that failed, were missed or expired; up to ten.
    """

    now: datetime
    counts: Counts
    recent: dict[RunState, int]
    last_hour: dict[RunState, int]
    hours: Sequence[Hour]
    failing: Sequence[Run]
    next_due: datetime | None
    nodes: Sequence[Node]
    trouble: Sequence[Run]


def overview(rota: Rota) -> Overview:
    """Return how the rota stands now."""
    now = rota.clock.now()
    runs = list(every_run(rota, RunQuery(since=now - RECENT), ENOUGH))
    bad = (RunState.FAILED, RunState.MISSED, RunState.EXPIRED)
    return Overview(
        now=now,
        counts=rota.store.counts(rota.name, now),
        recent=by_state(runs),
        last_hour=by_state(run for run in runs if run.created_at > now - HOUR),
        hours=by_hour(runs, now),
        failing=still_failing(runs),
        next_due=rota.store.next_due(rota.name),
        nodes=live_nodes(rota),
        trouble=list_runs(rota, RunQuery(states=bad, since=now - RECENT, limit=10)),
    )


def by_state(runs: Iterable[Run]) -> dict[RunState, int]:
    """Count occurrences and other runs by state."""
    found: dict[RunState, int] = {}
    for run in runs:
        found[run.state] = found.get(run.state, 0) + run.count
    return found


def by_hour(runs: Iterable[Run], now: datetime) -> tuple[Hour, ...]:
    """Count runs by the hour they were made in, for this hour and the 23 before it."""
    this = now.replace(minute=0, second=0, microsecond=0)
    found: dict[datetime, list[Run]] = {this - HOUR * back: [] for back in range(23, -1, -1)}
    for run in runs:
        hour = run.created_at.replace(minute=0, second=0, microsecond=0)
        if hour in found:
            found[hour].append(run)
    return tuple(Hour(start, by_state(own)) for start, own in found.items())


def still_failing(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the latest ended run of each schedule if it failed. `runs` are newest first."""
    judged: dict[str, Run] = {}
    for run in runs:
        if run.schedule is not None and run.state in (RunState.FAILED, RunState.SUCCEEDED):
            judged.setdefault(run.schedule, run)
    return tuple(run for run in judged.values() if run.state is RunState.FAILED)
