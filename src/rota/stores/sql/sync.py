"""The verbs that rewrite schedules: a sync of all that the code declares, and changes by operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rota import failpoints
from rota.core.ids import from_us, to_us
from rota.core.records import AuditLine, Change, Generation, Schedule, SyncPlan
from rota.stores.sql import rows as rows_
from rota.stores.sql.cancelling import stop_runs
from rota.stores.sql.database import (
    RUNS,
    SCHEDULES,
    Abandoned,
    Cursor,
    Database,
    Row,
    write_or_abandon,
)
from rota.stores.sql.history import add_audit
from rota.stores.sql.texts import clean, from_json, to_json

BY_CHANGE = "a change of its schedule"


def generation(database: Database, rota: str) -> Generation | None:
    with database.read() as cursor:
        found = cursor.rows("generation", rota=clean(rota))
    for name, number, fingerprint, revision, synced_us, past in found:
        return Generation(
            rota=name,
            number=number,
            fingerprint=fingerprint,
            revision=revision,
            synced_at=from_us(synced_us),
            past=tuple(from_json(past)),
        )
    return None


def sync(database: Database, plan: SyncPlan, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> None:
        _put_in_force(cursor, plan)
        _apply(cursor, plan.change)
        _create(cursor, plan.create)
        add_audit(cursor, audit)
        cursor.notify((SCHEDULES,))
        failpoints.hit("sync.before_commit")

    return write_or_abandon(database, work)


def amend(database: Database, changes: Sequence[Change], audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> None:
        _apply(cursor, changes)
        add_audit(cursor, audit)
        cursor.notify((SCHEDULES,))

    return write_or_abandon(database, work)


def _put_in_force(cursor: Cursor, plan: SyncPlan) -> None:
    """Compare and set the generation: of two syncs at once, one finds it changed."""
    one = plan.generation
    parameters: dict[str, Any] = {
        "rota": clean(one.rota),
        "number": one.number,
        "fingerprint": one.fingerprint,
        "revision": max(one.revision, plan.revision + 1),
        "synced_us": to_us(one.synced_at),
        "past": to_json(one.past),
    }
    if plan.revision == 0:
        done = cursor.run("first_generation", **parameters)
    else:
        done = cursor.run("next_generation", revision_was=plan.revision, **parameters)
    if not done:
        raise Abandoned


def _apply(cursor: Cursor, changes: Sequence[Change]) -> None:
    if not changes:
        return
    # In one order for all, so that two who change the same schedules never wait in a circle.
    changes = sorted(changes, key=lambda change: change.after.id)
    cursor.batch("park_names", [(change.after.id, clean(change.after.name)) for change in changes])
    changed = cursor.batch(
        "change_schedule",
        list(map(_change_row, changes)),
    )
    if changed != len(changes):
        raise Abandoned
    cursor.run("drop_overrides", ids=[change.after.id for change in changes])
    _add_overrides(cursor, [change.after for change in changes])
    _bring(cursor, changes)


def _change_row(change: Change) -> Row:
    revision = max(change.after.revision, change.revision + 1)
    return (*rows_.schedule_row(change.after, change.revision, revision), rows_.us(change.cursor_was))


def _bring(cursor: Cursor, changes: Sequence[Change]) -> None:
    """Insert the runs that the changes bring, and stop those they end."""
    runs = sorted(rows_.new_run_row(run) for change in changes for run in change.runs)
    cursor.batch("add_run", runs)
    for change in changes:
        stop_runs(cursor, change.cancel, BY_CHANGE, change.after.updated_at)
    if runs:
        cursor.notify((RUNS,))


def _create(cursor: Cursor, schedules: Sequence[Schedule]) -> None:
    rows = sorted(
        (rows_.schedule_row(one, 0, one.revision) for one in schedules), key=lambda row: str(row[0])
    )
    if cursor.batch("add_schedule", rows) != len(rows):
        raise Abandoned
    _add_overrides(cursor, schedules)


def _add_overrides(cursor: Cursor, schedules: Sequence[Schedule]) -> None:
    cursor.batch(
        "add_override", [rows_.override_row(one.id, kept) for one in schedules for kept in one.overrides]
    )
