"""A sync that is narrowed to the schedules of one tag."""

import pytest

from rota import Rota, every
from rota.core.records import ScheduleQuery
from rota.operations.nodes import make_node
from rota.operations.syncing import sync, sync_plan
from rota.testing import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def store(clock):
    rota = Rota("shop", clock=clock, housekeeping=False, store="sqlite:///:memory:")
    yield rota.store
    rota.close()


def release(clock, store, hours, *tagged):
    """Return a rota with a schedule for each `name:tag`, due every `hours`."""
    rota = Rota("shop", clock=clock, housekeeping=False)
    rota.store = store
    for name, _, tag in (one.partition(":") for one in tagged):
        rota.schedule(rota.task(name=name)(lambda: None), every(f"{hours}h"), tags=[tag])
    return rota


def stored(store):
    found = store.schedules(ScheduleQuery(rota="shop"))
    return {one.name: (str(one.state), one.effective.timetable) for one in found}


def test_the_first_sync_may_be_a_part(clock, store):
    rota = release(clock, store, 1, "mail:a", "purge:b")
    assert [(one.verb, one.name) for one in sync(rota, tag="a").lines] == [("create", "mail")]
    assert stored(store) == {"mail": ("active", "every 1h")}
    make_node(rota, ["scheduler"])
    assert stored(store) == {"mail": ("active", "every 1h"), "purge": ("active", "every 1h")}


def test_the_others_stay_as_they_are_until_a_node_starts(clock, store):
    sync(release(clock, store, 1, "mail:a", "gone:a", "purge:b", "lost:b"))
    rota = release(clock, store, 2, "mail:a", "purge:b", "new:b")
    assert [(one.verb, one.name) for one in sync(rota, tag="a").lines] == [
        ("update", "mail"),
        ("retire", "gone"),
    ]
    assert stored(store) == {
        "mail": ("active", "every 2h"),
        "gone": ("retired", "every 1h"),
        "purge": ("active", "every 1h"),
        "lost": ("active", "every 1h"),
    }
    assert {one.verb for one in sync_plan(rota, tag="b").lines} == {"create", "update", "retire"}
    make_node(rota, ["scheduler"])
    assert stored(store) == {
        "mail": ("active", "every 2h"),
        "gone": ("retired", "every 1h"),
        "purge": ("active", "every 2h"),
        "lost": ("retired", "every 1h"),
        "new": ("active", "every 2h"),
    }


def test_a_part_does_not_put_the_declaration_in_force(clock, store):
    old = release(clock, store, 1, "mail:a", "purge:b")
    before = sync(old).generation
    after = sync(release(clock, store, 2, "mail:a", "purge:b"), tag="a").generation
    assert (after.number, after.fingerprint) == (before.number, before.fingerprint)
    assert after.revision == before.revision + 1
