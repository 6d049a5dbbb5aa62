"""The API of schedules: look, make, change, run."""

from __future__ import annotations

import pytest

ALL = "/api/v1/schedules"
ONE = f"{ALL}/nightly"
LATER = "2026-04-01T00:00:00Z"


def make(caller, name="mine", **more):
    body = {"name": name, "task": "mail", "timetable": "daily 04:00", **more}
    return caller.post(ALL, body, 201)


# -- look


def test_a_list_has_pages_and_filters(viewer):
    first = viewer.get(ALL, query_string={"limit": 2})
    assert ([one["name"] for one in first["items"]], first["next"]) == (["mails", "nightly"], "nightly")
    second = viewer.get(ALL, query_string={"limit": 2, "after": first["next"]})
    assert ([one["name"] for one in second["items"]], second["next"]) == (["often"], None)
    for filters, names in [
        ({"tag": "traffic"}, ["often"]),
        ({"task": "mail"}, ["mails"]),
        ({"text": "NIGHT"}, ["nightly"]),
        ({"source": "user"}, []),
        ({"source": "override"}, []),
        ({"state": "paused"}, []),
        ({"queue": "elsewhere"}, []),
    ]:
        found = viewer.get(ALL, query_string=filters)
        assert [one["name"] for one in found["items"]] == names, filters


def test_a_list_says_which_runner_executes_each_and_filters_by_it(sim, viewer):
    def found(**filters):
        return {one["name"]: one["runner"] for one in viewer.get(ALL, query_string=filters)["items"]}

    assert found(runner="local") == found() == dict.fromkeys(("mails", "nightly", "often"), "local")
    refused = viewer.refused("GET", ALL, code=400, query_string={"runner": "celery"})
    assert (refused["field"], "choose one of local." in refused["message"]) == ("runner", True)
    sim.rota.registry.task("mail").runner = "django.tasks:post"
    assert found(runner="local") == {"nightly": "local", "often": "local"}
    assert found(runner="django.tasks:post") == {"mails": "django.tasks:post"}
    assert found(runner="django.tasks:post", text="night") == {}
    assert viewer.get("/api/v1/schedules/mails")["runner"] == "django.tasks:post"
    del sim.rota.registry.tasks["mail"]  # by older code, which does not know it
    assert found() == {"mails": None, "nightly": "local", "often": "local"}
    assert found(runner="local") == {"nightly": "local", "often": "local"}


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["mails", "nightly", "often", "zz paused"]),
        ("-name", ["zz paused", "often", "nightly", "mails"]),
        ("next", ["often", "nightly", "mails", "zz paused"]),
    ],
)
def test_a_list_has_an_order_page_by_page(operator, sort, names):
    operator.post(ALL, {"name": "zz paused", "task": "mail", "timetable": "1h"}, 201)
    operator.post(f"{ALL}/zz%20paused/pause", {})
    found, after = [], None
    while True:
        page = operator.get(
            ALL, query_string={"sort": sort, "limit": 1, **({"after": after} if after else {})}
        )
        found += [one["name"] for one in page["items"]]
        if (after := page["next"]) is None:
            break
    assert found == names


def test_overridden_ones_are_found_and_why_one_was_deleted_is_kept(operator, admin):
    operator.post(f"{ALL}/nightly/override", {"fields": {"priority": 5}})
    assert [one["name"] for one in operator.get(f"{ALL}?source=override")["items"]] == ["nightly"]
    operator.post(ALL, {"name": "mine", "task": "mail", "timetable": "1h"}, 201)
    admin.delete(f"{ALL}/mine", query_string={"reason": "It was a trial"})
    [line] = admin.get("/api/v1/audit", query_string={"subject": "mine", "limit": 1})["items"]
    assert (line["action"], line["reason"]) == ("delete", "It was a trial")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"sort": "task"}, "sort"),
        ({"sort": "next", "after": "soon nightly"}, "after"),
        ({"sort": "next", "after": "2026-03-02T00:00:00 nightly"}, "after"),
        ({"limit": 501}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"source": "x"}, "source"),
        ({"lmit": 5}, "lmit"),
        ({"text": "x" * 257}, "text"),
    ],
    ids=str,
)
def test_a_filter_that_can_not_be_used_is_named(viewer, query, field):
    error = viewer.refused("GET", ALL, query_string=query)
    assert (error["code"], error["field"]) == ("invalid", field)


