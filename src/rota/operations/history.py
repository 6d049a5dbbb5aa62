"""Read history: runs, their attempts and logs, the audit, and the counts of an overview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import Attempt, AuditLine, Counts, Made, Node, Run, RunQuery, RunState
from rota.operations.lookups import live_nodes, run_like

if TYPE_CHECKING:
    from rota.app import Rota

RECENT, HOUR = timedelta(hours=24), timedelta(hours=1)
LOOKED_AT = 10_000  # runs, in search of those that match
FIRST_ID = "00000000-0000-0000-0000-000000000000"
ENOUGH = 10_000  # runs that an overview counts one by one
MOST_FAILING = 100
BAD = (RunState.FAILED, RunState.MISSED, RunState.EXPIRED)


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
    """Return how many runs match, up to `most` and of those looked at, and whether there may be more."""
    query, horizon = _bounded(rota, replace(query, rota=rota.name, before=None))
    found = rota.store.count(query, most + 1)
    return min(found, most), found > most or horizon is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of runs, newest first.

    Attributes:
        next: Where the next page begins, for `RunQuery.before`; `None`: this is the last one.
        searched_to: The search went back to here, and has not reached the end of history; else `None`.
    """

    runs: Sequence[Run]
    next: tuple[datetime, str] | None
    searched_to: datetime | None


def search(rota: Rota, query: RunQuery) -> Found:
    """Return a page of the runs that match, after a look at no more than `LOOKED_AT` runs.

    A filter that few runs pass can fill less than a page, or nothing of it, and be followed by another one.
    """
    query, horizon = _bounded(rota, replace(query, rota=rota.name))
    found = rota.store.runs(query)
    if len(found) == query.limit:
        return Found(found, (found[-1].created_at, found[-1].id), None)
    return Found(found, None if horizon is None else (horizon, FIRST_ID), horizon)


def _bounded(rota: Rota, query: RunQuery) -> tuple[RunQuery, datetime | None]:
    """Let a query that no index answers by itself end where it has looked at enough."""
    if not (query.task or query.queue or query.states):
        return query, None
    horizon = rota.store.horizon(query, LOOKED_AT)
    return (query, None) if horizon is None else (replace(query, since=horizon), horizon)


@dataclass(frozen=True, slots=True)
class Hour:
    """The runs of one hour, by state; `start` is the full hour."""

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
        recent: Runs made in the last 24 hours, by state. More than 10,000 are not counted one by one: then it
            is those that ended in the 24 hours of `hours`, where a record of a gap counts once.
        last_hour: Those made in the last hour; of more than 10,000 those that ended, as `counts` has them.
        hours: The last 24 hours, each by itself, oldest first; as in `recent`.
        failing: The latest run of each schedule that ended last in failure, the latest first; up to 100.
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
    now, store = rota.clock.now(), rota.store
    counts = store.counts(rota.name, now)
    made = store.made(rota.name, now - RECENT, now - HOUR, ENOUGH)
    is_cut = made.looked_at == ENOUGH
    by_hour = store.ended(rota.name, hours_until(now)[0]) if is_cut else made.hours
    return Overview(
        now=now,
        counts=counts,
        recent=summed(by_hour),
        last_hour=lately(made, counts, now - HOUR) if is_cut else dict(made.lately),
        hours=tuple(Hour(start, by_hour.get(start, {})) for start in hours_until(now)),
        failing=tuple(store.failing(rota.name, now - RECENT, MOST_FAILING)),
        next_due=store.next_due(rota.name),
        nodes=live_nodes(rota),
        trouble=list_runs(rota, RunQuery(states=BAD, since=now - RECENT, limit=10)),
    )


def hours_until(now: datetime) -> list[datetime]:
    """Return the beginning of this hour and of the 23 before it, oldest first. Pure."""
    this = now.replace(minute=0, second=0, microsecond=0)
    return [this - HOUR * back for back in range(23, -1, -1)]


def summed(by_hour: Mapping[datetime, Mapping[RunState, int]]) -> dict[RunState, int]:
    """Return how many there are of each state in all hours. Pure."""
    found: dict[RunState, int] = {}
    for counts in by_hour.values():
        for state, count in counts.items():
            found[state] = found.get(state, 0) + count
    return found


def lately(made: Made, counts: Counts, since: datetime) -> dict[RunState, int]:
    """Return the runs made since, if those that were counted one by one reach so far back. Pure."""
    if made.first is not None and made.first <= since:
        return dict(made.lately)
    return {RunState(state): count for state, count in counts.last_hour.items()}
