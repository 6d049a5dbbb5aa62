"""A long past for a store, made by its own server: the schedules of a large application and millions of runs.

It is the same each time, but for the instant at which it ends.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import psycopg

from bench.arena import Place
from rota import Rota
from rota.core.ids import to_us
from rota.core.records import AuditLine, Failure, NewRun, Node, ScheduleQuery
from rota.operations import authoring, changing
from rota.operations.actor import Actor, Role
from rota.operations.lookups import every_schedule
from rota.stores.sql import rows

NAME = "bench"
ROOT = Path(__file__).parent.parent
SPAN = timedelta(days=60)
TASKS, QUEUES, TEAMS, ERRORS = 40, ("default", "mail", "reports", "sync", "slow"), 25, 30
PENDING, RUNNING = 60_000, 40  # in the full form, of 5,000,000
FULL = 5_000_000
CHUNK = 250_000
ANN = Actor("ann", Role.ADMIN, "bench")
TIMETABLES = ("every 5m", "every 15m", "every 1h", "daily 02:00", "daily 06:30", "0 4 * * mon", "0 */4 * * *")
TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/.venv/lib/python3.11/site-packages/rota/runners/local/threads.py", line 88, in _body
    result = body(**args)
  File "/srv/app/shop/tasks/part_{number}.py", line 41, in task_{number}
    return step(batch, limit=limit)
  File "/srv/app/shop/tasks/part_{number}.py", line 97, in step_{number}
    raise {kind}(f"batch {{batch}} was refused")
{kind}: batch 1207 was refused
"""