def test_one_schedule_is_shown_whole_and_its_secrets_are_not(viewer):
    one = viewer.get(f"{ALL}/mails")
    assert one["effective"]["args"] == one["declared"]["args"] == {"password": "••••••"}
    assert one["upcoming"][0] == one["next_due"] == "2026-03-02T06:00:00Z"
    assert "Did you mean 'nightly'" in viewer.refused("GET", f"{ALL}/nigtly", code=404)["message"]


def test_next_why_and_preview(viewer):
    assert viewer.get(f"{ONE}/next", query_string={"count": 2}) == {
        "schedule": "nightly",
        "upcoming": ["2026-03-02T02:00:00Z", "2026-03-03T02:00:00Z"],
    }
    assert viewer.get(f"{ONE}/why", query_string={"at": "2026-03-03T03:00:00+01:00"})["verdict"] == "planned"
    assert viewer.refused("GET", f"{ONE}/why")["message"] == "Object missing required field `at`"
    shown = viewer.get(
        "/api/v1/preview", query_string={"timetable": "30 2 * * *", "timezone": "Europe/Paris", "count": 1}
    )
    assert (shown["words"], shown["upcoming"]) == (
        "At 02:30 every day, Europe/Paris",
        ["2026-03-02T01:30:00Z"],
    )
    assert any("29 March 2026" in one for one in shown["warnings"])
    error = viewer.refused("GET", "/api/v1/preview", query_string={"timetable": "61 * * * *"})
    assert "out of range" in error["message"]


# -- make, change, delete


def test_a_schedule_is_made_edited_and_deleted(operator, admin):
    made = operator(
        "POST", ALL, {"name": "mine", "task": "mail", "timetable": "4h", "fields": {"tags": "a,b"}}, 201
    )
    assert made.headers["Location"] == f"{ALL}/mine"
    assert (made.json["source"], made.json["tags"], made.json["timetable"]) == (
        "user",
        ["a", "b"],
        "every 4h",
    )
    changed = operator.patch(f"{ALL}/mine", {"fields": {"timetable": "daily 05:00", "args": {"to": "x"}}})
    assert changed["changed"][0]["revision"] == 2
    one = operator.get(f"{ALL}/mine")
    assert (one["timetable"], one["effective"]["args"]) == ("daily 05:00 in UTC", {"to": "x"})
    assert operator.refused("DELETE", f"{ALL}/mine", code=403)["code"] == "not_permitted"
    admin.delete(f"{ALL}/mine")
    admin.refused("GET", f"{ALL}/mine", code=404)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"name": "nightly", "task": "mail", "timetable": "4h"}, 400, "schedule name"),
        ({"name": "x", "task": "mial", "timetable": "4h"}, 404, None),
        ({"name": "x", "task": "mail", "timetable": "61 * * * *"}, 400, "minute"),
        ({"name": "x", "task": "mail", "timetable": "4h", "fields": {"overlap": "x"}}, 400, "overlap"),
        ({"name": "x", "task": "mail", "timetable": "4h", "fields": {"prioriti": 1}}, 400, "field"),
        ({"name": "x", "task": "mail", "timetable": "4h", "fields": {"args": {"tu": 1}}}, 400, "tu"),
        ({"name": "x", "task": "mail", "timetable": "4h", "more": 1}, 400, None),
        ({"name": "", "task": "mail", "timetable": "4h"}, 400, "name"),
        ({"name": 5, "task": "mail", "timetable": "4h"}, 400, "name"),
        ([], 400, None),
    ],
    ids=str,
)  # fmt: skip
def test_a_schedule_that_can_not_be_made_says_why(operator, body, code, field):
    assert operator.refused("POST", ALL, body, code)["field"] == field


def test_what_the_code_declares_is_overridden_and_not_edited(operator, admin):
    assert "the code declares it" in operator.refused("PATCH", ONE, {"fields": {"priority": 1}})["message"]
    assert "the code declares it" in admin.refused("DELETE", ONE)["message"]
    operator.post(
        f"{ONE}/override", {"fields": {"priority": 7, "timetable": "3h"}, "reason": "w", "until": LATER}
    )
    one = operator.get(ONE)
    assert (one["timetable"], one["effective"]["priority"], one["declared"]["priority"]) == ("every 3h", 7, 0)
    assert {each["field"]: each["until"] for each in one["overrides"]} == {
        "priority": LATER,
        "timetable": LATER,
    }
    operator.post(f"{ONE}/clear-override", {"fields": ["priority"]})
    assert [each["field"] for each in operator.get(ONE)["overrides"]] == ["timetable"]
    operator.post(f"{ONE}/clear-override", {})
    assert operator.get(ONE)["overrides"] == []


