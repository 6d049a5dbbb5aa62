"""The verbs about the past: runs, attempts, counts, audit, and its end by retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rota import failpoints
from rota.core.ids import from_us, to_us
from rota.core.records import Attempt, AuditLine, BriefRun, Counts, Outcome, Run, RunQuery, RunState
from rota.stores.sql import rows as rows_
from rota.stores.sql.database import Cursor, Database, Row, write
from rota.stores.sql.texts import as_id, clean, clean_or_none, from_json, known_ids, to_json

# Beyond every instant that a datetime can say, and below and above every id.
FIRST_US, LAST_US = -(1 << 61), 1 << 61
FIRST_ID, LAST_ID = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
FEW = frozenset(RunState) - {RunState.PENDING, RunState.RUNNING, RunState.SUCCEEDED}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOUR_US = 3_600_000_000
PASSED_OVER = 4  # a purge looks at so many times as many runs as it may delete


def run(database: Database, run_id: str) -> Run | None:
    known = as_id(run_id)
    if known is None:
        return None
    with database.read() as cursor:
        found = cursor.rows("run", id=known)
    return rows_.run_of(found[0]) if found else None


def runs(database: Database, query: RunQuery) -> list[Run]:
    with database.read() as cursor:
        found = _page(cursor, query)
    return list(map(rows_.run_of, found))


def _page(cursor: Cursor, query: RunQuery) -> list[Row]:
    """Choose the statement whose index fits the filter."""
    page = _page_parameters(query)
    if query.schedule is not None:
        ids = cursor.rows("schedules_named", name=clean(query.schedule), rota=clean_or_none(query.rota))
        pages = [cursor.rows("runs_of_schedule", schedule_id=row[0], **page) for row in ids]
        # A schedule that was removed is only known by the name its runs keep.
        return (
            _merged(pages, query.limit)
            if ids
            else cursor.rows("runs", **{**page, "schedule": clean(query.schedule)})
        )
    states = frozenset(query.states)
    if states == {RunState.PENDING}:
        return cursor.rows("runs_pending", **page)
    if states == {RunState.RUNNING}:
        return cursor.rows("runs_running", **page)
    if states and states <= FEW:
        pages = [
            cursor.rows("runs_in_trouble", state=str(state), **{**page, "states": None}) for state in states
        ]
        return _merged(pages, query.limit)
    return cursor.rows("runs", **page)


def _page_parameters(query: RunQuery) -> dict[str, Any]:
    before = query.before
    return {
        "rota": clean_or_none(query.rota),
        "task": clean_or_none(query.task),
        "queue": clean_or_none(query.queue),
        "states": [str(state) for state in query.states] or None,
        "schedule": None,
        "since_us": FIRST_US if query.since is None else to_us(query.since),
        "until_us": LAST_US if query.until is None else to_us(query.until),
        "before_us": LAST_US if before is None else to_us(before[0]),
        "before_id": LAST_ID if before is None else as_id(before[1]) or FIRST_ID,
        "limit": query.limit,
    }


def _merged(pages: Sequence[list[Row]], limit: int) -> list[Row]:
    rows = [row for page in pages for row in page]
    return sorted(rows, key=lambda row: (row[9], row[0]), reverse=True)[:limit]


def latest(database: Database, schedule_ids: Sequence[str], limit: int) -> dict[str, list[BriefRun]]:
    ids = known_ids(schedule_ids)
    if not ids:
        return {}
    with database.read(by_index=True) as cursor:
        rows = cursor.rows("latest_runs", ids=ids, limit=limit)
    found: dict[str, list[BriefRun]] = {one: [] for one in ids}
    for row in sorted(rows, key=lambda row: (row[4], row[0]), reverse=True):
        found[row[1]].append(_brief(row))
    return found


def _brief(row: Row) -> BriefRun:
    run_id, schedule_id, state, attempt, created_us, planned_us, started_us, finished_us, count, reason = row
    return BriefRun(
        id=run_id,
        schedule_id=schedule_id,
        state=rows_.STATES[state],
        attempt=attempt,
        created_at=from_us(created_us),
        planned_at=rows_.instant(planned_us),
        started_at=rows_.instant(started_us),
        finished_at=rows_.instant(finished_us),
        count=count,
        reason=reason,
    )


def attempts(database: Database, run_id: str) -> list[Attempt]:
    known = as_id(run_id)
    if known is None:
        return []
    with database.read() as cursor:
        found = cursor.rows("attempts", id=known)
        pieces = cursor.rows("logs", id=known) if found else []
    logs: dict[int, list[str]] = {}
    for number, text in pieces:
        logs.setdefault(number, []).append(text)
    return [_attempt(row, "".join(logs.get(row[1], ()))) for row in found]


def _attempt(row: Row, log: str) -> Attempt:
    run_id, number, node, started_us, finished_us, outcome, failure = row
    return Attempt(
        run_id=run_id,
        number=number,
        node=node,
        started_at=rows_.instant(started_us),
        finished_at=rows_.instant(finished_us),
        outcome=None if outcome is None else Outcome(outcome),
        failure=rows_.failure_of(failure),
        log=log,
    )


def counts(database: Database, rota: str, now: datetime) -> Counts:
    with database.read() as cursor:
        schedules = cursor.rows("count_schedules", rota=clean(rota))
        runs = cursor.rows("count_runs", rota=clean(rota))
        ended = cursor.rows(
            "count_ended", rota=clean(rota), hour_us=_hour_of(now - HOUR), day_us=_hour_of(now - DAY)
        )
        ((oldest_us,),) = cursor.rows("oldest_pending", rota=clean(rota), now_us=to_us(now))
    return Counts(
        schedules={state: count for state, count in schedules if count},
        runs={state: count for state, count in runs if count},
        oldest_pending=rows_.instant(oldest_us),
        last_hour={state: count for state, count, _ in ended if count},
        last_day={state: count for state, _, count in ended if count},
    )


def _hour_of(instant: datetime) -> int:
    """Return the beginning of the hour of `instant`, as the tally has it."""
    return to_us(instant) // HOUR_US * HOUR_US


def add_audit(cursor: Cursor, lines: Sequence[AuditLine]) -> None:
    cursor.batch("add_audit", list(map(_audit_row, lines)))


def _audit_row(line: AuditLine) -> Row:
    texts = (line.rota, line.actor, line.via, line.action, line.subject, line.reason)
    return (to_us(line.at), *map(clean, texts), to_json(line.before), to_json(line.after))


def audit(database: Database, rota: str, subject: str | None, limit: int) -> list[AuditLine]:
    with database.read() as cursor:
        if subject is None:
            found = cursor.rows("audit", rota=clean(rota), limit=limit)
        else:
            found = cursor.rows("audit_of", rota=clean(rota), subject=clean(subject), limit=limit)
    return list(map(_audit_line, found))


def _audit_line(row: Row) -> AuditLine:
    at_us, rota, actor, via, action, subject, reason, before, after = row
    return AuditLine(
        at=from_us(at_us),
        rota=rota,
        actor=actor,
        via=via,
        action=action,
        subject=subject,
        reason=reason,
        before=from_json(before),
        after=from_json(after),
    )


def purge(
    database: Database, rota: str, before: datetime, keep: int, limit: int, *, dry_run: bool = False
) -> int:
    """Delete in one transaction what a read found: runs that have ended stay so.

    Runs that are kept as the last of their schedule stay at the old end of history for ever; the walk
    goes over them, a page at a time, until it has found `limit` runs to delete or its end.
    """
    position: tuple[int, str] = (FIRST_US, FIRST_ID)
    doomed: list[str] = []
    while len(doomed) < limit:
        with database.read(by_index=True) as cursor:
            found = cursor.rows(
                "old_runs",
                rota=clean(rota),
                keep=keep,
                before_us=to_us(before),
                after_us=position[0],
                after_id=position[1],
                limit=limit * PASSED_OVER,
            )
        doomed += [run_id for run_id, _, is_kept in found if not is_kept]
        if len(found) < limit * PASSED_OVER:
            break
        position = (found[-1][1], found[-1][0])
    doomed = doomed[:limit]
    return len(doomed) if dry_run else _delete(database, sorted(doomed))


def _delete(database: Database, ids: list[str]) -> int:
    def work(cursor: Cursor) -> int:
        cursor.run("purge_logs", ids=ids)
        cursor.run("purge_attempts", ids=ids)
        deleted = cursor.run("purge_runs", ids=ids)
        failpoints.hit("purge.before_commit")
        return deleted

    return write(database, work) if ids else 0
