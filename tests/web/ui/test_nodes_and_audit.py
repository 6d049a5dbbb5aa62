"""Nodes and the audit."""

from datetime import timedelta

import pytest

from rota.operations.actor import Actor
from rota.operations.changing import override_fields, pause
from rota.web.ui.audit import Difference, differences
from tests.web.ui.conftest import text_of
from tests.web.ui.shop import HOSTILE, alive


def test_without_nodes_it_says_what_to_start(viewer):
    page = text_of(viewer.page("/nodes"))
    assert "Nothing will run: no node has reported lately. Start one: rota run" in page


def test_a_node_is_shown_with_what_it_is_and_does(shop, viewer):
    alive(shop, "web-7", running=3, clock_offset=timedelta(seconds=9), draining=True)
    page = text_of(viewer.page("/nodes"))
    assert "◑ draining" in page
    assert "3 of 4" in page
    assert "off by 9.00 s" in page
    assert "older release (0 of 1)" in page


def test_a_missing_role_is_a_problem(shop, viewer):
    alive(shop, "scheduler-1", roles=("scheduler",))
    page = text_of(viewer.page("/nodes"))
    assert "no worker has reported lately. Start one: rota worker" in page
    assert "no scheduler" not in page


def test_the_audit_says_who_did_what_and_what_changed(shop, viewer):
    override_fields(shop, "counts", {"priority": 7}, Actor("ann", via="cli"), f"sale {HOSTILE}")
    page = viewer.page("/audit?subject=counts")
    assert "<del>priority: 0</del><ins>priority: 7</ins>" in page
    assert "ann" in page
    assert HOSTILE not in page


def test_the_audit_is_filtered_by_subject(shop, viewer):
    pause(shop, ["counts"], Actor("ann"), "one")
    pause(shop, ["charges"], Actor("bob"), "other")
    page = text_of(viewer.page("/audit?subject=charges"))
    assert "bob" in page
    assert "ann" not in page
    assert "Nobody has done anything to" in text_of(viewer.page("/audit?subject=nothing"))


def test_more_of_the_audit_is_a_link_away(shop, viewer):
    for number in range(12):
        pause(shop, [("counts", "charges", "greetings")[number % 3]], Actor("ann"), f"reason {number}")
        shop.clock.advance(timedelta(seconds=1))
        from rota.operations.changing import resume

        resume(shop, [("counts", "charges", "greetings")[number % 3]], Actor("ann"))
    page = viewer.page("/audit?limit=5")
    assert page.count('data-label="When"') == 5
    assert "limit=20" in page


@pytest.mark.parametrize("limit", ["0", "-1", "x", "99999999", "٣"])
def test_any_limit_is_answered(viewer, limit):
    assert viewer.get("/audit", query_string={"limit": limit}).status_code == 200


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [Difference("b", "2", "3")]),
        ({}, {"a": None}, [Difference("a", None, None)]),
        (None, {"password": "tiger"}, [Difference("password", None, "••••••")]),
        ("pending", None, [Difference("", "pending", None)]),
        ({"a": [1]}, None, [Difference("a", "[1]", None)]),
        ({"a": "x" * 400}, {}, [Difference("a", "x" * 300 + " …", None)]),
    ],
)
def test_differences_between_before_and_after(before, after, expected):
    assert list(differences(before, after)) == expected
