"""Processes that freeze, and a store that goes away: nothing is lost, nothing is doubled."""

import pytest

from tests.system.disk import small_disk
from tests.system.faults import (
    Storm,
    broken_connections,
    freezes,
    frozen_while_recording,
    half_open,
    locked,
    restarts,
    through,
)
from tests.system.proxy import Proxy


@pytest.fixture
def proxy(postgres_server):
    with Proxy(postgres_server.port) as proxy:
        yield proxy


@pytest.fixture
def proxied(new_cluster, proxy):
    cluster = new_cluster("postgres")
    cluster.direct, cluster.store = cluster.store, through(proxy, cluster.store)
    return cluster


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_worker_frozen_beyond_its_lease_is_replaced_and_its_late_word_dropped(kind, new_cluster):
    result = freezes(new_cluster(kind), takeovers=1)
    assert result.verdict.violations == []
    assert result.counted["runs taken over"] >= 1
    assert result.counted["late words dropped"] >= 1


def test_what_a_frozen_scheduler_has_locked_is_free_within_seconds(new_cluster):
    result = frozen_while_recording(new_cluster("postgres"))
    assert result.verdict.violations == []
    assert result.done == 1  # it was in a transaction
    assert max(result.again) <= 10


def test_postgres_restarted_in_any_way_under_load(new_cluster, postgres_server):
    result = restarts(new_cluster("postgres"), postgres_server, ["fast", "immediate", "kill9"])
    assert result.verdict.violations == []
    assert max(result.again) <= 10


def test_connections_killed_and_cut_during_commit(proxied, proxy):
    result = broken_connections(proxy, proxied, Storm(kill=0.02, cut=0.05, delay=0.001), seconds=12)
    assert result.verdict.violations == []
    assert result.counted["kills"] >= 5
    assert result.counted["cuts"] >= 5
    assert max(result.again) <= 10


def test_half_open_connections_that_are_reset_in_the_end(proxied, proxy):
    result = half_open(proxy, proxied, seconds=5)
    assert result.verdict.violations == []
    assert max(result.again) <= 10


def test_a_file_locked_by_a_stranger(new_cluster):
    result = locked(new_cluster("sqlite"), seconds=8)
    assert result.verdict.violations == []
    assert result.counted["waits logged"] >= 1
    assert max(result.again) <= 10


def test_a_disk_that_is_full_for_a_while(new_cluster, tmp_path):
    result = small_disk(new_cluster("sqlite"), seconds=6)
    assert result.verdict.violations == []
    assert result.counted["waits logged"] >= 1
    assert max(result.again) <= 10
