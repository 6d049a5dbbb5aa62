"""The plans of the hot statements: each costs what is due, not what is stored.

On a hundred thousand runs, on a table that is mostly dead rows, and on one that nobody has analyzed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rota.stores import open_store
from rota.stores.postgres.address import FOR_PREPARED
from rota.stores.postgres.arrays import array_text
from rota.stores.postgres.cursor import PREPARED, PostgresCursor, cursor_on
from rota.stores.postgres.database import BEGIN
from rota.stores.sql.statements import load_statements
from rota.stores.sqlite.filters import asked
from rota.stores.sqlite.filters import filters as find_filters
from tests.stores.contract.build import new_run

RUNS = 100_000
NOW = 1_800_000_000_000_000
SOME_ID = "00000000-0000-8000-8000-000000000001"
KIND: dict[str, Any] = {
    "rota": "shop",
    "queue": "default",
    "queues": ["default", "mail"],
    "gated": False,
    "priority": 0,
    "tasks": ["t"],
    "from_us": 0,
    "now_us": NOW,
    "until_us": NOW,
    "node": "n",
    "limit": 500,
    "skip": 0,
}
PAGE: dict[str, Any] = {
    "task": None,
    "queue": None,
    "states": None,
    "schedule": None,
    "since_us": 0,
    "before_us": 1 << 61,
    "before_id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "limit": 50,
    "rota": "shop",
}
# Statement, its parameters, the index that must find the runs in SQLite, and those in PostgreSQL.
NAMED = [
    ("ready_levels", KIND, "rota_run_ready", "rota_pending_ready"),
    ("next_ready", KIND, "rota_run_ready", "rota_pending_ready"),
    ("claim_free", KIND, "rota_run_ready", "rota_pending_ready rota_run_pkey"),
    (
        "ready_runs",
        {**KIND, "busy_schedules": [], "busy_lanes": "{}"},
        "rota_run_ready",
        "rota_pending_ready",
    ),
    ("gated_waits", {}, "rota_run_gated", "rota_pending_gated"),
    ("load", KIND, "rota_run_running", "rota_load_pkey"),
    ("overdue", KIND, "rota_run_running", "rota_run_pkey"),
    ("claimed_by", KIND, "rota_run_running", "rota_run_pkey"),
    ("has_expired", KIND, "rota_run_deadline", "rota_pending_deadline"),
    ("expire", KIND, "rota_run_deadline", "rota_pending_deadline rota_run_pkey"),
    (
        "active_runs",
        {"ids": [SOME_ID]},
        "rota_run_active",
        "rota_pending_schedule rota_run_pkey",
    ),
    (
        "some_active_runs",
        {"ids": [SOME_ID], "most": 20},
        "rota_run_active",
        "rota_pending_schedule rota_run_pkey",
    ),
    ("runs", PAGE, "rota_run_history", "rota_run_history"),
    ("runs_of_schedule", {**PAGE, "schedule_id": SOME_ID}, "rota_run_schedule", "rota_run_schedule"),
    ("latest_runs", {"ids": [SOME_ID], "limit": 60}, "rota_run_schedule", "rota_run_schedule"),
    ("runs_in_trouble", {**PAGE, "state": "failed"}, "rota_run_trouble", "rota_run_trouble"),
    ("runs_running", PAGE, "rota_run_running", "rota_run_pkey"),
    ("last_runs", {"ids": [SOME_ID]}, "rota_run_schedule", "rota_run_schedule"),
    ("count_of_runs", {**PAGE, "task": "t"}, "rota_run_history", "rota_run_history"),
    (
        "count_of_runs_of_schedule",
        {**PAGE, "schedule_id": SOME_ID},
        "rota_run_schedule",
        "rota_run_schedule",
    ),
    ("count_of_runs_in_trouble", {**PAGE, "state": "failed"}, "rota_run_trouble", "rota_run_trouble"),
    ("count_of_runs_running", PAGE, "rota_run_running", "rota_run_pkey"),
    ("horizon", {**PAGE, "looked_at": 10_000}, "rota_run_history", "rota_run_history"),
    (
        "horizon_of_schedule",
        {**PAGE, "schedule_id": SOME_ID, "looked_at": 10_000},
        "rota_run_schedule",
        "rota_run_schedule",
    ),
    (
        "horizon_in_trouble",
        {**PAGE, "state": "failed", "looked_at": 10_000},
        "rota_run_trouble",
        "rota_run_trouble",
    ),
    (
        "run_after",
        {"schedule_id": SOME_ID, "created_us": 0, "id": SOME_ID},
        "rota_run_schedule",
        "rota_run_schedule",
    ),
    ("retries", {"ids": [SOME_ID]}, "rota_run_parent", "rota_run_parent"),
    (
        "failing_runs",
        {**PAGE, "looked_at": 1000},
        "rota_run_trouble",
        "rota_run_trouble rota_run_schedule",
    ),
    ("made_by_hour", {**PAGE, "lately_us": NOW}, "rota_run_history", "rota_run_history"),
    ("backlog", {**PAGE, "late_us": NOW}, "rota_run_ready", "rota_pending_ready"),
    (
        "old_runs",
        {**PAGE, "keep": 3, "after_us": 0, "after_id": SOME_ID, "before_us": NOW},
        "rota_run_history",
        "rota_run_history",
    ),
]
# Executed outside a transaction of ours, where nothing is said to the planner.
SINGLE = {"count_runs", *(name for name, *_ in NAMED)} - {
    "ready_runs",
    "gated_waits",
    "load",
    "expire",
    "old_runs",
    # in one that only reads, where an index is walked until there are enough
    "last_runs",
    "count_of_runs",
    "count_of_runs_of_schedule",
    "count_of_runs_in_trouble",
    "count_of_runs_running",
    "horizon",
    "horizon_of_schedule",
    "horizon_in_trouble",
    "run_after",
    "retries",
    "failing_runs",
    "made_by_hour",
}
BATCHES = ["settle_final", "settle_again", "renew", "progress", "hold_runs", "keep_attempt"]
BY_ID = ["leases", "claim_picked", "cancel_pending", "cancel_running", "purge_runs", "lock_runs"]


class Sqlite:
    """A SQLite file full of runs."""

    primary_key = "sqlite_autoindex_rota_run_1"
    whole_table = re.compile(r"SCAN (rota_run|r|c)( |$)(?!USING (COVERING )?INDEX)")

    def __init__(self, path: Path) -> None:
        with closing(open_store(f"sqlite:///{path}")) as store:
            store.migrate()
        self.statements = load_statements("rota.stores.sqlite")
        self.connection = sqlite3.connect(path)
        self.connection.execute(
            f"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {RUNS})"
            f" {_filling('sqlite')}"
        )

    def plan(self, name: str, parameters: dict[str, Any] | tuple[Any, ...]) -> str:
        statement = self.statements[name]
        if isinstance(parameters, dict):
            statement = asked(statement, parameters)
        rows = self.connection.execute(f"EXPLAIN QUERY PLAN {statement}", _json(parameters))
        return "\n".join(str(row[3]) for row in rows)


class Postgres:
    """A PostgreSQL database full of runs."""

    primary_key = "rota_run_pkey"
    whole_table = re.compile(r"Seq Scan on rota_(run|pending)|Hash Join|Merge Join")

    def __init__(self, dsn: str) -> None:
        with closing(open_store(dsn)) as store:
            store.migrate()
        self.statements = load_statements("rota.stores.postgres")
        self.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
        for table in ("rota_run", "rota_pending", "rota_load", "rota_schedule"):
            self.connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
        self._prepared: set[str] = set()

    def fill(self) -> None:
        self.connection.execute(_filling("postgres").encode())
        self.connection.execute(QUEUED.encode())

    def generic_plan(self, name: str, parameters: dict[str, Any]) -> str:
        """Return the plan of a prepared statement, as it was made at its first execution."""
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", self.statements[name])))
        if name not in self._prepared:
            self.connection.execute(f"{FOR_PREPARED}; SET plan_cache_mode = force_generic_plan")
            text = re.sub(
                r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", self.statements[name]
            )
            self.connection.execute(f"PREPARE {name} AS {text}".encode())
            self._prepared.add(name)
        values = [parameters[one] for one in names]
        values = [array_text(value) if isinstance(value, list) else value for value in values]
        call = f"EXPLAIN EXECUTE {name}({', '.join(['%s'] * len(values))})"
        rows = psycopg.ClientCursor(self.connection).execute(call.encode(), values).fetchall()
        return "\n".join(str(row[0]) for row in rows)

    def plan(self, name: str, parameters: dict[str, Any]) -> str:
        texts = {
            key: array_text(value) if isinstance(value, list) else value for key, value in parameters.items()
        }
        if name in SINGLE:
            rows = self.connection.execute(f"EXPLAIN {self.statements[name]}".encode(), texts).fetchall()
        else:
            self.connection.execute(BEGIN)
            rows = self.connection.execute(f"EXPLAIN {self.statements[name]}".encode(), texts).fetchall()
            self.connection.execute("ROLLBACK")
        return "\n".join(str(row[0]) for row in rows)


QUEUED = """
    INSERT INTO rota_pending (
        id, rota, task, queue, priority, created_us, run_at_us, serial, lane_limit, gated)
    SELECT id, rota, task, queue, priority, created_us, run_at_us, serial, lane_limit, gated FROM rota_run
     WHERE state = 'pending';
    INSERT INTO rota_load (run_id, token, rota, lane) SELECT id, token, rota, 'lane' FROM rota_run
     WHERE state = 'running';
    INSERT INTO rota_taken (rota, run_ids) SELECT rota, array_agg(id) FROM rota_run WHERE state = 'running'
     GROUP BY rota;
    UPDATE rota_run SET trouble = state WHERE state = 'failed'"""


def _filling(database: str) -> str:
    """Nine of ten runs have succeeded; of the others some are running, some failed, most are pending."""
    on_sqlite = database == "sqlite"
    false, source = ("0", "n") if on_sqlite else ("false", f"generate_series(1, {RUNS}) AS n")
    run_id = (
        "printf('00000000-0000-8000-8000-%012x', n)"
        if on_sqlite
        else "('00000000-0000-8000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
    )
    state = """CASE WHEN n % 1000 = 1 THEN 'running' WHEN n % 1000 = 2 THEN 'failed'
                    WHEN n % 10 = 0 THEN 'pending' ELSE 'succeeded' END"""
    return f"""
        INSERT INTO rota_run (
            id, rota, task, state, origin, args, policy, queue, priority, created_us, run_at_us, count,
            is_catch_up, serial, lane_limit, gated, token, attempt, lease_until_us, started_us, finished_us)
        SELECT {run_id}, 'shop', 't', {state}, 'enqueue', '{{}}', '{{}}', 'default', 0,
               {NOW} - n, {NOW} + 1000 * (n - 50000), 1, {false}, {false}, 1, {false}, 1, 1,
               CASE WHEN n % 1000 = 1 THEN {NOW} END,
               CASE WHEN n % 10 <> 0 THEN {NOW} - n END,
               CASE WHEN n % 10 <> 0 AND n % 1000 <> 1 THEN {NOW} END
          FROM {source}"""


def _json(parameters: dict[str, Any] | tuple[Any, ...]) -> Any:
    if isinstance(parameters, tuple):
        return parameters
    return {
        key: str(value).replace("'", '"') if isinstance(value, list) else value
        for key, value in parameters.items()
    }


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqlite]:
    database = Sqlite(tmp_path_factory.mktemp("plans") / "rota.db")
    yield database
    database.connection.close()


@pytest.mark.parametrize(("name", "parameters", "index", "_"), NAMED, ids=[name for name, *_ in NAMED])
def test_sqlite_finds_runs_by_the_index_meant_for_it(sqlite, name, parameters, index, _):
    chooses = f"{name}_choose"  # where a batch is chosen by a statement of its own
    plan = sqlite.plan(chooses if chooses in sqlite.statements else name, parameters)
    assert index in plan
    assert not sqlite.whole_table.search(plan), plan


@pytest.mark.parametrize("name", BATCHES)
def test_sqlite_settles_by_the_primary_key(sqlite, name):
    columns = max(map(int, re.findall(r"\?(\d+)", sqlite.statements[name])))
    assert sqlite.primary_key in sqlite.plan(name, (SOME_ID, 1, *[None] * (columns - 2)))


def test_sqlite_settles_a_batch_that_ended_alike_by_the_primary_key(sqlite):
    same = dict.fromkeys(["state", "outcome", "result", "failure", "reason"])
    plan = sqlite.plan("settle_alike", {**same, "packed": f'["{SOME_ID}{NOW:020d}{NOW:020d}1"]'})
    assert sqlite.primary_key in plan
    assert not sqlite.whole_table.search(plan), plan


@pytest.mark.parametrize("name", BY_ID)
def test_sqlite_finds_named_runs_by_the_primary_key(sqlite, name):
    assert sqlite.primary_key in sqlite.plan(name, {**KIND, "ids": [SOME_ID], "by": "me"})


def test_sqlite_looks_only_at_schedules_that_are_due(sqlite):
    assert "rota_schedule_due" in sqlite.plan("due", KIND)
    assert "rota_schedule_due" in sqlite.plan("next_due", KIND)


@pytest.mark.parametrize("statement", ["schedules", "schedules_backwards"])
@pytest.mark.parametrize("filters", [{}, {"after": "b"}, {"names": ["a", "b"]}, {"task": "t", "state": "on"}])
def test_sqlite_walks_schedules_by_name_until_there_are_enough(sqlite, statement, filters):
    unasked = dict.fromkeys(find_filters(sqlite.statements[statement]))
    plan = sqlite.plan(statement, {**unasked, "rota": "shop", "limit": 9, **filters})
    assert "SEARCH s USING INDEX rota_schedule_name (rota=?" in plan
    assert "TEMP B-TREE" not in plan


@pytest.fixture(params=["analyzed", "never analyzed", "bloated"])
def postgres(request, postgres_dsn) -> Iterator[Postgres]:
    database = Postgres(postgres_dsn)
    database.fill()
    if request.param == "bloated":
        for table in ("rota_run", "rota_pending"):
            column = "note" if table == "rota_run" else "lane"
            database.connection.execute(f"UPDATE {table} SET {column} = 'a'".encode())
            database.connection.execute(f"UPDATE {table} SET {column} = 'b'".encode())
            database.connection.execute(f"ANALYZE {table}".encode())
        database.connection.execute("DELETE FROM rota_run WHERE state = 'succeeded'")
        database.connection.execute("DELETE FROM rota_pending WHERE run_at_us % 20000 <> 0")
    if request.param == "analyzed":
        database.connection.execute("VACUUM ANALYZE")
    yield database
    database.connection.close()


def test_postgres_finds_runs_by_the_index_meant_for_it(postgres):
    for name, parameters, _, indexes in NAMED:
        plan = postgres.plan(name, parameters)
        for index in indexes.split():
            assert index in plan, f"{name}:\n{plan}"
        assert not postgres.whole_table.search(plan), f"{name}:\n{plan}"


def held_to_the_index(database: Postgres) -> None:
    for name, parameters, _, indexes in [*NAMED, ("next_due", KIND, "", "rota_schedule_due")]:
        if name in PREPARED:
            plan = database.generic_plan(name, parameters)
            for index in indexes.split():
                assert index in plan, f"{name}:\n{plan}"
            assert not database.whole_table.search(plan), f"{name}:\n{plan}"
    assert "hashed SubPlan" in database.generic_plan("claim_free", KIND)


def test_postgres_prepared_statements_have_generic_plans_by_the_index(postgres):
    held_to_the_index(postgres)


def test_postgres_prepared_statements_keep_to_the_index_when_they_were_planned_for_empty_tables(postgres_dsn):
    database = Postgres(postgres_dsn)
    held_to_the_index(database)
    database.fill()
    held_to_the_index(database)
    database.connection.close()


def settled_by_primary_key(database: Postgres) -> None:
    ids = [f"00000000-0000-8000-8000-{number:012x}" for number in range(500)]
    for name in BATCHES:
        columns = max(map(int, re.findall(r"%\(c(\d+)\)s", database.statements[name])))
        batch = {
            "c1": ids,
            "c2": [1] * 500,
            **{f"c{number}": [None] * 500 for number in range(3, columns + 1)},
        }
        plan = database.plan(name, batch)
        assert database.primary_key in plan, f"{name}:\n{plan}"
        assert re.search(r"Index Cond: \((r\.)?id = v(_1)?\.id\)", plan), f"{name}:\n{plan}"
        assert not database.whole_table.search(plan), f"{name}:\n{plan}"
        assert "Join Filter" not in plan, f"{name}:\n{plan}"  # each row compared with each of the batch


def test_postgres_settles_by_the_primary_key(postgres):
    settled_by_primary_key(postgres)


def test_postgres_settles_by_the_primary_key_when_nothing_was_running_at_the_last_analysis(postgres_dsn):
    """It believes then that none of a hundred thousand runs is running, and would begin by looking for it."""
    database = Postgres(postgres_dsn)
    database.fill()
    database.connection.execute(
        "UPDATE rota_run SET state = 'pending', started_us = NULL, finished_us = NULL"
    )
    database.connection.execute("DELETE FROM rota_load")
    database.connection.execute("VACUUM ANALYZE")
    settled_by_primary_key(database)
    database.connection.close()


def test_postgres_finds_named_runs_by_the_primary_key(postgres):
    for name in BY_ID:
        plan = postgres.plan(name, {**KIND, "ids": [SOME_ID] * 500, "by": "me"})
        assert postgres.primary_key in plan, f"{name}:\n{plan}"
        assert "Seq Scan on rota_run" not in plan, f"{name}:\n{plan}"


def test_sqlite_counts_runs_without_reading_them(sqlite):
    plan = sqlite.plan("count_runs", KIND)
    assert "rota_tally" in plan
    assert not re.search(r"SCAN rota_run(?! USING)", plan), plan


def test_postgres_counts_runs_without_reading_them(postgres):
    plan = postgres.plan("count_runs", KIND)
    assert "rota_tally" in plan
    assert "Seq Scan on rota_run" not in plan, plan


def test_postgres_claims_what_it_has_picked_without_comparing_each_with_each(postgres):
    for name in ("claim_free", "claim_picked", "expire"):
        plan = postgres.plan(name, {**KIND, "ids": [SOME_ID] * 500})
        assert "hashed SubPlan" in plan, f"{name}:\n{plan}"


def test_postgres_claims_and_settles_without_a_write_to_an_index_of_runs(postgres_dsn):
    """HOT updates, also of runs that lie side by side: each new version is on the page of the old one."""
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        store.enqueue([new_run(number) for number in range(1, 2001)])
    statements = load_statements("rota.stores.postgres")
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        cursor = PostgresCursor(cursor_on(connection), statements)
        kind = {**KIND, "tasks": ["tidy"], "limit": 1000, "node": "host.example.org-12345-abcdef"}
        for _ in range(2):
            with hot_updates(connection, 1000):
                claimed = cursor.rows("claim_free", **kind)
            with hot_updates(connection, 1000):
                assert cursor.batch("settle_final", [settled(row) for row in claimed]) == 1000


@contextmanager
def hot_updates(connection: psycopg.Connection[Any], count: int) -> Iterator[None]:
    """Expect so many updates of runs, and none that touches an index."""
    query = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'rota_run'"
    with connection.transaction():
        ((before, hot_before),) = connection.execute(query).fetchall()
        yield
        ((after, hot_after),) = connection.execute(query).fetchall()
        assert (after - before, hot_after - hot_before) == (count, count)


def settled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the row of `settle_final` for a claimed run that succeeds."""
    return (*row[:2], "succeeded", "succeeded", NOW, NOW, None, None, None)
