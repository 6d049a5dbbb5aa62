"""Behind PgBouncer in transaction mode nothing may outlive a transaction."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from rota import Rota
from rota.stores import open_store
from rota.stores.postgres.cursor import PREPARED
from tests.services.pgbouncer import PgBouncer
from tests.stores.contract.build import new_run

RUNS = 300
PREPARED_NOW = "SELECT statement FROM pg_prepared_statements"
SETTINGS = """SELECT name FROM pg_settings
 WHERE name IN ('plan_cache_mode', 'enable_seqscan', 'jit') AND source = 'session'"""


@pytest.fixture(scope="module")
def bouncer(_postgres_cluster) -> Iterator[PgBouncer]:
    with PgBouncer(_postgres_cluster) as started:
        yield started


@pytest.fixture
def pooled_dsn(bouncer, postgres_dsn) -> str:
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
    return bouncer.through(postgres_dsn)


def connection_of(store):
    return store._database._pool.connection()


def test_directly_what_one_run_waits_for_is_prepared(postgres_dsn):
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        for _ in range(3):
            assert store.next_due("shop") is None
        with connection_of(store) as connection:
            ((statement,),) = connection.execute(PREPARED_NOW).fetchall()
            assert "min(next_due_us)" in statement
            settings = {name for (name,) in connection.execute(SETTINGS)}
            assert settings == {"enable_seqscan", "jit"}  # and no way to plan for what is not prepared
    assert "next_due" in PREPARED


def test_on_the_callers_connection_nothing_is_prepared(postgres_dsn):
    with closing(open_store(postgres_dsn)) as store, psycopg.connect(postgres_dsn) as connection:
        store.migrate()
        for number in range(1, 4):
            store.enqueue([new_run(number)], connection=connection)
        assert connection.execute(PREPARED_NOW).fetchall() == []


def test_behind_a_pooler_nothing_is_prepared_and_nothing_is_set(pooled_dsn):
    with closing(open_store(pooled_dsn)) as store:
        for _ in range(10):
            assert store.next_due("shop") is None
        with connection_of(store) as connection:
            assert connection.execute(PREPARED_NOW).fetchall() == []
            assert connection.execute(SETTINGS).fetchall() == []


def test_a_node_behind_a_pooler_runs_all_that_is_enqueued(pooled_dsn, caplog):
    rota, ended, all_ended = (
        Rota("shop", housekeeping=False, store=pooled_dsn, tick_interval=timedelta(seconds=0.2)),
        [],
        threading.Event(),
    )

    @rota.task(concurrency=("one", 2))
    def pay(number: int) -> None:
        ended.append(number)
        if len(ended) == RUNS:
            all_ended.set()

    with closing(rota), caplog.at_level(logging.WARNING, "rota.stores"):
        node = rota.node()
        node.start()
        for number in range(20):
            pay.enqueue(number=number)
        pay.enqueue_many({"number": number} for number in range(20, RUNS))
        assert all_ended.wait(60)
        node.stop()
        assert sorted(ended) == list(range(RUNS))
        with psycopg.connect(pooled_dsn, prepare_threshold=None) as connection:
            states = connection.execute("SELECT state, count(*) FROM rota_run GROUP BY 1").fetchall()
        assert states == [("succeeded", RUNS)]
