"""Nodes and the audit."""

import html
import re
from datetime import timedelta

import pytest

from rota.operations.actor import Actor
from rota.operations.changing import override_fields, pause
from rota.operations.lookups import schedule_named
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


def test_a_node_is_asked_to_drain_and_says_first_what_it_means(shop, operator):
    alive(shop, "web-7", patience=timedelta(seconds=40))
    alive(shop, "web-8")
    assert 'href="/nodes/web-7/drain"' in operator.page("/nodes")
    page = text_of(operator.page("/nodes/web-7/drain"))
    assert "Within 5 seconds it takes nothing more" in page
    assert "may end, for up to 40 seconds" in page
    assert "What comes then is taken over by web-8." in page
    assert "This can not be taken back." in page
    told = text_of(operator.send("/nodes/web-7/drain", reason="new release"))
    assert "web-7: takes nothing more within 5 seconds; it is running nothing; what comes then is" in told
    assert "◑ draining asked by operator seen " in told
    assert 'href="/nodes/web-7/drain"' not in operator.page("/nodes")
    assert "web-7 is draining already." in text_of(operator.page(operator.get("/nodes/web-7/drain").location))
    assert "new release" in text_of(operator.page("/audit?subject=web-7"))


def test_a_node_that_was_lost_meanwhile_is_not_asked(shop, clock, operator):
    alive(shop, "web-7")
    clock.advance(timedelta(minutes=2))
    for ask in (operator.get, operator.post):
        answer = ask("/nodes/web-7/drain")
        assert answer.status_code == 303
        assert "web-7 was last seen 120 s ago: it is lost" in text_of(operator.page(answer.location))


def test_who_only_looks_is_not_offered_to_let_it_drain(shop, viewer):
    alive(shop, "web-7")
    assert "drain" not in viewer.page("/nodes").partition("</table>")[0].lower()
    assert viewer.get("/nodes/web-7/drain").status_code == 403


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


# -- revert
def test_a_change_is_reverted_after_a_plan(shop, operator):
    pause(shop, ["counts"], Actor("ann"), f"sale {HOSTILE}")
    shop.clock.advance(timedelta(seconds=5))
    (href,) = re.findall(r'href="(/audit/revert[^"]+)"', operator.page("/audit?subject=counts"))
    plan = operator.page(html.unescape(href))
    assert "Revert this pause?" in plan
    assert HOSTILE not in plan
    fields = dict(re.findall(r'<input type="hidden" name="(subject|at)" value="([^"]+)"', plan))
    page = operator.send("/audit/revert", **fields, reason="the sale is over")
    assert "counts: it is no longer paused." in page
    assert "the sale is over" in page
    assert schedule_named(shop, "counts").pause is None


def test_a_revert_that_comes_too_late_says_who_was_faster(shop, operator):
    override_fields(shop, "counts", {"priority": 7}, Actor("ann"))
    at = shop.clock.now().isoformat()
    shop.clock.advance(timedelta(seconds=5))
    override_fields(shop, "counts", {"priority": 8}, Actor("bob"))
    for answer in (
        operator.get("/audit/revert", query_string={"subject": "counts", "at": at}),
        operator.post("/audit/revert", subject="counts", at=at),
    ):
        assert answer.status_code == 409
        assert "changed again by bob" in answer.text
    assert schedule_named(shop, "counts").effective.priority == 8


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"subject": "counts"}, 400),
        ({"subject": "counts", "at": "yesterday"}, 400),
        ({"subject": HOSTILE, "at": "2026-03-02T13:00:00Z"}, 404),
        ({"subject": "counts", "at": "0001-01-01T00:00:00+14:00"}, 400),
    ],
)
def test_a_line_that_there_is_not_is_not_reverted(operator, viewer, given, status):
    answer = operator.get("/audit/revert", query_string=given)
    assert answer.status_code == operator.post("/audit/revert", **given).status_code == status
    assert HOSTILE not in answer.text
    assert viewer.post("/audit/revert", **given).status_code == 403
    assert "/audit/revert" not in viewer.page("/audit")
