"""Stores to test, each over a real database of its own."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rota.ports import Store
from rota.stores import open_store

if TYPE_CHECKING:
    from tests.services.postgres import PostgresServer


DISAGREEING = """
    SELECT coalesce(r.id, p.id), 'pending' FROM (SELECT * FROM rota_run WHERE state = 'pending') r
      FULL JOIN rota_pending p ON (p.id, p.rota, p.queue, p.gated, p.priority, p.run_at_us, p.task)
                                = (r.id, r.rota, r.queue, r.gated, r.priority, r.run_at_us, r.task)
                               AND p.created_us = r.created_us
     WHERE r.id IS NULL OR p.id IS NULL
    UNION ALL
    SELECT coalesce(r.id, l.run_id), 'waited for'
      FROM (SELECT * FROM rota_run
             WHERE state = 'running' AND (schedule_id IS NOT NULL OR lane IS NOT NULL)) r
      FULL JOIN rota_load l ON l.run_id = r.id AND l.token = r.token AND l.rota = r.rota
     WHERE r.id IS NULL OR l.run_id IS NULL
    UNION ALL
    SELECT id, 'running' FROM rota_run
     WHERE state = 'running' AND id NOT IN (SELECT unnest(run_ids) FROM rota_taken)
    UNION ALL
    SELECT NULL, 'counted' FROM (
           SELECT rota, hour_us, state, sum(count) AS count FROM rota_tally GROUP BY 1, 2, 3) t
      FULL JOIN (
           SELECT rota, finished_us - finished_us % 3600000000 AS hour_us, state, count(*) AS count
             FROM rota_run WHERE state NOT IN ('pending', 'running') GROUP BY 1, 2, 3) r
           USING (rota, hour_us, state, count)
     WHERE t.count IS NULL OR r.count IS NULL
    UNION ALL
    SELECT id, 'paused' FROM rota_schedule WHERE (pause IS NULL) <> (pause_start_us IS NULL)
    UNION ALL
    SELECT id, 'in trouble' FROM rota_run
     WHERE trouble IS DISTINCT FROM
           CASE WHEN state NOT IN ('pending', 'running', 'succeeded') THEN state END
"""


@pytest.fixture(params=["sqlite", "memory", "postgres", "django-sqlite", "django-postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database. `shared` in `build.py` leaves out the one that two store objects can not share."""
    return str(request.param)


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made: there is no schema yet."""
    if kind == "memory":
        return "sqlite:///:memory:"
    if kind.endswith("sqlite"):
        return f"sqlite:///{tmp_path / 'rota.db'}"
    return str(request.getfixturevalue("postgres_dsn"))


@pytest.fixture
def store_url(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a store is. On PostgreSQL its schema is copied from one that was made before."""
    if not kind.endswith("postgres"):
        yield request.getfixturevalue("empty_url")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(server.create_template("rota", _migrate))
    yield url
    disagreeing = _disagreeing(url)
    server.drop_database(url)
    assert not disagreeing


def _disagreeing(url: str) -> list[Any]:
    """Return the runs that a table beside them puts into another state than they are in."""
    import psycopg

    with psycopg.connect(url) as connection:
        return connection.execute(DISAGREEING).fetchall()


def _migrate(url: str) -> None:
    with closing(open_store(url)) as store:
        store.migrate()


@pytest.fixture
def another(kind: str, store_url: str) -> Iterator[Callable[[], Store]]:
    """Open one more store object over the same database, as another node would. Memory has only one."""
    with ExitStack() as opened:
        if kind.startswith("django-"):
            yield _through_django(kind, store_url, opened)
            return
        one = open_store(store_url)
        opened.callback(one.close)

        def open_another() -> Store:
            if kind == "memory":
                return one
            more = open_store(store_url)
            opened.callback(more.close)
            return more

        yield open_another


def _through_django(kind: str, url: str, opened: ExitStack) -> Callable[[], Store]:
    """Return what opens a store on Django's connection. The file was made by Django's migrations."""
    from rota.integrations.django.storage import open_store as open_through_django
    from tests.django.through import alias_of, migrated_file

    if kind == "django-sqlite":
        shutil.copy(migrated_file(), url.removeprefix("sqlite:///"))
    alias = opened.enter_context(alias_of(url, is_there=True))
    return lambda: open_through_django(alias)


@pytest.fixture
def store(another: Callable[[], Store]) -> Store:
    return another()


@pytest.fixture
def connect(kind: str, store: Store, store_url: str) -> Callable[[], Any]:
    """Connect to the same database by its plain driver, as an application or an operator would."""

    def connection() -> Any:
        if kind == "postgres":
            import psycopg

            return psycopg.connect(store_url)
        return sqlite3.connect(store_url.removeprefix("sqlite:///"))

    store.clock()  # a file has its tables from now on
    return connection


@pytest.fixture
def by_hand(connect: Callable[[], Any]) -> Callable[[str], None]:
    """Execute a statement of an operator who knows better."""

    def execute(statement: str) -> None:
        with closing(connect()) as connection:
            connection.execute(statement)
            connection.commit()

    return execute
