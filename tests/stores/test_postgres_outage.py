"""What a node sees of its PostgreSQL going away and coming back."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from rota.errors import SchemaOutdated, StoreUnavailable
from rota.stores import open_store
from rota.stores.postgres import database
from rota.stores.postgres.listener import Listener
from rota.stores.sql.database import TOPICS

A_MOMENT = timedelta(seconds=20)


def test_a_restarted_server_fails_one_verb_at_most(postgres_server, postgres_dsn):
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        postgres_server.stop("immediate")
        with pytest.raises(StoreUnavailable) as refused:
            store.next_due("shop")
        assert refused.value.url == store.url
        postgres_server.start()
        assert store.next_due("shop") is None


def test_idle_connections_are_dropped_with_the_first_that_is_found_broken(postgres_server, postgres_dsn):
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        barrier = threading.Barrier(4)

        def use() -> None:
            with store._database.transaction():
                barrier.wait()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        postgres_server.stop("fast")
        postgres_server.start()
        with pytest.raises(StoreUnavailable):
            store.next_due("shop")
        for _ in range(4):
            assert store.next_due("shop") is None


def test_a_listener_hears_again_after_a_restart(postgres_server, postgres_dsn):
    with closing(open_store(postgres_dsn)) as store, closing(open_store(postgres_dsn)) as other:
        store.migrate()
        with closing(store.wakeup()) as wakeup:
            assert wakeup.wait(A_MOMENT)  # it listens now, and says that anything may have changed
            postgres_server.stop("fast")
            postgres_server.start()
            assert wakeup.wait(A_MOMENT)  # and again
            with other._database.transaction() as cursor:
                cursor.notify(("cancel",))
            assert wakeup.wait(A_MOMENT) == {"cancel"}


def test_the_first_word_of_a_listener_is_heard_however_early_it_comes(postgres_dsn, monkeypatch):
    class Hasty(Listener):
        def __init__(self, connect, hub, sender, url):
            hub.announce(TOPICS)
            super().__init__(connect, hub, sender, url)

    monkeypatch.setattr(database, "Listener", Hasty)
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        with closing(store.wakeup()) as wakeup:
            assert wakeup.wait(timedelta(0)) == set(TOPICS)


def test_a_verb_refused_by_a_deadlock_is_done_again(postgres_dsn):
    with closing(open_store(postgres_dsn)) as store:
        store.migrate()
        tries = []

        def work(cursor):
            tries.append(1)
            if len(tries) == 1:
                raise psycopg.errors.DeadlockDetected("deadlock detected")
            return "done"

        from rota.stores.sql.database import write

        assert write(store._database, work) == "done"
        assert len(tries) == 2


def test_a_database_without_the_schema_says_what_to_do(postgres_dsn):
    with closing(open_store(postgres_dsn)) as store:
        with pytest.raises(SchemaOutdated, match="rota migrate"):
            store.next_due("shop")
        store.migrate()
        assert store.next_due("shop") is None


def test_the_password_is_never_shown():
    store = open_store("postgresql://me:secret@127.0.0.1:1/shop?connect_timeout=1")
    assert "secret" not in store.url
    with pytest.raises(StoreUnavailable) as refused:
        store.clock()
    assert "secret" not in str(refused.value)
