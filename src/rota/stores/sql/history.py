"""The verbs about the past: runs, attempts, counts, audit, and its end by retention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rota import failpoints
from rota.core.ids import from_us, to_us
from rota.core.records import (
    Attempt,
    AuditLine,
    Backlog,
    BriefRun,
    Counts,
    Made,
    Outcome,
    Run,
    RunQuery,
    RunState,
    Waiting,
)
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
FAILED_LOOKED_AT = 1000  # of the failed runs, whether their schedule still fails


def run(database: Database, run_id: str) -> Run | None:
    known = as_id(run_id)
    if known is None:
        return None
    with database.read() as cursor:
        found = cursor.rows("run", id=known)
    return rows_.run_of(found[0]) if found else None


def runs(database: Database, query: RunQuery) -> list[Run]:
    with database.read(by_index=_is_walk(query)) as cursor:
        pages = _pages(cursor, query, "runs")
    return list(map(rows_.run_of, pages[0] if len(pages) == 1 else _merged(pages, query.limit)))


def count(database: Database, query: RunQuery, most: int) -> int:
    with database.read(by_index=_is_walk(query)) as cursor:
        pages = _pages(cursor, replace(query, before=None, limit=most), "count_of_runs")
    return min(sum(int(number) for ((number,),) in pages), most)


def _is_walk(query: RunQuery) -> bool:
    """Say whether an index is walked until there are enough. What is pending is read and sorted."""
    return frozenset(query.states) != {RunState.PENDING}


def horizon(database: Database, query: RunQuery, looked_at: int) -> datetime | None:
    if frozenset(query.states) in ({RunState.PENDING}, {RunState.RUNNING}):
        return None
    with database.read(by_index=True) as cursor:
        pages = _pages(cursor, query, "horizon", looked_at=looked_at)
    return rows_.instant(max((at_us for page in pages for (at_us,) in page), default=None))


def _pages(cursor: Cursor, query: RunQuery, name: str, **more: int) -> list[list[Row]]:
    """Execute those of the statements that begin with `name` whose index fits the filter."""
    page = {**_page_parameters(query), **more}
    if query.schedule is not None:
        ids = cursor.rows("schedules_named", name=clean(query.schedule), rota=clean_or_none(query.rota))
        if ids:
            return [cursor.rows(f"{name}_of_schedule", schedule_id=row[0], **page) for row in ids]
        # A schedule that was removed is only known by the name its runs keep.
        return [cursor.rows(name, **{**page, "schedule": clean(query.schedule)})]
    states = frozenset(query.states)
    if states == {RunState.PENDING}:
        return [cursor.rows(f"{name}_pending", **page)]
    if states == {RunState.RUNNING}:
        return [cursor.rows(f"{name}_running", **page)]
    if states and states <= FEW:
        page["states"] = None
        return [cursor.rows(f"{name}_in_trouble", state=str(state), **page) for state in states]
    return [cursor.rows(name, **page)]


def _page_parameters(query: RunQuery) -> dict[str, Any]:
    before = (LAST_US, LAST_ID)
    if query.before is not None:
        before = (to_us(query.before[0]), as_id(query.before[1]) or FIRST_ID)
    if query.until is not None:
        # An index is entered at the end that the page begins with: of two ends it takes the wrong one.
        before = min(before, (to_us(query.until), FIRST_ID))
    return {
        "rota": clean_or_none(query.rota),
        "task": clean_or_none(query.task),
        "queue": clean_or_none(query.queue),
        "states": [str(state) for state in query.states] or None,
        "schedule": None,
        "since_us": FIRST_US if query.since is None else to_us(query.since),
        "before_us": before[0],
        "before_id": before[1],
        "limit": query.limit,
    }


def _merged(pages: Sequence[list[Row]], limit: int) -> list[Row]:
    rows = [row for page in pages for row in page]
    return sorted(rows, key=lambda row: (row[9], row[0]), reverse=True)[:limit]


def last_runs(database: Database, schedule_ids: Sequence[str]) -> dict[str, Run]:
    ids = known_ids(schedule_ids)
    if not ids:
        return {}
    with database.read(by_index=True) as cursor:
        found = map(rows_.run_of, cursor.rows("last_runs", ids=ids))
        return {str(one.schedule_id): one for one in found}


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


def run_after(database: Database, one: Run) -> Run | None:
    if one.schedule_id is None:
        return None
    with database.read(by_index=True) as cursor:
        found = cursor.rows(
            "run_after", schedule_id=one.schedule_id, created_us=to_us(one.created_at), id=one.id
        )
    return rows_.run_of(found[0]) if found else None


def known_runs(database: Database, run_ids: Sequence[str]) -> set[str]:
    ids = known_ids(run_ids)
    if not ids:
        return set()
    with database.read(by_index=True) as cursor:
        return {run_id for (run_id,) in cursor.rows("known_runs", ids=ids)}


def retries(database: Database, run_ids: Sequence[str]) -> list[Run]:
    ids = known_ids(run_ids)
    if not ids:
        return []
    with database.read(by_index=True) as cursor:
        return list(map(rows_.run_of, cursor.rows("retries", ids=ids)))


def failing(database: Database, rota: str, since: datetime, limit: int) -> list[Run]:
    with database.read(by_index=True) as cursor:
        found = cursor.rows(
            "failing_runs", rota=clean(rota), since_us=to_us(since), looked_at=FAILED_LOOKED_AT, limit=limit
        )
    return list(map(rows_.run_of, found))


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
        schedules = cursor.rows("count_schedules", rota=clean(rota), now_us=to_us(now))
        runs = cursor.rows("count_runs", rota=clean(rota))
        ended = cursor.rows(
            "count_ended", rota=clean(rota), hour_us=_hour_of(now - HOUR), day_us=_hour_of(now - DAY)
        )
        pending = cursor.rows("count_pending", rota=clean(rota), now_us=to_us(now))
    by_state = _summed((state, number) for state, _, number, _ in schedules)
    by_state["paused"] = sum(paused for *_, paused in schedules)
    queues = {queue: Waiting(count, rows_.instant(oldest_us)) for queue, count, oldest_us in pending}
    waiting = sum(one.count for one in queues.values())
    return Counts(
        schedules={state: number for state, number in by_state.items() if number},
        tasks=_summed((task, number) for state, task, number, _ in schedules if state != "retired"),
        runs={state: number for state, number in [*runs, ("pending", waiting)] if number},
        oldest_pending=min((one.oldest for one in queues.values() if one.oldest), default=None),
        queues=queues,
        last_hour={state: count for state, count, _ in ended if count},
        last_day={state: count for state, _, count in ended if count},
    )


def _summed(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, number in found:
        sums[key] = sums.get(key, 0) + number
    return sums


def ended(database: Database, rota: str, since: datetime) -> dict[datetime, dict[RunState, int]]:
    with database.read() as cursor:
        found = cursor.rows("ended_by_hour", rota=clean(rota), since_us=_hour_of(since))
    hours: dict[datetime, dict[RunState, int]] = {}
    for hour_us, state, number in found:
        hours.setdefault(from_us(hour_us), {})[rows_.STATES[state]] = number
    return hours


def made(database: Database, rota: str, since: datetime, lately: datetime, most: int) -> Made:
    with database.read(by_index=True) as cursor:
        found = cursor.rows(
            "made_by_hour", rota=clean(rota), since_us=to_us(since), lately_us=to_us(lately), limit=most
        )
    hours: dict[datetime, dict[RunState, int]] = {}
    late: dict[RunState, int] = {}
    for hour_us, state, number, of_late, _, _ in found:
        known = rows_.STATES[state]
        hours.setdefault(from_us(hour_us), {})[known] = number
        late[known] = late.get(known, 0) + of_late
    return Made(
        hours=hours,
        lately={state: number for state, number in late.items() if number},
        looked_at=sum(row[4] for row in found),
        first=rows_.instant(min((row[5] for row in found), default=None)),
    )


def backlog(database: Database, rota: str, late: datetime, most: int) -> list[Backlog]:
    with database.read() as cursor:
        found = cursor.rows("backlog", rota=clean(rota), late_us=to_us(late), limit=most)
    return [Backlog(queue=queue, task=task, count=number, late=waits) for queue, task, number, waits in found]


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
    if dry_run:
        return len(doomed[:limit])
    return _delete(database, clean(rota), sorted(doomed[:limit]), is_last=len(doomed) < limit)


def _delete(database: Database, rota: str, ids: list[str], *, is_last: bool) -> int:
    def work(cursor: Cursor) -> int:
        cursor.rows("hold_tally", rota=rota)
        cursor.run("purge_logs", ids=ids)
        cursor.run("purge_attempts", ids=ids)
        deleted = cursor.run("purge_runs", ids=ids)
        if is_last:
            cursor.rows("fold_tally", rota=rota)
        failpoints.hit("purge.before_commit")
        return deleted

    return write(database, work) if ids or is_last else 0