def application(url: str, schedules: int, **settings: Any) -> Rota:
    """Return an application that declares most of its schedules in code; some are made by users later."""
    rota = Rota(NAME, store=url, housekeeping=False, lease="1d", **settings)

    def body(limit: int = 100, dry_run: bool = False) -> None:
        """Do some of the work that has piled up."""

    for number in range(TASKS):
        rota.task(
            name=f"shop.task_{number:02}", queue=QUEUES[number % len(QUEUES)], tags=[f"team-{number % TEAMS}"]
        )(body)
    for number in range(schedules * 19 // 20):
        rota.schedule(f"shop.task_{number % TASKS:02}", timetable_of(number), name=name_of(number))
    return rota


def variables(place: Place, schedules: int) -> dict[str, str]:
    """Return what a process needs that serves this application."""
    path = os.pathsep.join([str(ROOT), place.variables["PYTHONPATH"]])
    return {**place.variables, "PYTHONPATH": path, "BENCH_SCHEDULES": str(schedules)}


def timetable_of(number: int) -> str:
    return TIMETABLES[number % len(TIMETABLES)]


def name_of(number: int) -> str:
    return f"team-{number % TEAMS:02}/duty-{number:05}"


def fill(rota: Rota, schedules: int, runs: int, say: Callable[[str], None]) -> None:
    """Put `rota` in force, and give it a past of so many runs."""
    rota.store.migrate()
    rota.sync()
    for number in range(schedules * 19 // 20, schedules):
        task = f"shop.task_{number % TASKS:02}"
        authoring.create_schedule(rota, name_of(number), task, timetable_of(number), ANN)
    now = rota.store.clock()
    with _connection(rota) as (execute, dialect):
        _side_tables(rota, execute, dialect)
        share = max(runs * PENDING // FULL, 100)
        began = to_us(now - SPAN)
        for start in range(0, runs, CHUNK):
            end = min(start + CHUNK, runs)
            execute(_past(dialect, began, to_us(now), start, end, runs))
            say(f"  {end:,} runs made")
        execute(_pending(dialect, to_us(now), share))
        execute(_running(dialect, to_us(now)))
        execute(_retries(dialect, to_us(now)))
        for statement in _rest(dialect):
            execute(statement)
    _operators(rota, schedules, now)
    _nodes(rota, now)


def settle_down(rota: Rota) -> None:
    """Let the database know its tables, as a system that has been up for long does; end with a purge, as it
    has one each night."""
    rota.store.purge(rota.name, datetime.now(UTC) - timedelta(days=3650), 0, 1000)
    with _connection(rota) as (execute, dialect):
        execute("VACUUM ANALYZE" if dialect == "postgres" else "ANALYZE")
        execute("CHECKPOINT" if dialect == "postgres" else "PRAGMA wal_checkpoint(TRUNCATE)")


# -- what people did
def _operators(rota: Rota, schedules: int, now: datetime) -> None:
    """Pause, override, quarantine some, and leave a long audit."""
    names = [name_of(number) for number in range(schedules)]
    changing.pause(rota, names[7::50][:200], ANN, reason="until the migration is through")
    for name in names[11 : schedules * 19 // 20 : 40][:200]:  # those that the code declares
        changing.override_fields(rota, name, {"priority": 3}, ANN, reason="it was starved")
    lines = [
        AuditLine(
            at=now - timedelta(minutes=number),
            rota=NAME,
            actor=f"user-{number % 17}",
            via="ui 192.0.2.7",
            action=("pause", "resume", "trigger", "override")[number % 4],
            subject=names[number * 7 % len(names)],
            reason="as agreed",
            before={"priority": number % 5},
            after={"priority": number % 7},
        )
        for number in range(min(schedules * 2, 20_000))
    ]
    rota.store.amend([], lines)


def _nodes(rota: Rota, now: datetime) -> None:
    generation = rota.store.generation(NAME)
    assert generation is not None
    node = Node(
        id="", rota=NAME, host="one.example", pid=1, version="1", roles=("scheduler", "worker"),
        queues=QUEUES[:-1], slots=20, running=RUNNING // 4, generation=generation.number,
        fingerprint=generation.fingerprint, started_at=now, seen_at=now,
    )  # fmt: skip
    for number in range(4):
        rota.store.join(replace(node, id=f"node-{number}"))


# -- the past
@contextmanager
def _connection(rota: Rota) -> Iterator[tuple[Callable[..., Any], str]]:
    """Yield what executes a statement, and the kind of the database."""
    address = rota.settings.store
    if address.startswith("sqlite"):
        connection: Any = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        connection.create_function("md5", 1, lambda value: md5(str(value).encode()).hexdigest())
        connection.create_function("to_hex", 1, lambda value: f"{value:x}")
        connection.create_function("lpad", 3, lambda text, width, fill: text.rjust(width, fill))
    else:
        connection = psycopg.connect(address, autocommit=True)
    try:
        if address.startswith("sqlite"):
            yield connection.execute, "sqlite"
        else:
            yield lambda statement, *rest: connection.execute(statement.encode(), *rest), "postgres"
    finally:
        connection.close()


def _side_tables(rota: Rota, execute: Callable[..., Any], dialect: str) -> None:
    """Make tables of what the statements of the past choose from."""
    found = [
        (number, one.id, one.name, one.effective.task, one.effective.queue)
        for number, one in enumerate(every_schedule(rota, ScheduleQuery()))
    ]
    uuid = "uuid" if dialect == "postgres" else "text"
    execute(
        f"CREATE TEMP TABLE duty (number integer PRIMARY KEY, id {uuid}, name text, task text, queue text)"
    )
    execute("CREATE TEMP TABLE fault (number integer PRIMARY KEY, failure text)")
    mark = "%s" if dialect == "postgres" else "?"
    for row in found:
        execute(f"INSERT INTO duty VALUES ({', '.join([mark] * 5)})", row)
    for number in range(ERRORS):
        kind = ("shop.errors.Refused", "builtins.ValueError", "builtins.TimeoutError")[number % 3]
        failure = Failure(
            kind=kind,
            message=f"batch {number} was refused by the other side",
            traceback=TRACEBACK.format(number=number, kind=kind),
            names=(kind, "builtins.Exception"),
        )
        execute(f"INSERT INTO fault VALUES ({mark}, {mark})", (number, rows.failure_text(failure)))
    if dialect == "postgres":
        execute("ANALYZE duty")
        execute("ANALYZE fault")


COLUMNS = """id, rota, task, state, origin, args, policy, queue, priority, created_us, run_at_us, schedule_id,
    schedule, planned_us, count, reason, is_catch_up, serial, lane_limit, gated, parent, attempt, token, node,
    started_us, finished_us, outcome, result, failure"""


def _uuid(dialect: str, created: str, number: str) -> str:
    """Return the id of a run: the time, then what tells it from others."""
    text = (
        f"(substr(lpad(to_hex({created} / 1000), 12, '0'), 1, 8) || '-'"
        f" || substr(lpad(to_hex({created} / 1000), 12, '0'), 9, 4) || '-8' || substr(md5({number}), 1, 3)"
        f" || '-8' || substr(md5({number}), 4, 3) || '-' || substr(md5({number}), 7, 12))"
    )
    return f"{text}::uuid" if dialect == "postgres" else text


def _numbers(dialect: str, start: int, end: int) -> str:
    if dialect == "postgres":
        return f"(SELECT n::bigint AS n FROM generate_series({start}, {end - 1}) AS g (n))"
    return (
        f"(WITH RECURSIVE g (n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM g WHERE n < {end - 1})"
        " SELECT n FROM g)"
    )


def _text(dialect: str, expression: str) -> str:
    return f"({expression})::text" if dialect == "postgres" else f"CAST({expression} AS text)"


def _insert(dialect: str, select: str) -> str:
    trouble = (
        ("trouble, ", "CASE WHEN v.state NOT IN ('pending', 'running', 'succeeded') THEN v.state END, ")
        if dialect == "postgres"
        else ("", "")
    )
    return f"INSERT INTO rota_run ({trouble[0]}{COLUMNS}) SELECT {trouble[1]}v.* FROM ({select}) v"


def _policy() -> tuple[str, str]:
    """Return arguments and policy as the store writes them."""
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    row = rows.new_run_row(
        NewRun(id="", rota=NAME, task="t", created_at=now, run_at=now, args={"limit": 500, "dry_run": False})
    )
    return str(row[5]), str(row[6])


def _past(dialect: str, began: int, now: int, start: int, end: int, runs: int) -> str:
    """Runs that ended, spread evenly; seven of ten by a schedule. One of 64 did not succeed."""
    args, policy = _policy()
    step = (now - began) / (runs + 1)
    return _insert(
        dialect,
        f"""
        SELECT {_uuid(dialect, "m.created_us", _text(dialect, "m.n"))} AS id, '{NAME}', d.task, m.state,
               CASE WHEN m.is_planned THEN 'occurrence' ELSE 'enqueue' END, '{args}', '{policy}', d.queue, 0,
               m.created_us, m.created_us, CASE WHEN m.is_planned THEN d.id END,
               CASE WHEN m.is_planned THEN d.name END, CASE WHEN m.is_planned THEN m.created_us END,
               CASE WHEN m.state = 'missed' THEN 4 ELSE 1 END,
               CASE m.state WHEN 'missed' THEN 'no scheduler ran' WHEN 'skipped' THEN 'overlap'
                            WHEN 'expired' THEN 'its start deadline passed' END,
               false, false, 1, false, {"NULL::uuid" if dialect == "postgres" else "NULL"},
               CASE WHEN m.ran THEN 1 ELSE 0 END, CASE WHEN m.ran THEN 1 ELSE 0 END,
               CASE WHEN m.ran THEN 'node-' || {_text(dialect, "m.n % 4")} END,
               CASE WHEN m.ran THEN m.created_us + 20000 END,
               CASE WHEN m.ran THEN m.created_us + 20000 + m.luck * 40000 ELSE m.created_us END,
               CASE WHEN m.ran THEN m.state END, CASE WHEN m.state = 'succeeded' THEN '{{"rows":12}}' END,
               CASE WHEN m.state = 'failed' THEN f.failure END
          FROM (SELECT k.n, k.created_us, k.luck, k.state,
                       k.state IN ('succeeded', 'failed', 'cancelled') AS ran,
                       k.n * 40503 % 65536 < 45875 AS is_planned
                  FROM (SELECT n, luck, {began} + CAST(n * {step} AS bigint) AS created_us,
                               CASE WHEN luck > 15 THEN 'succeeded' WHEN luck > 5 THEN 'failed'
                                    WHEN luck = 1 THEN 'missed' WHEN luck < 4 THEN 'skipped'
                                    WHEN luck = 4 THEN 'expired' ELSE 'cancelled' END AS state
                          FROM (SELECT n, n * 2654435761 % 4294967296 / 4194304 AS luck
                                  FROM {_numbers(dialect, start, end)} g) l) k) m
          JOIN duty d ON d.number = m.n * 7919 % (SELECT count(*) FROM duty)
          JOIN fault f ON f.number = m.n % {ERRORS}""",
    )


def _pending(dialect: str, now: int, count: int) -> str:
    """Runs that wait, made in the last two hours; every second one is for later."""
    args, policy = _policy()
    created = f"({now} - 7200000000 + g.n * {7_200_000_000 // count})"
    return _insert(
        dialect,
        f"""
        SELECT {_uuid(dialect, created, f"'p' || {_text(dialect, 'g.n')}")} AS id, '{NAME}', d.task,
               'pending' AS state, CASE WHEN g.n % 10 = 0 THEN 'occurrence' ELSE 'enqueue' END, '{args}',
               '{policy}', d.queue, 0, {created},
               CASE WHEN g.n % 2 = 0 THEN {created} ELSE {now} + g.n * 100000 END,
               CASE WHEN g.n % 10 = 0 THEN d.id END, CASE WHEN g.n % 10 = 0 THEN d.name END,
               CASE WHEN g.n % 10 = 0 THEN {created} END, 1, {_null(dialect, "text")}, false, false, 1, false,
               {_null(dialect, "uuid")}, 0, 0, {_null(dialect, "text")}, {_null(dialect, "bigint")},
               {_null(dialect, "bigint")}, {_null(dialect, "text")}, {_null(dialect, "text")},
               {_null(dialect, "text")}
          FROM {_numbers(dialect, 0, count)} g
          JOIN duty d ON d.number = g.n * 7 % (SELECT count(*) FROM duty)""",
    )


def _running(dialect: str, now: int) -> str:
    """Runs that a node is busy with."""
    args, policy = _policy()
    created = f"({now} - 60000000 - g.n * 1000000)"
    return _insert(
        dialect,
        f"""
        SELECT {_uuid(dialect, created, f"'r' || {_text(dialect, 'g.n')}")} AS id, '{NAME}', d.task,
               'running' AS state, 'occurrence', '{args}', '{policy}', d.queue, 0, {created}, {created}, d.id,
               d.name, {created}, 1, {_null(dialect, "text")}, false, false, 1, false,
               {_null(dialect, "uuid")}, 1, 1, 'node-' || {_text(dialect, "g.n % 4")}, {created} + 20000,
               {_null(dialect, "bigint")}, {_null(dialect, "text")}, {_null(dialect, "text")},
               {_null(dialect, "text")}
          FROM {_numbers(dialect, 0, RUNNING)} g
          JOIN duty d ON d.number = g.n * 13 % (SELECT count(*) FROM duty)""",
    )


def _retries(dialect: str, now: int) -> str:
    """Of the failed runs of the last days, one of eight was retried by hand."""
    again = "(r.created_us + 600000000)"
    return _insert(
        dialect,
        f"""
        SELECT {_uuid(dialect, again, _text(dialect, "r.id"))} AS id, r.rota, r.task, 'succeeded' AS state,
               'retry', r.args, r.policy, r.queue, 0, {again}, {again}, r.schedule_id, r.schedule,
               {_null(dialect, "bigint")}, 1, {_null(dialect, "text")}, false, false, 1, false, r.id, 1, 1,
               r.node, {again} + 20000, {again} + 900000, 'succeeded', 'null', {_null(dialect, "text")}
          FROM rota_run r
         WHERE r.state = 'failed' AND r.created_us BETWEEN {now} - 604800000000 AND {now} - 700000000
           AND r.created_us % 8 = 0""",
    )


def _null(dialect: str, kind: str) -> str:
    return f"NULL::{kind}" if dialect == "postgres" else "NULL"


def _rest(dialect: str) -> Iterator[str]:
    """Yield what goes with the runs: attempts, logs, errors, the tally, what PostgreSQL keeps beside."""
    ended = "state NOT IN ('pending', 'running')"
    yield """INSERT INTO rota_attempt (run_id, number, node, started_us, finished_us, outcome, failure)
             SELECT id, 0, node, started_us - 60000000, started_us - 50000000, 'failed', failure FROM rota_run
              WHERE state = 'failed'"""
    yield f"""INSERT INTO rota_log (run_id, attempt, size, text)
              SELECT id, 1, 40, 'looked at ' || {_text(dialect, "created_us % 1000")} || ' rows'
                FROM rota_run WHERE state = 'failed' OR created_us % 64 = 0"""
    yield """INSERT INTO rota_error (schedule_id, run_id, at_us, failure)
             SELECT schedule_id, id, finished_us, failure FROM (
                    SELECT schedule_id, id, finished_us, failure,
                           row_number() OVER (PARTITION BY schedule_id ORDER BY created_us DESC) AS place
                      FROM rota_run WHERE state = 'failed' AND schedule_id IS NOT NULL) e
              WHERE place <= 5"""
    yield """INSERT INTO rota_success (schedule_id, planned_us)
             SELECT schedule_id, max(planned_us) FROM rota_run
              WHERE state = 'succeeded' AND planned_us IS NOT NULL GROUP BY schedule_id"""
    if dialect == "sqlite":
        return  # its triggers have kept the tally
    yield f"""INSERT INTO rota_tally (rota, hour_us, state, shard, count)
              SELECT rota, finished_us - mod(finished_us, 3600000000), state, mod(created_us, 8), count(*)
                FROM rota_run WHERE {ended} GROUP BY 1, 2, 3, 4"""
    columns = """id, rota, task, queue, priority, created_us, run_at_us, deadline_us, schedule_id, serial,
                 lane, lane_limit, gated"""
    yield f"INSERT INTO rota_pending ({columns}) SELECT {columns} FROM rota_run WHERE state = 'pending'"
    yield """INSERT INTO rota_load (run_id, token, rota, schedule_id)
             SELECT id, token, rota, schedule_id FROM rota_run WHERE state = 'running'"""
    yield """INSERT INTO rota_taken (rota, run_ids)
             SELECT rota, array_agg(id) FROM rota_run WHERE state = 'running' GROUP BY rota"""
