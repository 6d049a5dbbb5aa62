"""The ports: everything that does I/O, on one page.

The core decides, the stores remember, the runners execute, the runtime moves things between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from rota.core.records import (
    AlikeRuns,
    Attempt,
    AuditLine,
    Backlog,
    BriefRun,
    Cancelled,
    Change,
    Claimed,
    ClaimRequest,
    Counts,
    DueSchedule,
    Finished,
    Generation,
    Lease,
    Made,
    NewRun,
    Node,
    PastError,
    Plan,
    Renewal,
    Report,
    Run,
    RunQuery,
    RunState,
    Schedule,
    ScheduleQuery,
    Settlement,
    SyncPlan,
    Token,
    User,
)


class Clock(Protocol):
    """Tells the time of the store. It never goes back."""

    def now(self) -> datetime: ...


class Wakeup(Protocol):
    """Tells one node that something in the store has changed."""

    def wait(self, timeout: timedelta) -> frozenset[str]:
        """Return the topics that changed (of `schedules`, `runs`, `cancel`), at once or within `timeout`.

        Empty when nothing is known to have changed. Polling goes on beneath it: a wake-up may be
        lost, and may come for nothing.
        """
        ...

    def close(self) -> None:
        """Let who waits return at once; the store is not asked any more."""
        ...


class Store(Protocol):
    """The durable state, and the only place where races are settled.

    Each verb is one transaction and takes a batch. `now` is the store's time. Every verb may raise
    `StoreUnavailable`, after which nothing or everything of it was done; each is safe to repeat.
    """

    url: str

    # -- itself
    def migrate(self, *, dry_run: bool = False) -> list[str]:
        """Apply the schema steps that are missing, and return their names."""
        ...

    def clock(self) -> datetime:
        """Return the store's time."""
        ...

    def version(self) -> str:
        """Return a text that differs after every change: where it is the same, so is all that is stored."""
        ...

    def wakeup(self) -> Wakeup: ...
    def close(self) -> None: ...

    # -- schedules
    def generation(self, rota: str) -> Generation | None: ...
    def declared(self, rota: str, names: Sequence[str]) -> list[Schedule]:
        """Return the schedules made by code, and those with one of `names`, each with its active runs."""
        ...

    def sync(self, plan: SyncPlan, audit: Sequence[AuditLine] = ()) -> bool:
        """Apply `plan`. `False`: another sync came first, nothing was done; compute it anew."""
        ...

    def due(self, rota: str, now: datetime, limit: int, skip: int = 0) -> list[DueSchedule]:
        """Return schedules whose `next_due` has come, earliest first, but not the first `skip` of them. A row
        that can not be read is quarantined by the store itself, alone."""
        ...

    def next_due(self, rota: str) -> datetime | None:
        """Return the earliest `next_due`."""
        ...

    def record(self, plans: Sequence[Plan], now: datetime) -> list[str]:
        """Apply the plans whose schedule has not changed since; return the ids of these schedules.

        Runs are inserted, non-runs recorded, cursor and `next_due` moved in one transaction. A run
        that exists already is left as it is. The cursor never goes back.
        """
        ...

    def amend(self, changes: Sequence[Change], audit: Sequence[AuditLine]) -> bool:
        """Apply all `changes`, or none and return `False` when one of the schedules has changed since."""
        ...

    def schedules(self, query: ScheduleQuery) -> list[Schedule]:
        """Return schedules by name. Each has its active runs."""
        ...

    def add_schedule(self, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
        """Insert a schedule made by a user. `False`: one of this name exists."""
        ...

    def remove_schedule(self, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
        """Delete a schedule that has this revision. Its history stays."""
        ...

    def odd(self, rota: str, limit: int) -> list[Schedule]:
        """Return up to `limit` that are quarantined, finished or have a pause, and so many overridden."""
        ...

    def ending(self, rota: str, now: datetime, limit: int) -> list[Schedule]:
        """Return schedules of which an override has reached its end."""
        ...

    def past_errors(self, schedule_id: str) -> list[PastError]:
        """Return its last errors, newest first."""
        ...

    # -- runs
    def enqueue(
        self, runs: Sequence[NewRun] | AlikeRuns, audit: Sequence[AuditLine] = (), *, connection: Any = None
    ) -> list[str]:
        """Insert runs; return the ids that are new. With `connection`, inside the caller's transaction."""
        ...

    def claim(self, request: ClaimRequest) -> list[Claimed]:
        """Lease due runs to a node, by priority, then oldest first, within overlap and concurrency.

        The token and the attempt of each grow by one. A run past its start deadline is not claimed.
        """
        ...

    def claimed(self, request: ClaimRequest) -> list[Claimed]:
        """Return what a claim of this very request has leased, when its own answer was lost."""
        ...

    def next_ready(self, rota: str, queues: Sequence[str], now: datetime) -> datetime | None:
        """Return the earliest `run_at` later than `now` of a pending run in these queues."""
        ...

    def renew(self, leases: Sequence[Lease], now: datetime, until: datetime) -> Renewal:
        """Extend the leases that are still held."""
        ...

    def report(self, reports: Sequence[Report]) -> None:
        """Store progress and log lines of running attempts whose token is still the newest."""
        ...

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> list[str]:
        """Close attempts; return the ids of runs whose lease was lost: for these nothing was written."""
        ...

    def overdue(self, rota: str, now: datetime, limit: int) -> list[Claimed]:
        """Return running runs whose lease has run out."""
        ...

    def expire(self, rota: str, now: datetime, limit: int) -> list[str]:
        """Close pending runs whose start deadline has passed; return their ids."""
        ...

    def cancel(
        self, run_ids: Sequence[str], by: str, now: datetime, audit: Sequence[AuditLine] = ()
    ) -> Cancelled: ...

    # -- history
    def run(self, run_id: str) -> Run | None: ...
    def runs(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first by `(created_at, id)`."""
        ...

    def count(self, query: RunQuery, most: int) -> int:
        """Return how many runs match: up to `most` of them, whatever the page."""
        ...

    def horizon(self, query: RunQuery, looked_at: int) -> datetime | None:
        """Return since when runs were made of which a search for `query` looks at no more than so many.

        Which those are an index says: the runs of a schedule, those that failed, or all. `None`: there are
        no more than so many.
        """
        ...

    def run_after(self, run: Run) -> Run | None:
        """Return the run of its schedule that was made next."""
        ...

    def known_runs(self, run_ids: Sequence[str]) -> set[str]:
        """Return which of these runs there are."""
        ...

    def retries(self, run_ids: Sequence[str]) -> list[Run]:
        """Return the runs that retry one of these, newest first."""
        ...

    def failing(self, rota: str, since: datetime, limit: int) -> list[Run]:
        """Return the last run of each schedule that failed since, and ended so: newest first."""
        ...

    def last_runs(self, schedule_ids: Sequence[str]) -> Mapping[str, Run]:
        """Return the last run of each of these schedules, by the schedule's id."""
        ...

    def latest(self, schedule_ids: Sequence[str], limit: int) -> dict[str, list[BriefRun]]:
        """Return the last `limit` runs of each of these schedules, newest first, by the schedule's id."""
        ...

    def attempts(self, run_id: str) -> list[Attempt]:
        """Return the attempts of a run, first to last, with their logs."""
        ...

    def counts(self, rota: str, now: datetime) -> Counts: ...
    def made(self, rota: str, since: datetime, lately: datetime, most: int) -> Made:
        """Count the runs made since, the latest `most` of them; by themselves those made after `lately`."""
        ...

    def ended(self, rota: str, since: datetime) -> Mapping[datetime, Mapping[RunState, int]]:
        """Return how many runs ended in each hour since, by its beginning and by state, from the tally."""
        ...

    def backlog(self, rota: str, late: datetime, most: int) -> list[Backlog]:
        """Count the pending runs by queue and task: of each queue the `most` that start first."""
        ...

    def audit(self, rota: str, subject: str | None = None, limit: int = 50) -> list[AuditLine]:
        """Return the latest audit lines, newest first."""
        ...

    def purge(self, rota: str, before: datetime, keep: int, limit: int, *, dry_run: bool = False) -> int:
        """Delete up to `limit` runs that ended before `before`, but never the last `keep` of a schedule.

        Returns how many; with `dry_run` it deletes none of them. Cursors and last errors stay.
        """
        ...

    # -- nodes
    def join(self, node: Node) -> str | None:
        """Insert the node, or refresh it: also the heartbeat. Return who has asked it to drain."""
        ...

    def drain(self, rota: str, node_id: str, by: str, audit: Sequence[AuditLine] = ()) -> bool:
        """Ask a node to drain: its heartbeat tells it. `False`: there is none, or it was asked before."""
        ...

    def leave(self, node_id: str) -> None: ...
    def nodes(self, rota: str) -> list[Node]: ...
    # -- people
    def users(self, rota: str) -> list[User]:
        """Return those who sign in with a password, by name."""
        ...

    def put_user(self, rota: str, user: User, audit: Sequence[AuditLine] = ()) -> None:
        """Insert a user, or replace role and password.

        Whoever is signed in by this name is signed out, and no token of theirs keeps a higher role.
        """
        ...

    def drop_user(self, rota: str, name: str, audit: Sequence[AuditLine] = ()) -> bool:
        """Delete a user with all tokens. `False`: there was none."""
        ...

    def add_token(self, rota: str, token: Token, audit: Sequence[AuditLine] = ()) -> None:
        """Insert a token, and forget those that have run out."""
        ...

    def token(self, rota: str, digest: str) -> Token | None: ...
    def tokens(self, rota: str) -> list[Token]:
        """Return all tokens, the newest first."""
        ...

    def use_token(self, token_id: str, at: datetime) -> None: ...
    def drop_token(self, rota: str, token_id: str, audit: Sequence[AuditLine] = ()) -> bool: ...

    # -- the dead
    def forget_nodes(self, rota: str, seen_before: datetime) -> list[str]:
        """Delete nodes that have not been seen since; return their ids."""
        ...


class Runner(Protocol):
    """Executes runs. Everything it says is taken in batches by the runtime."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin. `on_change` is called, from any thread, when something finished or a slot came free."""
        ...

    def room(self) -> int:
        """Return how many more runs it would take now."""
        ...

    def submit(self, runs: Sequence[Claimed]) -> None: ...
    def held(self) -> list[Lease]:
        """Return the leases of all runs it holds, begun or not."""
        ...

    def finished(self) -> list[Finished]:
        """Take the attempts that have ended since the last call."""
        ...

    def reports(self) -> list[Report]:
        """Take what running attempts said of themselves since the last call."""
        ...

    def cancel(self, run_ids: Sequence[str]) -> None:
        """Ask these runs to stop. One whose body has not begun ends as cancelled."""
        ...

    def drop(self, run_ids: Sequence[str]) -> None:
        """Stop these runs and forget them: their lease is lost, what they end with is nobody's business."""
        ...

    def stop(self, patience: timedelta) -> None:
        """Take nothing more, give back what has not begun, and wait for the rest up to `patience`.

        What has not ended by then is interrupted and finished as lost. All of it is in `finished()`.
        """
        ...
