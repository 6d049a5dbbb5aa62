"""`rota node`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rota.cli.apps import opened


@pytest.fixture
def joined(synced):
    """A node that has shown itself, and one that was not seen for an hour."""
    with opened(synced.app, None) as rota:
        for name, age in (("web-1", 0), ("web-2", 1)):
            node = rota.node(name=name)
            rota.store.join(node.row(rota.clock.now() - timedelta(hours=age)))
    return synced


def test_nodes_are_listed_with_their_state(joined):
    live, lost = joined.json("node", "list")
    assert (live["id"], live["state"], live["draining"], live["drain_by"]) == ("web-1", "live", False, None)
    assert live["drain_timeout_seconds"] == 30
    assert (lost["id"], lost["state"]) == ("web-2", "lost")
    shown = joined("node", "list").stdout
    assert "● live" in shown
    assert "✘ lost" in shown
    assert "0 of 10" in shown


def test_without_nodes_it_says_how_to_start_one(synced):
    assert "Start one: `rota run`" in synced("node", "list").stderr


def test_a_node_is_asked_to_drain(joined):
    said = joined("node", "drain", "web-1", "--dry-run").stdout
    assert said == (
        "(dry run) web-1: takes nothing more within 5 seconds; it is running nothing; "
        "what comes then waits, as no other node schedules or executes runs\n"
    )
    assert joined.json("node", "list")[0]["drain_by"] is None
    joined("node", "drain", "web-1", "--reason", "new release")
    one = joined.json("node", "list")[0]
    assert (one["state"], bool(one["drain_by"])) == ("draining", True)
    assert "web-1: unchanged: it is draining already, as " in joined("node", "drain", "web-1").stdout


def test_one_that_is_lost_or_unknown_is_refused(joined):
    assert "is lost, and was asked nothing" in joined("node", "drain", "web-2", code=1).stderr
    assert "no node is named 'web-3'. Did you mean" in joined("node", "drain", "web-3", code=3).stderr
