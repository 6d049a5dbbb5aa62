"""Cancelling runs: at once when pending, by asking when running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rota.core.ids import to_us
from rota.core.records import AuditLine, Cancelled
from rota.stores.sql.database import CANCEL, RUNS, Cursor, Database, write
from rota.stores.sql.history import add_audit
from rota.stores.sql.texts import clean, known_ids


def cancel(
    database: Database, run_ids: Sequence[str], by: str, now: datetime, audit: Sequence[AuditLine]
) -> Cancelled:
    def work(cursor: Cursor) -> Cancelled:
        add_audit(cursor, audit)
        return stop_runs(cursor, run_ids, by, now)

    return write(database, work)


def stop_runs(cursor: Cursor, run_ids: Sequence[str], by: str, now: datetime) -> Cancelled:
    """Cancel those that are pending, ask those that are running."""
    if not run_ids:
        return Cancelled()
    # Locked first: a run that goes from running to pending between two updates would escape both.
    states = {row[0]: row[1] for row in cursor.rows("lock_runs", ids=known_ids(run_ids))}
    pending = [run_id for run_id, state in states.items() if state == "pending"]
    running = [run_id for run_id, state in states.items() if state == "running"]
    if pending:
        cursor.run("cancel_pending", ids=pending, by=clean(by), now_us=to_us(now))
        cursor.notify((RUNS,))  # what waited for them may start
    if running:
        cursor.run("cancel_running", ids=running, by=clean(by))
        cursor.notify((CANCEL,))
    return _answer(dict.fromkeys(run_ids), states)


def _answer(asked: dict[str, None], states: dict[str, str]) -> Cancelled:
    found = {run_id: states.get(run_id.lower()) for run_id in asked}
    return Cancelled(
        at_once=tuple(run_id for run_id, state in found.items() if state == "pending"),
        asked=tuple(run_id for run_id, state in found.items() if state == "running"),
        ended=tuple(run_id for run_id, state in found.items() if state not in ("pending", "running", None)),
        unknown=tuple(run_id for run_id, state in found.items() if state is None),
    )
