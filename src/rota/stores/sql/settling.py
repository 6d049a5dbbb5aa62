"""Settling: what becomes of runs whose attempt has ended, if the lease is still held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rota import failpoints
from rota.core.ids import to_us
from rota.core.records import Outcome, RunState, Settlement
from rota.stores.sql import rows as rows_
from rota.stores.sql.database import RUNS, Cursor, Database, Row, write
from rota.stores.sql.logs import add_logs
from rota.stores.sql.runs import hold
from rota.stores.sql.schedules import KEPT_ERRORS
from rota.stores.sql.texts import clean_or_none

NAMES = {one: str(one) for one in (*RunState, *Outcome)}


def settle(database: Database, settlements: Sequence[Settlement], now: datetime) -> list[str]:
    """Settle a batch.

    1. Most attempts just ended: one statement for all of them, fenced by state and token.
    2. Those that leave something behind (a log, an error, an attempt to keep), and those that are taken
       from their node, are locked first.
    3. When fewer were changed than asked for, the rest is looked up: settled before by the same
       token (the answer to an earlier commit was lost), or the lease is.
    """
    if not settlements:
        return []
    plain = sorted((_final_row(one) for one in settlements if _is_plain(one)), key=_first)
    rest = sorted((one for one in settlements if not _is_plain(one)), key=lambda one: one.run_id)

    def work(cursor: Cursor) -> list[str]:
        changed = cursor.batch("settle_final", plain)
        changed += _settle_rest(cursor, rest, now)
        lost = [] if changed == len(settlements) else _lost(cursor, settlements)
        _grow_success(cursor, settlements, set(lost))
        cursor.notify(_awaited(cursor, rest, now))
        failpoints.hit("settle.before_commit")
        return lost

    return write(database, work)


def _first(row: Row) -> Any:
    return row[0]


def _is_plain(one: Settlement) -> bool:
    leaves_nothing = not one.log and one.failure is None and one.counted and one.state is not RunState.PENDING
    return leaves_nothing and not one.overdue


def _final_row(one: Settlement) -> Row:
    started_us = to_us(one.started_at)
    result, reason = one.result, one.reason
    return (
        one.run_id,
        one.token,
        NAMES[one.state],
        NAMES[one.outcome],
        started_us,
        max(started_us, to_us(one.finished_at)),
        None if result is None else clean_or_none(result),
        rows_.failure_text(one.failure),
        clean_or_none(reason),
    )


def _settle_rest(cursor: Cursor, rest: Sequence[Settlement], now: datetime) -> int:
    if not rest:
        return 0
    held = hold(cursor, [(one.run_id, one.token) for one in rest])
    overdue = _still_overdue(cursor, [one.run_id for one in rest if one.overdue], now)
    ours = [
        one for one in rest if (one.run_id, one.token) in held and (not one.overdue or one.run_id in overdue)
    ]
    add_logs(cursor, [(one.run_id, one.attempt, one.log) for one in ours if one.log])
    _add_errors(cursor, [one for one in ours if one.schedule_id is not None and one.failure is not None])
    final = [one for one in ours if one.counted and one.state is not RunState.PENDING]
    again = [one for one in ours if not (one.counted and one.state is not RunState.PENDING)]
    cursor.batch("keep_attempt", [_attempt_row(one) for one in again if one.counted])
    return cursor.batch("settle_final", list(map(_final_row, final))) + cursor.batch(
        "settle_again", list(map(_again_row, again))
    )


def _still_overdue(cursor: Cursor, ids: list[str], now: datetime) -> set[str]:
    """Return those of which the lease was not renewed since they were found overdue."""
    return {row[0] for row in cursor.rows("still_overdue", ids=ids, now_us=to_us(now))} if ids else set()


def _attempt_row(one: Settlement) -> Row:
    started_us = to_us(one.started_at)
    finished_us = max(started_us, to_us(one.finished_at))
    return one.run_id, one.token, started_us, finished_us, NAMES[one.outcome], rows_.failure_text(one.failure)


def _again_row(one: Settlement) -> Row:
    run_at_us, finished_us = rows_.us(one.run_at), to_us(one.finished_at)
    back = 0 if one.counted else 1
    return one.run_id, one.token, NAMES[one.state], back, run_at_us, finished_us, clean_or_none(one.reason)


def _add_errors(cursor: Cursor, failed: Sequence[Settlement]) -> None:
    if not failed:
        return
    cursor.batch(
        "add_error",
        [
            (one.schedule_id, one.run_id, to_us(one.finished_at), rows_.failure_text(one.failure))
            for one in failed
        ],
    )
    ids = sorted({one.schedule_id for one in failed if one.schedule_id is not None})
    cursor.run("trim_errors", ids=ids, keep=KEPT_ERRORS)


def _lost(cursor: Cursor, settlements: Sequence[Settlement]) -> list[str]:
    """Return those whose run is not where this settlement puts it."""
    rows = cursor.rows("leases", ids=sorted({one.run_id for one in settlements}))
    found = {(row[0], row[1]): row[2] for row in rows}
    return [one.run_id for one in settlements if found.get((one.run_id, one.token)) not in _accepted(one)]


def _accepted(one: Settlement) -> tuple[str, ...]:
    # One that was to be tried again is cancelled instead, when it was asked to stop meanwhile.
    return ("pending", "cancelled") if one.state is RunState.PENDING else (NAMES[one.state],)


def _grow_success(cursor: Cursor, settlements: Sequence[Settlement], lost: set[str]) -> None:
    latest: dict[str, int] = {}
    for one in settlements:
        if one.state is not RunState.SUCCEEDED or one.run_id in lost:
            continue
        if one.schedule_id is not None and one.planned_at is not None:
            planned_us = to_us(one.planned_at)
            latest[one.schedule_id] = max(latest.get(one.schedule_id, planned_us), planned_us)
    cursor.batch("grow_success", sorted(latest.items()))


def _awaited(cursor: Cursor, rest: Sequence[Settlement], now: datetime) -> tuple[str, ...]:
    """Return what to wake the nodes for: a run that is ready at once, or one that waited for these to end."""
    if any(one.run_at is not None and one.run_at <= now for one in rest):
        return (RUNS,)
    return (RUNS,) if cursor.rows("gated_waits") else ()
