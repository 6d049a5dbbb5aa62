"""The bugs. Each is small, and each has been made by somebody, somewhere."""

# ruff: noqa: E501 - the text of the product as it is

from __future__ import annotations

from tests.mutations.plant import Edit, Mutation

SQL = "sqlite/statements.sql"
SCHEMA = "sqlite/schema/0001_first.sql"


def bug(name: str, cause: str, *edits: tuple[str, ...]) -> Mutation:
    """Return a mutation; an edit is place, old text, new text, and for SQL the name of the statement."""
    return Mutation(name, tuple(Edit(*one) for one in edits), tuple(cause.split()))


MUTATIONS = (
    # -- one run for each occurrence
    bug(
        "no unique key",
        "I1",
        (
            SCHEMA,
            "CREATE TABLE rota_run (\n    id TEXT NOT NULL PRIMARY KEY,",
            "CREATE TABLE rota_run (\n    id TEXT NOT NULL,",
        ),
        (SQL, "ON CONFLICT (id) DO NOTHING", "", "add_run"),
        (SQL, "AND revision = ?2 AND cursor_us = ?3 ", "", "record_plan"),
    ),
    bug(
        "random run ids",
        "I1 I12",
        ("rota.core.planning", "id=occurrence_id(schedule.id, due),", "id=str(__import__('uuid').uuid4()),"),
        (SQL, "AND revision = ?2 AND cursor_us = ?3 ", "", "record_plan"),
    ),
    bug(
        "a plan is applied to a schedule that has changed since",
        "I1 I2 I3 I7 I8 I22 I24",
        (SQL, "AND revision = ?2 AND cursor_us = ?3 AND state = 'active'", "", "record_plan"),
    ),
    bug(
        "cursor moved before the runs are inserted, in another transaction",
        "I3 I1 I24",
        (
            "rota.stores.sql.schedules",
            "    return write(database, lambda cursor: _record(cursor, plans, rows, now))",
            "    applied = write(database, lambda cursor: cursor.batch_rows('record_plan', rows))\n"
            "    return write(database, lambda cursor: _record(cursor, plans, applied, now))",
        ),
        (
            "rota.stores.sql.schedules",
            'applied = {row[0] for row in cursor.batch_rows("record_plan", rows)}',
            "applied = {row[0] for row in rows}",
        ),
    ),
    bug(
        "purge forgets the cursors",
        "I7 I1 I3 I24",
        (
            "rota.stores.sql.history",
            'deleted = cursor.run("purge_runs", ids=ids)',
            'deleted = cursor.run("purge_runs", ids=ids)\n'
            '        cursor._cursor.execute("UPDATE rota_schedule SET cursor_us = created_us WHERE cursor_us > created_us")',
        ),
    ),
    bug(
        "next occurrence computed from now",
        "I3",
        (
            "rota.core.planning",
            "stretches = outside(schedule.pause, schedule.cursor, now)",
            "stretches = outside(schedule.pause, max(schedule.cursor, now - definition.catch_up.grace), now)",
        ),
    ),
    bug(
        "wall times taken as UTC",
        "I2 I3",
        (
            "rota.core.occurrences",
            "return read_written(definition.timetable).for_schedule(name)",
            "text, _, zone = definition.timetable.partition(' in ')\n"
            "    return read_written(text + ' in UTC' if zone else text).for_schedule(name)",
        ),
    ),
    bug(
        "the clock of the node and not that of the store",
        "I4 I14 I2 I10 I11 I3 I12 I27",
        ("rota.runtime.clock", "told = self._ask()", "told = self._steady.wall()"),
    ),
    bug(
        "a clock that runs ahead when the store answers slowly",
        "I4 I11",
        (
            "rota.runtime.clock",
            "return after - before, told, after",
            "return 0.0, told, (before + after) / 2",
        ),
    ),
    bug("negative jitter", "I4", ("rota.core.planning", "run_at=due + spread(", "run_at=due - spread(")),
    bug(
        "one run more than max_runs",
        "I2",
        (
            "rota.core.planning",
            "return None if most is None else max(most - schedule.runs_made, 0)",
            "return None if most is None else max(most + 1 - schedule.runs_made, 0)",
        ),
    ),
    # -- pauses and definitions
    bug(
        "the pause is not looked at when planning",
        "I8 I1",
        (
            "rota.core.occurrences",
            "    if pause is None:\n        return [(after, until)]",
            "    if True:\n        return [(after, until)]",
        ),
    ),
    bug(
        "the first occurrence inside a planned pause runs",
        "I8 I1",
        (
            "rota.core.occurrences",
            "before = (after, min(pause.start - TICK, until))",
            "before = (after, min(pause.start, until))",
        ),
    ),
    bug(
        "a planned pause swallows what is due before it",
        "I8",
        (
            "rota.core.planning",
            "max(after, pause.start - TICK), until)",
            "after, until)",
        ),
        (
            "rota.core.occurrences",
            "before = (after, min(pause.start - TICK, until))",
            "before = (after, after)",
        ),
    ),
    bug(
        "a resumption runs what the pause swallowed",
        "I8 I3",
        (
            "rota.core.changes",
            "    if pause is not None and pause.has_begun(now) and schedule.state is ScheduleState.ACTIVE:\n        # Now",
            "    if False:\n        # Now",
        ),
        (
            "rota.core.changes",
            "after = after if schedule.state is ScheduleState.RETIRED else _rearmed(after, now)",
            "after = replace(after, next_due=now)",
        ),
    ),
    bug(
        "a new definition forgets what was due by the old one",
        "I3",
        (
            "rota.core.changes",
            "    settled = _settled(schedule, now)\n    stays_retired",
            "    settled = _Settled(schedule)\n    stays_retired",
        ),
    ),
    bug(
        "a deploy ends pauses",
        "I22",
        ("rota.core.changes", "        overrides=kept,\n", "        overrides=kept,\n        pause=None,\n"),
    ),
    bug(
        "a deploy drops overrides",
        "I22",
        ("rota.core.reconcile", "overrides=() if reset else None,", "overrides=(),"),
    ),
    bug(
        "a change overwrites a change that came between",
        "I22 I24 I3",
        (SQL, "AND revision = ?2", "AND ?2 = ?2", "change_schedule"),
    ),
    bug(
        "an override never ends",
        "I22",
        ("rota.runtime.rescue", "        self._end_overrides(now)\n", ""),
    ),
    bug(
        "one broken row stops the batch",
        "I26",
        (
            "rota.stores.sql.schedules",
            "broken.append((row[0], row[4], rows_.unreadable_reason(problem)))",
            "raise",
        ),
    ),
    # -- deploys
    bug(
        "an old release retires what a newer one declares",
        "I23",
        (
            "rota.core.reconcile",
            "return any(node.fingerprint == generation.fingerprint for node in live)",
            "return False",
        ),
    ),
    bug(
        "a node counts as gone after a minute, whatever the lease",
        "I23",
        ("rota.operations.syncing", "max(LIVE_FOR, 2 * rota.settings.lease)", "LIVE_FOR"),
    ),
    bug(
        "a renamed schedule loses its history",
        "I22",
        ("rota.core.reconcile", " or (by_name.get(one.was) if one.was else None)", ""),
    ),
    bug(
        "a roll-back is not noticed",
        "I22",
        ("rota.operations.syncing", "        elif self._is_outdated():\n", "        elif False:\n"),
    ),
    bug(
        "runs of unknown tasks are claimed",
        "I23",
        (SQL, "AND c.task IN (SELECT value FROM json_each(:tasks))", "", "is_ready"),
    ),
    # -- leases
    bug(
        "no token check",
        "I11 I15 I13",
        (SQL, "token = ?2", "?2 = ?2", "settle_final"),
        (SQL, "token = ?2", "?2 = ?2", "hold_runs"),
    ),
    bug(
        "a settlement changes a run that has ended",
        "I12 I11",
        (SQL, "AND +state = 'running' AND token = ?2", "AND ?2 = ?2", "settle_final"),
    ),
    bug(
        "a lease is renewed without its token",
        "I11",
        (SQL, "token = ?2", "?2 = ?2", "renew"),
    ),
    bug(
        "a run is taken from a node that has come back",
        "I11",
        ("rota.core.outcomes", "overdue=finished.overdue,", "overdue=False,"),
    ),
    bug(
        "leases are never renewed",
        "I27",
        ("rota.runtime.heartbeat", "            if held:\n", "            if False:\n"),
    ),
    bug(
        "nobody takes over the runs of dead nodes",
        "I14",
        ("rota.runtime.rescue", "        self._take_over(now)\n", ""),
    ),
    bug(
        "a run is taken over while its lease holds",
        "I11",
        (SQL, "lease_until_us <= :now_us", "lease_until_us <= :now_us + 60000000", "overdue"),
        ("rota.core.outcomes", "overdue=finished.overdue,", "overdue=False,"),
    ),
    # -- attempts
    bug(
        "a crash does not count as an attempt",
        "I13",
        (
            "rota.core.outcomes",
            "return _settlement(finished, RunState.PENDING, run_at=finished.finished_at + wait)",
            "return _settlement(finished, RunState.PENDING, run_at=finished.finished_at + wait, "
            "counted=finished.outcome is not Outcome.LOST)",
        ),
    ),
    bug(
        "what is given back counts as an attempt",
        "I13",
        ("rota.core.outcomes", "run_at=run.run_at, counted=False)", "run_at=run.run_at)"),
    ),
    bug(
        "one attempt more than the policy allows",
        "I13",
        ("rota.core.outcomes", "if run.attempt >= retry.attempts:", "if run.attempt > retry.attempts:"),
    ),
    bug(
        "at most once, but tried again after a crash",
        "I13",
        (
            "rota.core.outcomes",
            "if run.policy.on_crash is Crash.FAIL or run.attempt >= most:",
            "if run.attempt >= most:",
        ),
    ),
    bug(
        "a retry does not wait",
        "I19",
        ("rota.core.outcomes", "run_at=finished.finished_at + wait)", "run_at=finished.finished_at)"),
    ),
    bug(
        "a run whose deadline has not passed expires",
        "I12",
        (SQL, "run_at_us + deadline_us <= :now_us", "run_at_us <= :now_us", "expire"),
    ),
    bug(
        "start deadlines are ignored",
        "I14 I12",
        ("rota.runtime.rescue", "self._store.expire(self._rota, now, self._batch)", "()"),
    ),
    # -- overlap and concurrency
    bug(
        "a retry that waits is no overlap",
        "I17",
        (
            SQL,
            "state IN ('pending', 'running')",
            "(state = 'running' OR state = 'pending' AND attempt = 0)",
            "active_runs",
        ),
    ),
    bug(
        "overlap is not looked at when claiming",
        "I17",
        ("rota.core.admission", "schedules[one.serial_key] > 0", "schedules[one.serial_key] > 1"),
    ),
    bug(
        "one run more than the concurrency limit",
        "I17",
        ("rota.core.admission", "lanes[one.lane] >= one.lane_limit", "lanes[one.lane] > one.lane_limit"),
    ),
    bug(
        "what is running is not counted",
        "I17",
        (SQL, "AND state = 'running'", "AND state = 'nothing'", "load"),
    ),
    bug(
        "a backfill runs what no tick has decided yet",
        "I3 I7 I17 I24",
        ("rota.operations.requesting", "if dry_run else decided(rota, name, now)", ""),
    ),
    bug(
        "the quick plan does not look for overlap",
        "I17",
        (
            "rota.core.planning",
            "is_in_the_way = schedule.active and definition.overlap.minds_others",
            "is_in_the_way = False",
        ),
    ),
    # -- catching up
    bug(
        "catch-up newest first",
        "I6",
        (
            "rota.core.planning",
            "_overlapped(schedule, wanted[:limit], now)",
            "_overlapped(schedule, wanted[:limit][::-1], now)",
        ),
    ),
    bug(
        "the newest run starts first",
        "I6",
        (SQL, "ORDER BY c.run_at_us, c.id", "ORDER BY c.run_at_us DESC, c.id", "claim_free_choose"),
        (
            "rota.stores.sql.claims",
            "ordered = sorted(seen.values(), key=lambda row: (row[1], row[0]))",
            "ordered = sorted(seen.values(), key=lambda row: (-row[1], row[0]))",
        ),
    ),
    bug(
        "missed occurrences are recorded without their count",
        "I3",
        ("rota.core.planning", "count=span.count,", "count=1,"),
    ),
    bug(
        "missed occurrences are not recorded",
        "I3",
        (
            "rota.core.planning",
            "records = _missed(schedule, timetable, stretches, wanted_after, now)",
            "records = []",
        ),
    ),
    bug(
        "the catch-up window is ignored",
        "I6",
        (
            "rota.core.planning",
            "oldest, on_time = now - policy.window - TICK",
            "oldest, on_time = now - 30 * policy.window - TICK",
        ),
    ),
    # -- what was promised
    bug(
        "the idempotency key is ignored",
        "I16",
        (
            "rota.operations.enqueueing",
            "if options.key is not None:\n        return",
            "if False:\n        return",
        ),
    ),
    bug(
        "a cancelled run starts all the same",
        "I20 I12",
        (
            SQL,
            "state = 'cancelled', cancel_by = :by, finished_us = max(:now_us, created_us)",
            "cancel_by = :by",
            "cancel_pending",
        ),
    ),
    bug(
        "a cancelled run is tried again",
        "I20",
        (
            SQL,
            "CASE WHEN ?3 = 'pending' AND cancel_by IS NOT NULL THEN 'cancelled' ELSE ?3 END",
            "?3",
            "settle_again",
        ),
    ),
    bug(
        "changes leave no line in the audit",
        "I24",
        (
            "rota.stores.sql.sync",
            "        _apply(cursor, changes)\n        add_audit(cursor, audit)\n",
            "        _apply(cursor, changes)\n",
        ),
    ),
    bug(
        "an enqueued run does not survive",
        "I16 I24",
        (
            "rota.stores.sql.runs",
            "        new = write(database, lambda cursor: _insert(cursor, rows, audit))",
            "        new = {row[0] for row in rows}",
        ),
    ),
    # -- in time
    bug(
        "the tick sleeps past what is due",
        "I5",
        ("rota.runtime.tick", "return latest if due is None else min(due, latest)", "return latest"),
    ),
)
