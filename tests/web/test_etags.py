"""Reads that cost nothing twice, and edits that do not overwrite each other."""

from __future__ import annotations

import pytest

ONE = "/api/v1/schedules/nightly"
EDITS = [
    ("POST", f"{ONE}/pause", {}),
    ("POST", f"{ONE}/resume", {}),
    ("POST", f"{ONE}/skip", {}),
    ("POST", f"{ONE}/override", {"fields": {"priority": 3}}),
    ("POST", f"{ONE}/clear-override", {}),
]


def tag(caller, path=ONE):
    return caller("GET", path).headers["ETag"]


@pytest.mark.parametrize(
    "path", ["/api/v1/schedules", ONE, "/api/v1/runs", "/api/v1/tasks", "/api/openapi.json"]
)
def test_what_has_not_changed_is_not_sent_again(viewer, path):
    first = viewer("GET", path)
    again = viewer("GET", path, code=304, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.data, again.headers["ETag"]) == (b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache"
    viewer("GET", path, headers={"If-None-Match": '"else"'})


def test_what_has_changed_is_sent(operator):
    for path in ("/api/v1/schedules", ONE):
        before = tag(operator, path)
        operator.post(f"{ONE}/pause", {})
        operator("GET", path, headers={"If-None-Match": before})
        operator.post(f"{ONE}/resume", {})


@pytest.mark.parametrize(("method", "path", "body"), EDITS, ids=[path for _, path, _ in EDITS])
def test_an_edit_of_what_one_has_seen_is_done(operator, method, path, body):
    operator(method, path, body, headers={"If-Match": tag(operator)})


@pytest.mark.parametrize(("method", "path", "body"), EDITS, ids=[path for _, path, _ in EDITS])
def test_an_edit_of_what_has_changed_since_is_refused_and_says_who_changed_it(
    sim, operator, admin, method, path, body
):
    seen = tag(operator)
    admin.post(f"{ONE}/pause", {})
    sim.clock.move_to("2026-03-02 00:02")
    error = operator.refused(method, path, body, 412, headers={"If-Match": seen})
    assert (error["code"], error["field"]) == ("changed_meanwhile", "If-Match")
    assert "root (token for admin) changed it 120 s ago (pause)" in error["message"]
    assert operator.get(ONE)["revision"] == 2


def test_so_it_is_for_schedules_that_users_made(operator, admin):
    mine = "/api/v1/schedules/mine"
    operator.post("/api/v1/schedules", {"name": "mine", "task": "mail", "timetable": "4h"}, 201)
    seen = tag(operator, mine)
    operator.patch(mine, {"fields": {"priority": 1}}, headers={"If-Match": seen})
    assert operator.patch(mine, {"fields": {"priority": 2}}, 412, headers={"If-Match": seen})
    admin.delete(mine, 412, headers={"If-Match": seen})
    admin.delete(mine, headers={"If-Match": tag(admin, mine)})


@pytest.mark.parametrize(
    "header", ['""', '"x"', "x", '"1-a", "2-b"', '"99999999999-a"', '"-1"', '"1²-a"', 'W/"x"']
)
def test_a_tag_that_is_none_of_ours_is_refused(operator, header):
    error = operator.refused("POST", f"{ONE}/pause", {}, 400, headers={"If-Match": header})
    assert error["field"] == "If-Match"


def test_any_revision_will_do_for_a_star(operator):
    operator.post(f"{ONE}/pause", {}, headers={"If-Match": "*"})
