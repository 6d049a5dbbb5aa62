"""The short form of the kill loop; the long form is `python -m tests.system.kill_loop`."""

import sqlite3
from contextlib import closing

import psycopg
import pytest

from tests.system.kill_loop import kill_loop


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_nodes_that_are_killed_lose_and_double_nothing(database, tmp_path, request):
    if database == "sqlite":
        store, connect = f"sqlite:///{tmp_path}/rota.db", lambda: sqlite3.connect(tmp_path / "rota.db")
    else:
        store = request.getfixturevalue("postgres_dsn")
        from rota.stores import open_store

        with closing(open_store(store)) as opened:
            opened.migrate()
        connect = lambda: psycopg.connect(store)  # noqa: E731
    verdict, kills = kill_loop(store, connect, tmp_path, seconds=20, every=4)
    assert kills >= 5
    assert verdict.occurrences > 30
    assert verdict.violations == []
