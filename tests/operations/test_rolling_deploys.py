"""Two releases of the code on one store."""

import pytest

from rota import Rota, every
from rota.core.records import ScheduleQuery
from rota.operations.nodes import make_node
from rota.testing import VirtualClock
from rota.testing.runner import SimRunner


@pytest.fixture
def clock():
    return VirtualClock()


def release(clock, store, *names, **settings):
    """Return a rota that declares schedules of these names, on a store that is open or opened here."""
    rota = Rota("shop", clock=clock, housekeeping=False, store="sqlite:///:memory:", **settings)
    if store is not None:
        rota.store = store
    for name in names:
        rota.schedule(rota.task(name=name)(lambda: None), every("1h"))
    return rota


@pytest.mark.parametrize("lease", ["15s", "15m"])
def test_a_restarted_node_of_the_old_release_undoes_nothing_whatever_the_lease(clock, lease):
    old = release(clock, None, "kept", "dropped", lease=lease)
    new = release(clock, old.store, "kept", "added", lease=lease)
    make_node(old, ["scheduler"])
    node = make_node(new, ["scheduler"])
    node.steps[0].step(clock.now())
    clock.advance(new.settings.lease / 3)  # the next heartbeat is due just now
    make_node(old, ["scheduler", "worker"], runner=SimRunner(clock, lambda run: None))
    states = {one.name: str(one.state) for one in old.store.schedules(ScheduleQuery(rota="shop"))}
    assert states == {"kept": "active", "added": "active", "dropped": "retired"}
    old.store.close()


def test_a_release_that_was_put_in_force_again_is_known_by_its_nodes_from_before(clock):
    old = release(clock, None, "kept", "dropped")
    node = make_node(old, ["scheduler"])
    new = release(clock, old.store, "kept", "added")
    make_node(new, ["scheduler"])
    old.sync()  # rolled back, as another generation than before
    node.steps[0].step(clock.now())
    make_node(new, ["scheduler", "worker"], runner=SimRunner(clock, lambda run: None))
    states = {one.name: str(one.state) for one in old.store.schedules(ScheduleQuery(rota="shop"))}
    assert states == {"kept": "active", "added": "retired", "dropped": "active"}
    old.store.close()
