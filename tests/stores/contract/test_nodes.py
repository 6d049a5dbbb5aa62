"""A store: nodes, the clock, wake-ups and the schema."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from rota.core.records import Node
from rota.errors import InvalidValue, RotaError, SchemaOutdated, StoreUnavailable
from rota.stores import open_store
from tests.stores.contract.build import (
    DAY,
    HOUR,
    NOW,
    PATIENCE,
    ROTA,
    SECOND,
    at_once,
    audit,
    change,
    claim,
    declare,
    in_a_file,
    new_run,
    of_a_node,
    schedule,
    settle,
    settlement,
    shared,
    stored,
    sync_plan,
    uid,
)


def node(number: int, **changes) -> Node:
    one = Node(
        id=f"node-{number}",
        rota=ROTA,
        host="host-é",
        pid=77,
        version="1.0",
        roles=("scheduler", "worker"),
        started_at=NOW,
        seen_at=NOW,
    )
    return replace(one, **changes)


# -- nodes


def test_a_node_joins_and_is_seen_whole(store):
    whole = node(
        1,
        queues=("default", "slow"),
        slots=8,
        running=3,
        generation=4,
        clock_offset=timedelta(seconds=-3, microseconds=7),
        patience=timedelta(seconds=40),
        draining=True,
    )
    store.join(whole)
    assert store.nodes(ROTA) == [whole]
    assert store.nodes("bank") == []


def test_a_node_that_joins_again_is_refreshed(store):
    store.join(node(1))
    store.join(node(1, running=5, seen_at=NOW + SECOND))
    assert store.nodes(ROTA) == [node(1, running=5, seen_at=NOW + SECOND)]


def test_a_node_leaves(store):
    store.join(node(1))
    store.join(node(2))
    store.leave("node-1")
    store.leave("node-1")
    assert store.nodes(ROTA) == [node(2)]


def test_nodes_that_have_not_been_seen_are_forgotten(store):
    for number, age in [(1, HOUR), (2, SECOND), (3, HOUR)]:
        store.join(node(number, seen_at=NOW - age))
    store.join(node(4, rota="bank", seen_at=NOW - DAY))
    assert store.forget_nodes(ROTA, NOW - SECOND) == ["node-1", "node-3"]
    assert store.nodes(ROTA) == [node(2, seen_at=NOW - SECOND)]
    assert len(store.nodes("bank")) == 1


def test_a_node_learns_by_its_heartbeat_that_it_is_asked_to_drain(store):
    assert store.join(node(1)) is None
    store.join(node(2))
    assert store.drain(ROTA, "node-1", "ada", [audit("drain")])
    assert [one.drain_by for one in store.nodes(ROTA)] == ["ada", None]
    assert store.join(node(1, running=5)) == "ada"
    assert store.join(node(2)) is None
    assert store.nodes(ROTA)[0] == node(1, running=5, drain_by="ada")
    assert [line.action for line in store.audit(ROTA)] == ["drain"]


def test_a_node_is_asked_to_drain_once(store):
    store.join(node(1))
    assert store.drain(ROTA, "node-1", "ada", [audit("first")])
    assert not store.drain(ROTA, "node-1", "bob", [audit("second")])
    assert store.join(node(1)) == "ada"
    assert [line.action for line in store.audit(ROTA)] == ["first"]


def test_of_two_who_ask_at_once_one_is_the_first(store):
    store.join(node(1))
    done = at_once(*[partial(store.drain, ROTA, "node-1", by, [audit(by)]) for by in ("ada", "bob")])
    assert sorted(done) == [False, True]
    assert [line.action for line in store.audit(ROTA)] == [store.join(node(1))]


def test_a_node_that_is_gone_or_another_rotas_is_not_asked_to_drain(store):
    store.join(node(1))
    store.join(node(2, rota="bank"))
    store.leave("node-1")
    assert not store.drain(ROTA, "node-1", "ada", [audit("drain")])
    assert not store.drain(ROTA, "node-2", "ada", [audit("drain")])
    assert store.audit(ROTA) == []
    assert store.join(node(1)) is None
    assert store.join(node(2, rota="bank")) is None


def test_what_a_node_says_of_itself_does_not_ask_it_to_drain(store):
    store.join(node(1, drain_by="itself"))
    assert store.nodes(ROTA) == [node(1)]


def test_a_node_that_has_left_and_comes_back_is_asked_nothing(store):
    store.join(node(1))
    store.drain(ROTA, "node-1", "ada")
    store.leave("node-1")
    assert store.join(node(1)) is None


# -- the clock


def test_the_clock_is_an_instant_in_utc_that_does_not_go_back(store):
    read = [store.clock() for _ in range(20)]
    assert read == sorted(read)
    assert all(one.tzinfo is UTC for one in read)


def test_all_store_objects_tell_the_same_time(another):
    before = another().clock()
    between = another().clock()
    after = another().clock()
    assert before <= between <= after
    assert abs(between - datetime.now(UTC)) < timedelta(minutes=1)


# -- wake-ups


def do_enqueue(store):
    store.enqueue([new_run(1)])


def do_sync(store):
    store.sync(sync_plan(1))


def do_amend(store):
    store.amend([change(schedule(1))], [])


def do_cancel(store):
    store.cancel([uid(9)], "ada", NOW)


CHANGES = [
    pytest.param(do_enqueue, "runs", id="a run is enqueued"),
    pytest.param(do_sync, "schedules", id="a sync"),
    pytest.param(do_amend, "schedules", id="a change of a schedule"),
    pytest.param(do_cancel, "cancel", id="a running run is asked to stop"),
]


def prepare(store):
    declare(store, schedule(1))
    store.enqueue([new_run(9)])
    assert claim(store)


def heard(wakeup, topic):
    """Wait until `topic` is told, and say whether it was; wake-ups for nothing are allowed."""
    return any(topic in wakeup.wait(SECOND) for _ in range(PATIENCE // SECOND))


@of_a_node
@pytest.mark.parametrize(("act", "topic"), CHANGES)
def test_who_waits_in_the_same_process_is_woken(store, act, topic):
    prepare(store)
    with closing(store.wakeup()) as wakeup:
        assert at_once(lambda: heard(wakeup, topic), lambda: act(store)) == [True, None]


@shared
@pytest.mark.parametrize(("act", "topic"), CHANGES)
def test_who_waits_at_another_store_object_is_woken(another, act, topic):
    here, there = another(), another()
    prepare(here)
    there.clock()
    with closing(there.wakeup()) as wakeup:
        assert at_once(lambda: heard(wakeup, topic), lambda: act(here)) == [True, None]


@of_a_node
def test_what_was_told_before_it_waited_is_not_lost(store):
    with closing(store.wakeup()) as wakeup:
        do_enqueue(store)
        assert heard(wakeup, "runs")


def test_a_wait_for_nothing_ends(store):
    store.clock()
    with closing(store.wakeup()) as wakeup:
        heard_at_first = wakeup.wait(timedelta(0))
        assert heard_at_first <= {"schedules", "runs", "cancel"}
        assert wakeup.wait(timedelta(milliseconds=1)) <= {"schedules", "runs", "cancel"}


@shared
def test_a_run_enqueued_in_the_callers_transaction_is_told_at_its_commit_if_at_all(another, connect):
    store = another()
    with closing(connect()) as connection, closing(store.wakeup()) as wakeup:
        store.enqueue([new_run(1)], connection=connection)
        assert claim(store) == []
        connection.commit()
        assert heard(wakeup, "runs")
        assert len(claim(store)) == 1


# -- the schema


def test_migrate_says_what_it_would_do_and_does_it_once(empty_url, kind):
    with closing(open_store(empty_url)) as store:
        planned = store.migrate(dry_run=True)
        assert planned
        assert store.migrate(dry_run=True) == planned
        assert store.migrate() == planned
        assert store.migrate() == store.migrate(dry_run=True) == []
        declare(store, schedule(1))
    if kind != "memory":
        with closing(open_store(empty_url)) as again:
            assert again.migrate(dry_run=True) == again.migrate() == []
            assert len(stored(again)) == 1


@shared
def test_a_migration_by_many_at_once_is_done_once(empty_url):
    nodes = [open_store(empty_url) for _ in range(5)]
    try:
        applied = at_once(*[node.migrate for node in nodes])
        assert sum(bool(one) for one in applied) == 1
        declare(nodes[0], schedule(1))
        assert len(stored(nodes[-1])) == 1
    finally:
        for one in nodes:
            one.close()


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
def test_a_database_without_the_schema_is_refused_until_it_is_migrated(empty_url):
    with closing(open_store(empty_url)) as store:
        with pytest.raises(SchemaOutdated, match="rota migrate"):
            declare(store, schedule(1))
        store.migrate()
        declare(store, schedule(1))


@shared
def test_a_schema_of_a_newer_release_is_refused(store, by_hand, store_url):
    declare(store, schedule(1))
    by_hand("INSERT INTO rota_schema (step, name) VALUES (9999, 'from the future')")
    with closing(open_store(store_url)) as older, pytest.raises(SchemaOutdated, match="Upgrade"):
        older.schedules_count = stored(older)
    with closing(open_store(store_url)) as older, pytest.raises(SchemaOutdated, match="Upgrade"):
        older.migrate()


# -- opening


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rota.db",
        "mysql://x/y",
        "sqlite://rota.db",
        "postgresql://",
        "redis://h",
        "sqlite:///x?nonsense=1",
    ],
)
def test_a_url_that_names_no_store_is_refused(url):
    with pytest.raises(InvalidValue):
        open_store(url)


def test_the_url_never_shows_a_password():
    store = open_store("postgresql://ada:s3cret@db.example:5432/shop")
    assert "s3cret" not in store.url
    assert "s3cret" not in repr(store)
    with pytest.raises(InvalidValue) as refused:
        open_store("mysql://ada:s3cret@db.example/shop")
    assert "s3cret" not in str(refused.value)


def test_nothing_is_created_before_the_first_use(tmp_path: Path):
    file = tmp_path / "rota.db"
    with closing(open_store(f"sqlite:///{file}")) as store:
        assert not file.exists()
        store.migrate(dry_run=True)
        assert not file.exists()
        store.clock()
        assert file.exists()


@pytest.mark.parametrize("url", ["postgresql://postgres@127.0.0.1:1/none", "sqlite:////proc/no/such/rota.db"])
def test_a_store_that_can_not_be_reached_is_unavailable(url):
    with closing(open_store(url)) as store, pytest.raises(StoreUnavailable) as raised:
        store.clock()
    assert isinstance(raised.value, RotaError)
    assert raised.value.problem


@in_a_file
def test_a_file_that_is_no_database_is_unavailable_and_left_alone(store_url):
    file = Path(store_url.removeprefix("sqlite:///"))
    file.write_text("dear diary, " * 1000)
    with closing(open_store(store_url)) as store, pytest.raises(StoreUnavailable):
        store.clock()
    assert file.read_text().startswith("dear diary")


@shared
def test_a_store_that_was_closed_may_be_used_again(another):
    store = another()
    do_enqueue(store)
    store.close()
    assert store.run(uid(1)) is not None
    [one] = claim(store)
    assert settle(store, settlement(one)) == []
    store.cancel([], "ada", NOW, [audit("nothing")])
