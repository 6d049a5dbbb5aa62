"""The verbs that begin runs and keep them alive: enqueue, renew, report, overdue, expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rota.core.ids import to_us
from rota.core.records import AlikeRuns, AuditLine, Claimed, Lease, NewRun, Renewal, Report
from rota.stores.sql import rows as rows_
from rota.stores.sql.database import RUNS, Cursor, Database, Row, write
from rota.stores.sql.history import add_audit
from rota.stores.sql.logs import add_logs
from rota.stores.sql.texts import clean, clean_or_none


def enqueue(
    database: Database, runs: Sequence[NewRun] | AlikeRuns, audit: Sequence[AuditLine], connection: Any
) -> list[str]:
    rows = rows_.alike_run_rows(runs) if isinstance(runs, AlikeRuns) else list(map(rows_.new_run_row, runs))
    if not rows:
        return []
    ids = [row[0] for row in rows]
    # In one order for all, so that two who insert the same runs never wait in a circle.
    rows.sort(key=_first)
    if connection is not None:
        new = _insert(database.borrowed(connection), rows, audit)
    elif audit or len(rows) > 1:
        new = write(database, lambda cursor: _insert(cursor, rows, audit))
    else:
        with database.single() as cursor:
            new = _insert(cursor, rows, ())
    return [one for one in ids if one in new] if len(new) < len(ids) else ids


def _first(row: Row) -> str:
    return str(row[0])


def _insert(cursor: Cursor, rows: Sequence[Row], audit: Sequence[AuditLine]) -> set[str]:
    new = {row[0] for row in cursor.batch_rows("enqueue_run", rows)}
    add_audit(cursor, audit)
    cursor.notify((RUNS,))
    return new


def renew(database: Database, leases: Sequence[Lease], until: datetime) -> Renewal:
    if not leases:
        return Renewal()
    until_us = to_us(until)
    rows = sorted((lease.run_id, lease.token, until_us) for lease in leases)

    def work(cursor: Cursor) -> list[Row]:
        cursor.batch("renew", rows)
        return cursor.rows("leases", ids=[row[0] for row in rows])

    held = {row[0]: row for row in write(database, work)}
    lost, cancelled = [], []
    for lease in leases:
        row = held.get(lease.run_id)
        if row is None or row[1] != lease.token or row[2] != "running":
            lost.append(lease.run_id)
        elif row[3] is not None:
            cancelled.append(lease.run_id)
    return Renewal(lost=tuple(lost), cancelled=tuple(cancelled))


def report(database: Database, reports: Sequence[Report]) -> None:
    progress = sorted(
        (one.run_id, one.token, one.done, one.total, clean_or_none(one.note))
        for one in _last_progress(reports)
    )
    logs = [one for one in reports if one.log]

    def work(cursor: Cursor) -> None:
        cursor.batch("progress", progress)
        if logs:
            held = hold(cursor, [(one.run_id, one.token) for one in logs])
            add_logs(
                cursor,
                [(one.run_id, one.attempt, one.log) for one in logs if (one.run_id, one.token) in held],
            )

    if progress or logs:
        write(database, work)


def _last_progress(reports: Sequence[Report]) -> list[Report]:
    """Return one report for each attempt, the last: one statement updates a row once."""
    last: dict[tuple[str, int], Report] = {}
    for one in reports:
        if one.done is not None or one.total is not None or one.note is not None:
            before = last.get((one.run_id, one.token))
            last[one.run_id, one.token] = one if before is None else _merged(before, one)
    return list(last.values())


def _merged(before: Report, after: Report) -> Report:
    return Report(
        run_id=after.run_id,
        token=after.token,
        attempt=after.attempt,
        done=before.done if after.done is None else after.done,
        total=before.total if after.total is None else after.total,
        note=before.note if after.note is None else after.note,
    )


def hold(cursor: Cursor, leases: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return which of `leases` are still held, and keep them so until the commit."""
    rows = sorted(set(leases))
    held = {row[0] for row in cursor.batch_rows("hold_runs", rows)}
    if len(held) == len(rows):
        return set(rows)
    # Of two tokens of one run at most one is the newest, and `hold_runs` tells only the run.
    tokens = {row[0]: row[1] for row in cursor.rows("leases", ids=sorted(held))}
    return {(run_id, token) for run_id, token in rows if tokens.get(run_id) == token}


def overdue(database: Database, rota: str, now: datetime, limit: int) -> list[Claimed]:
    with database.read() as cursor:
        found = cursor.rows("overdue", rota=clean(rota), now_us=to_us(now), limit=limit)
    with database.single() as cursor:
        cursor.rows("forget_taken", rota=clean(rota))
    return list(map(rows_.claimed_of, found))


def expire(database: Database, rota: str, now: datetime, limit: int) -> list[str]:
    parameters: dict[str, Any] = {"rota": clean(rota), "now_us": to_us(now)}
    with database.read() as cursor:
        if not cursor.rows("has_expired", **parameters):
            return []

    def work(cursor: Cursor) -> list[str]:
        expired = [row[0] for row in cursor.rows("expire", limit=limit, **parameters)]
        if expired:
            cursor.notify((RUNS,))  # what waited for them may start
        return expired

    return write(database, work)
