"""Verifies the invariants of GUARANTEES that tables can show. Independent of the code under test: plain
SQL over the tables, and the timetables asked for all their occurrences one by one."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rota.core.timetables import parse_timetable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FINAL = {"succeeded", "failed", "cancelled", "skipped", "missed", "expired"}


@dataclass
class Verdict:
    """What was found. `violations` is empty when all is well."""

    occurrences: int = 0
    runs: int = 0
    retried: int = 0
    marks: set[tuple[str, str]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.occurrences} occurrences, {self.runs} runs and records, "
            f"{self.retried} tried again: {len(self.violations)} violations"
        )

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.violations.append(what)


def check(connection, until: datetime, since: datetime | None = None, most: int = 10_000) -> Verdict:
    """Check every occurrence of each schedule from its creation up to `until`.

    Args:
        connection: A DB-API connection to the store.
        since: Runs of instants before it were purged.
        most: Check no more schedules than this.
    """
    verdict = Verdict()
    for schedule in rows(
        connection, "SELECT id, name, effective, created_us, cursor_us FROM rota_schedule ORDER BY id"
    )[:most]:
        check_schedule(connection, schedule, since, until, verdict)
    check_runs(connection, verdict)
    check_orphans(connection, verdict)
    return verdict


def rows(connection, query):
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def check_schedule(connection, schedule, since, until, verdict):
    schedule_id, name, effective, created_us, _ = schedule
    definition = json.loads(effective)
    timetable = parse_timetable(definition["timetable"])
    after = max(EPOCH + timedelta(microseconds=created_us), since or EPOCH)
    due = {one for one in timetable.between(after, until) if one > after}
    found = Counter()
    query = (
        "SELECT planned_us, state, count, window_start_us FROM rota_run "
        f"WHERE origin = 'occurrence' AND schedule_id = '{schedule_id}'"
    )
    for planned_us, state, count, first_us in rows(connection, query):
        planned = EPOCH + timedelta(microseconds=planned_us)
        if state in ("missed", "skipped") and first_us is not None:
            span = list(
                timetable.between(
                    EPOCH + timedelta(microseconds=first_us), planned + timedelta(microseconds=1)
                )
            )
            verdict.expect(len(span) == count, f"{name}: a record of {count} covers {len(span)} occurrences")
            found.update(span)
        else:
            found[planned] += 1
    verdict.occurrences += len(due)
    for one in due:
        verdict.expect(found[one] >= 1, f"{name}: lost {one}")
        verdict.expect(found[one] <= 1, f"{name}: doubled {one} ({found[one]} times)")
    for one in found:
        verdict.expect(
            one in due or one >= until or one <= (since or EPOCH), f"{name}: {one} is no occurrence"
        )


def check_runs(connection, verdict):
    query = "SELECT id, state, attempt, planned_us, created_us, started_us, finished_us FROM rota_run"
    attempts = Counter(row[0] for row in rows(connection, "SELECT run_id FROM rota_attempt"))
    for run_id, state, attempt, planned_us, created_us, started_us, finished_us in rows(connection, query):
        verdict.runs += 1
        verdict.retried += attempt > 1
        verdict.expect(state in FINAL, f"run {run_id} is still {state}")
        verdict.expect(
            attempts[run_id] == max(attempt - 1, 0),
            f"run {run_id}: {attempts[run_id]} kept of {attempt} attempts",
        )
        if started_us is not None and planned_us is not None:
            verdict.expect(started_us >= planned_us, f"run {run_id} started before its instant")
        if started_us is not None and finished_us is not None:
            verdict.expect(started_us <= finished_us, f"run {run_id} finished before it started")
            verdict.expect(created_us <= finished_us, f"run {run_id} finished before it was created")


def check_orphans(connection, verdict):
    """A purge is whole: neither attempts nor logs of runs that are gone."""
    for table in ("rota_attempt", "rota_log"):
        orphaned = "NOT EXISTS (SELECT 1 FROM rota_run WHERE rota_run.id = run_id)"  # `NOT IN` takes hours
        query = f"SELECT count(*) FROM {table} WHERE {orphaned}"
        ((count,),) = rows(connection, query)
        verdict.expect(count == 0, f"{count} rows of {table} are of no run")
