"""PostgreSQL: each connection counts by itself, and what they have counted does not pile up."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import psycopg

from rota.core.records import RunState
from rota.stores import open_store
from rota.stores.sql.statements import load_statements
from tests.stores.contract.build import DAY, HOUR, NOW, ROTA, new_run

HOURS = 5


def ended(number, at):
    return new_run(number, state=RunState.MISSED, created_at=at)


def connections(dsn, count):
    """Let so many connections count one run in each of five hours."""
    for place in range(count):
        with closing(open_store(dsn)) as store:
            store.migrate()
            store.enqueue([ended(10 * place + hour, NOW - hour * HOUR) for hour in range(HOURS)])


def rows(dsn):
    with psycopg.connect(dsn) as connection:
        found = "SELECT count, count(*) FROM rota_tally GROUP BY 1 ORDER BY 1"
        return connection.execute(found).fetchall()


def test_a_purge_folds_the_shards_of_hours_that_are_over(postgres_dsn):
    connections(postgres_dsn, 4)
    assert rows(postgres_dsn) == [(1, 4 * HOURS)]
    with closing(open_store(postgres_dsn)) as store:
        before = store.counts(ROTA, NOW)
        assert store.purge(ROTA, NOW - DAY, 0, 100) == 0
        assert rows(postgres_dsn) == [(1, 4 * 2), (4, 3)]
        assert store.counts(ROTA, NOW) == before
        assert store.ended(ROTA, NOW - DAY) == {hour: {RunState.MISSED: 4} for hour in hours(NOW)}


def hours(now):
    this = now.replace(minute=0, second=0, microsecond=0)
    return [this - HOUR * back for back in range(HOURS)]


def test_what_ends_late_is_folded_with_the_rest_and_purged_from_it(postgres_dsn):
    connections(postgres_dsn, 3)
    with closing(open_store(postgres_dsn)) as store:
        store.purge(ROTA, NOW - DAY, 0, 100)
        store.enqueue([ended(99, NOW - 4 * HOUR)])
        store.purge(ROTA, NOW - DAY, 0, 100)
        assert rows(postgres_dsn) == [(1, 3 * 2), (3, 2), (4, 1)]
        assert store.purge(ROTA, NOW - 4 * HOUR + timedelta(seconds=1), 0, 100) == 4
        assert rows(postgres_dsn) == [(1, 3 * 2), (3, 2)]


def test_a_purge_waits_for_one_that_folds(postgres_dsn):
    connections(postgres_dsn, 4)
    statements = load_statements("rota.stores.postgres")
    with closing(open_store(postgres_dsn)) as store, psycopg.connect(postgres_dsn) as other:
        for name in ("hold_tally", "fold_tally"):
            other.execute(statements[name].encode(), {"rota": ROTA})
        with ThreadPoolExecutor(1) as thread:
            purged = thread.submit(store.purge, ROTA, NOW - 3 * HOUR + timedelta(seconds=1), 0, 100)
            until_somebody_waits(postgres_dsn)
            other.commit()
            assert purged.result() == 8
        assert store.counts(ROTA, NOW).runs == {"missed": 4 * HOURS - 8}


def until_somebody_waits(dsn):
    mine = "datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not connection.execute(f"SELECT 1 FROM pg_stat_activity WHERE {mine}".encode()).fetchall():
            pass