def test_pause_resume_and_skip(operator):
    operator.post(f"{ONE}/pause", {"reason": "stocktaking", "until": LATER})
    one = operator.get(ONE)
    assert (one["state"], one["pause"]["reason"], one["next_due"]) == (
        "paused",
        "stocktaking",
        "2026-04-01T02:00:00Z",
    )
    operator.post(f"{ONE}/resume", {})
    assert operator.post(f"{ONE}/resume", {})["unchanged"][0]["detail"] == "it is not paused"
    operator.post(f"{ONE}/skip", {})
    assert operator.get(ONE)["next_due"] == "2026-03-03T02:00:00Z"


def test_a_pause_is_planned(operator):
    window = {"start": "2026-03-20T00:00:00Z", "until": LATER}
    [effect] = operator.post(f"{ONE}/pause", {"reason": "stocktaking", **window})["changed"]
    assert effect["detail"] == f"planned to be paused from 2026-03-20T00:00:00Z until {LATER}"
    one = operator.get(ONE)
    assert (one["state"], one["pause"]) == (
        "active",
        {**window, "by": one["pause"]["by"], "reason": "stocktaking"},
    )
    assert operator.get(ALL, query_string={"state": "paused"})["items"] == []
    refused = operator.refused("POST", f"{ONE}/pause", {"start": LATER, "until": LATER})
    assert "it must be later than the start" in refused["message"]
    many = {"action": "pause", "names": ["often"], **window}
    assert operator.post("/api/v1/bulk/schedules", many)["changed"][0]["detail"] == effect["detail"]
    assert operator.post(f"{ONE}/resume", {})["changed"][0]["detail"].endswith("any more")


@pytest.mark.parametrize("verb", ["pause", "resume", "skip", "trigger"])
def test_a_dry_run_changes_nothing(operator, verb):
    code = 201 if verb == "trigger" else 200
    assert operator.post(f"{ONE}/{verb}", {"dry_run": True}, code)["dry_run"] is True
    one = operator.get(ONE)
    assert (one["revision"], one["runs"]) == (1, [])
    assert [line["action"] for line in one["audit"]] == ["sync: create"]


# -- run


def test_one_key_makes_one_run(operator):
    first = operator.post(f"{ALL}/mails/trigger", {"key": "order 7", "args": {"to": "x"}}, 201)
    second = operator.post(f"{ALL}/mails/trigger", {"key": "order 7"}, 201)
    assert first == second
    [run] = operator.get(f"{ALL}/mails")["runs"]
    assert (run["id"], run["args"], run["origin"]) == (first["run"], {"to": "x"}, "manual")
    assert operator.refused("POST", f"{ALL}/mails/trigger", {"args": {"tu": 1}})["field"] == "tu"


def test_a_backfill_is_a_preview_until_it_is_told_otherwise(sim, operator):
    sim.clock.move_to("2026-03-05 12:00")
    span = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-04T00:00:00Z"}
    plan = operator.post(f"{ONE}/backfill", span)
    assert (plan["dry_run"], len(plan["runs"])) == (True, 2)
    assert operator.get("/api/v1/runs")["items"] == []
    done = operator.post(f"{ONE}/backfill", {**span, "dry_run": False})
    assert done["dry_run"] is False
    assert {one["origin"] for one in operator.get("/api/v1/runs")["items"]} >= {"backfill"}
    wrong = {"start": span["end"], "end": span["start"]}
    assert operator.refused("POST", f"{ONE}/backfill", wrong)["field"] == "end"


def test_many_at_once_are_planned_and_done_or_refused_together(operator):
    body = {"action": "pause", "names": ["nightly", "often", "nightly"], "reason": "night"}
    bulk = "/api/v1/bulk/schedules"
    assert len(operator.post(bulk, {**body, "dry_run": True})["changed"]) == 2
    assert operator.get(ONE)["state"] == "active"
    assert {one["subject"] for one in operator.post(bulk, body)["changed"]} == {"nightly", "often"}
    assert operator.get(ONE)["state"] == "paused"
    operator.refused("POST", bulk, {**body, "action": "resume", "names": ["nightly", "nobody"]}, 404)
    assert operator.get(ONE)["state"] == "paused"
    for action in ("resume", "skip", "trigger", "reset"):
        assert operator.post(bulk, {"action": action, "names": ["nightly"]})["action"]
    operator.refused("POST", bulk, {"action": "drop", "names": ["nightly"]})
    operator.refused("POST", bulk, {"action": "pause", "names": []})
