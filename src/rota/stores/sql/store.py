"""The store over a SQL database. Each verb is in the module of its role; here they are brought together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rota.core.ids import from_us
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
from rota.ports import Wakeup
from rota.stores.sql import cancelling, claims, history, nodes, people, runs, schedules, settling, sync
from rota.stores.sql.database import Database


class SqlStore:
    """See `rota.ports.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url = database.url

    def migrate(self, *, dry_run: bool = False) -> list[str]:
        return self._database.migrate(dry_run=dry_run)

    def clock(self) -> datetime:
        with self._database.read() as cursor:
            ((now_us,),) = cursor.rows("clock")
        return from_us(now_us)

    def version(self) -> str:
        return self._database.version()

    def wakeup(self) -> Wakeup:
        return self._database.wakeup()

    def close(self) -> None:
        self._database.close()

    def generation(self, rota: str) -> Generation | None:
        return sync.generation(self._database, rota)

    def declared(self, rota: str, names: Sequence[str]) -> list[Schedule]:
        return schedules.declared(self._database, rota, names)

    def sync(self, plan: SyncPlan, audit: Sequence[AuditLine] = ()) -> bool:
        return sync.sync(self._database, plan, audit)

    def due(self, rota: str, now: datetime, limit: int, skip: int = 0) -> list[DueSchedule]:
        return schedules.due(self._database, rota, now, limit, skip)

    def next_due(self, rota: str) -> datetime | None:
        return schedules.next_due(self._database, rota)

    def record(self, plans: Sequence[Plan], now: datetime) -> list[str]:
        return schedules.record(self._database, plans, now)

    def amend(self, changes: Sequence[Change], audit: Sequence[AuditLine]) -> bool:
        return sync.amend(self._database, changes, audit)

    def schedules(self, query: ScheduleQuery) -> list[Schedule]:
        return schedules.schedules(self._database, query)

    def add_schedule(self, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
        return schedules.add_schedule(self._database, schedule, audit)

    def remove_schedule(self, schedule: Schedule, audit: Sequence[AuditLine]) -> bool:
        return schedules.remove_schedule(self._database, schedule, audit)

    def odd(self, rota: str, limit: int) -> list[Schedule]:
        return schedules.odd(self._database, rota, limit)

    def ending(self, rota: str, now: datetime, limit: int) -> list[Schedule]:
        return schedules.ending(self._database, rota, now, limit)

    def past_errors(self, schedule_id: str) -> list[PastError]:
        return schedules.past_errors(self._database, schedule_id)

    def enqueue(
        self,
        runs_: Sequence[NewRun] | AlikeRuns,
        audit: Sequence[AuditLine] = (),
        *,
        connection: Any = None,
    ) -> list[str]:
        return runs.enqueue(self._database, runs_, audit, connection)

    def claim(self, request: ClaimRequest) -> list[Claimed]:
        return claims.claim(self._database, request)

    def claimed(self, request: ClaimRequest) -> list[Claimed]:
        return claims.claimed(self._database, request)

    def next_ready(self, rota: str, queues: Sequence[str], now: datetime) -> datetime | None:
        return claims.next_ready(self._database, rota, queues, now)

    def renew(self, leases: Sequence[Lease], now: datetime, until: datetime) -> Renewal:
        return runs.renew(self._database, leases, until)

    def report(self, reports: Sequence[Report]) -> None:
        runs.report(self._database, reports)

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> list[str]:
        return settling.settle(self._database, settlements, now)

    def overdue(self, rota: str, now: datetime, limit: int) -> list[Claimed]:
        return runs.overdue(self._database, rota, now, limit)

    def expire(self, rota: str, now: datetime, limit: int) -> list[str]:
        return runs.expire(self._database, rota, now, limit)

    def cancel(
        self, run_ids: Sequence[str], by: str, now: datetime, audit: Sequence[AuditLine] = ()
    ) -> Cancelled:
        return cancelling.cancel(self._database, run_ids, by, now, audit)

    def run(self, run_id: str) -> Run | None:
        return history.run(self._database, run_id)

    def runs(self, query: RunQuery) -> list[Run]:
        return history.runs(self._database, query)

    def count(self, query: RunQuery, most: int) -> int:
        return history.count(self._database, query, most)

    def horizon(self, query: RunQuery, looked_at: int) -> datetime | None:
        return history.horizon(self._database, query, looked_at)

    def run_after(self, run: Run) -> Run | None:
        return history.run_after(self._database, run)

    def known_runs(self, run_ids: Sequence[str]) -> set[str]:
        return history.known_runs(self._database, run_ids)

    def retries(self, run_ids: Sequence[str]) -> list[Run]:
        return history.retries(self._database, run_ids)

    def failing(self, rota: str, since: datetime, limit: int) -> list[Run]:
        return history.failing(self._database, rota, since, limit)

    def last_runs(self, schedule_ids: Sequence[str]) -> dict[str, Run]:
        return history.last_runs(self._database, schedule_ids)

    def latest(self, schedule_ids: Sequence[str], limit: int) -> dict[str, list[BriefRun]]:
        return history.latest(self._database, schedule_ids, limit)

    def attempts(self, run_id: str) -> list[Attempt]:
        return history.attempts(self._database, run_id)

    def counts(self, rota: str, now: datetime) -> Counts:
        return history.counts(self._database, rota, now)

    def made(self, rota: str, since: datetime, lately: datetime, most: int) -> Made:
        return history.made(self._database, rota, since, lately, most)

    def ended(self, rota: str, since: datetime) -> dict[datetime, dict[RunState, int]]:
        return history.ended(self._database, rota, since)

    def backlog(self, rota: str, late: datetime, most: int) -> list[Backlog]:
        return history.backlog(self._database, rota, late, most)

    def audit(self, rota: str, subject: str | None = None, limit: int = 50) -> list[AuditLine]:
        return history.audit(self._database, rota, subject, limit)

    def purge(self, rota: str, before: datetime, keep: int, limit: int, *, dry_run: bool = False) -> int:
        return history.purge(self._database, rota, before, keep, limit, dry_run=dry_run)

    def join(self, node: Node) -> str | None:
        return nodes.join(self._database, node)

    def drain(self, rota: str, node_id: str, by: str, audit: Sequence[AuditLine] = ()) -> bool:
        return nodes.drain(self._database, rota, node_id, by, audit)

    def leave(self, node_id: str) -> None:
        nodes.leave(self._database, node_id)

    def nodes(self, rota: str) -> list[Node]:
        return nodes.nodes(self._database, rota)

    def users(self, rota: str) -> list[User]:
        return people.users(self._database, rota)

    def put_user(self, rota: str, user: User, audit: Sequence[AuditLine] = ()) -> None:
        people.put_user(self._database, rota, user, audit)

    def drop_user(self, rota: str, name: str, audit: Sequence[AuditLine] = ()) -> bool:
        return people.drop_user(self._database, rota, name, audit)

    def add_token(self, rota: str, token: Token, audit: Sequence[AuditLine] = ()) -> None:
        people.add_token(self._database, rota, token, audit)

    def token(self, rota: str, digest: str) -> Token | None:
        return people.token(self._database, rota, digest)

    def tokens(self, rota: str) -> list[Token]:
        return people.tokens(self._database, rota)

    def use_token(self, token_id: str, at: datetime) -> None:
        people.use_token(self._database, token_id, at)

    def drop_token(self, rota: str, token_id: str, audit: Sequence[AuditLine] = ()) -> bool:
        return people.drop_token(self._database, rota, token_id, audit)

    def forget_nodes(self, rota: str, seen_before: datetime) -> list[str]:
        return nodes.forget_nodes(self._database, rota, seen_before)
