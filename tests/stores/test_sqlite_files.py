"""One SQLite file, many processes."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from rota.errors import InvalidValue, SchemaOutdated, StoreUnavailable
from rota.stores import open_store


def _use_first(url: str, barrier, answers) -> None:
    store = open_store(url)
    barrier.wait()
    answers.put(store.next_due("shop"))
    store.close()


def test_processes_that_open_a_new_file_at_once_agree_on_its_schema(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(6), context.Queue()
    url = f"sqlite:///{tmp_path / 'rota.db'}"
    processes = [context.Process(target=_use_first, args=(url, barrier, answers)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert [answers.get(timeout=5) for _ in processes] == [None] * 6


def test_a_forked_process_opens_the_file_anew(tmp_path):
    with closing(open_store(f"sqlite:///{tmp_path / 'rota.db'}")) as store:
        store.migrate()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                store.next_due("shop")
                with store._database.transaction() as cursor:
                    cursor.notify(("runs",))
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert store.next_due("shop") is None


def test_a_file_locked_by_a_stranger_is_out_of_reach_for_writers_only(tmp_path):
    path = tmp_path / "rota.db"
    with closing(open_store(f"sqlite:///{path}?busy_timeout=0.05")) as store:
        store.migrate()
        with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked"):
                store.leave("n")
            assert store.next_due("shop") is None
        store.leave("n")


def test_a_file_of_a_newer_release_is_refused(tmp_path):
    path = tmp_path / "rota.db"
    url = f"sqlite:///{path}"
    with closing(open_store(url)) as store:
        store.migrate()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO rota_schema (step, name) VALUES (9999, 'future')")
    with closing(open_store(url)) as store, pytest.raises(SchemaOutdated, match="Upgrade"):
        store.next_due("shop")


@pytest.mark.parametrize("url", ["sqlite://x.db", "sqlite:///x.db?mode=ro", "mysql://me:secret@host/db", "x"])
def test_an_url_that_names_no_store_is_refused_without_its_password(url):
    with pytest.raises(InvalidValue) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_node_that_has_stopped_opens_its_file_no_more(tmp_path):
    path = tmp_path / "rota.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        store.migrate()
        wakeup = store.wakeup()
        wakeup.close()
    assert wakeup.wait(timedelta(hours=1)) == frozenset()  # an hour, if it did not know
    held = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert str(path) not in held
