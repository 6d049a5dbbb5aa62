"""The pages about schedules, as a browser without JavaScript uses them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from rota import Rota, daily, every, weekly
from rota.core.records import RunQuery, RunState, ScheduleQuery
from rota.operations import changing, people
from rota.operations.actor import Actor, Role
from rota.operations.authoring import create_schedule
from rota.operations.history import audit
from rota.operations.lookups import schedule_named
from rota.web import ui
from rota.web.app import WebApp
from rota.web.routing import Routes
from rota.web.ui.schedule_list import PAGE
from tests.web.schedules_ui.conftest import Outline, Visitor

HOSTILE = "<img src=x onerror=alert(1)>\"'/a b?&%#ü"


def names_on(page):
    return [attrs["value"] for attrs in page.all("input", type="checkbox", name="name")]


def runs_of(rota, name):
    return rota.store.runs(RunQuery(rota=rota.name, schedule=name, limit=100))


# -- the list


def test_the_list_says_how_each_schedule_stands(shop, ann):
    shop.start_node()
    shop.advance(timedelta(hours=6, minutes=30))
    page = ann.get("/schedules")
    assert names_on(page) == ["nightly", "often"]
    for words in (
        "Every hour",
        "Every day at 02:30, Europe/Paris",
        "in 30 min",
        "Last 6 runs: 4 succeeded and 2 failed",
    ):
        assert words in page.text
    assert "67%" in page.text
    strips = page.all("path", class_="bad")
    assert len(strips) == 2, page.text


def test_runners_are_told_when_there_are_several(shop, ann):
    page = ann.get("/schedules")
    assert "Runner" not in page.text
    assert "executed by" not in ann.get("/schedules/often?tab=configuration").text
    shop.rota.registry.task("often").runner = "django.tasks:post"
    shop.clock.advance(timedelta(minutes=2))
    page = ann.get("/schedules")
    assert [attrs.get("value") for attrs in page.all("select", name="runner")] == [None]
    assert [cell for cell in ("local", "django.tasks:post") if cell in page.text] == [
        "local",
        "django.tasks:post",
    ]
    assert names_on(ann.get("/schedules?runner=django.tasks:post")) == ["often"]
    assert names_on(ann.get("/schedules?runner=local")) == ["nightly"]
    ann.get("/schedules?runner=celery", status=400)
    page = ann.get("/schedules/often?tab=configuration")
    assert "executed by django.tasks:post" in page.text
    assert (
        "Workers of the queue 'fast' take its runs, and have them executed by django.tasks:post." in page.text
    )
    shop.start_node()
    shop.advance(timedelta(hours=2))
    [run, *_] = runs_of(shop.rota, "often")
    assert "Runner django.tasks:post" in ann.get(f"/runs/{run.id}").text


def test_the_list_takes_two_reads_of_history_however_long_it_is(shop, ann, monkeypatch):
    for number in range(30):
        shop.declare(f"more-{number:02}", every("1h"))
    shop.rota.sync()
    calls = []
    store = shop.rota.store
    for verb in ("runs", "run", "latest", "schedules", "audit", "past_errors", "attempts"):
        real = getattr(store, verb)
        monkeypatch.setattr(store, verb, lambda *a, real=real, verb=verb: (calls.append(verb), real(*a))[1])
    assert len(names_on(ann.get("/schedules"))) == PAGE
    assert sorted(calls) == ["latest", "schedules"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        pytest.param({"text": "OFTE"}, ["often"], id="text"),
        pytest.param({"state": "paused"}, ["often"], id="state"),
        pytest.param({"tag": "house"}, ["nightly"], id="tag"),
        pytest.param({"queue": "fast"}, ["often"], id="queue"),
        pytest.param({"source": "user"}, ["by-hand"], id="user"),
        pytest.param({"source": "override"}, ["nightly"], id="override"),
        pytest.param({"sort": "-name"}, ["often", "nightly", "by-hand"], id="backwards"),
        pytest.param({"text": "", "state": ""}, ["by-hand", "nightly", "often"], id="empty ones"),
        pytest.param({"tag": "house", "queue": "fast"}, [], id="both must fit"),
    ],
)
def test_filters_are_in_the_address(shop, ann, root, filters, found):
    changing.pause(shop.rota, "often", root)
    changing.override(shop.rota, "nightly", "priority", 5, root)
    create_schedule(shop.rota, "by-hand", "nightly", "every 2h", root)
    assert names_on(ann.get("/schedules", **filters)) == found


def test_a_filter_that_does_not_exist_is_refused_by_name(ann):
    assert "state" in ann.get("/schedules", 400, state="asleep").text


def test_pages_follow_each_other_and_keep_the_filters(shop, ann):
    for number in range(120):
        shop.declare(f"x-{number:03}", every("1h"), tags=["many"])
    shop.rota.sync()
    seen, address = [], "/schedules?tag=many&sort=-name"
    while address:
        page = ann.get(address)
        seen += names_on(page)
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else None
    assert seen == [f"x-{number:03}" for number in reversed(range(120))]


def test_pages_by_due_time_follow_each_other(shop, ann):
    for number in range(120):
        shop.declare(f"x-{number:03}", every(f"{1 + number * 7 % 60}m"), tags=["many"])
    shop.rota.sync()
    seen, address = [], "/schedules?tag=many&sort=next"
    while address:
        page = ann.get(address)
        seen += names_on(page)
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else None
    due = {one.name: one.next_due for one in shop.rota.store.schedules(ScheduleQuery(tag="many", limit=500))}
    assert seen == sorted(due, key=lambda name: (due[name], name))
    assert len(seen) == 120


def test_an_empty_rota_teaches_how_to_begin():
    rota = Rota("empty", store="sqlite:///:memory:", housekeeping=False)
    rota.store.migrate()
    page = Visitor(rota).get("/schedules")
    assert "@rota.scheduled(daily" in page.text
    assert "rota sync" in page.text
    rota.close()


def test_every_bar_of_a_strip_is_a_link_to_its_run(shop, monkeypatch):
    if "run" not in {route.name for part in ui.PARTS for route in part}:
        part = Routes()
        part.get("/runs/<run_id>", Role.VIEWER, name="run")(lambda call, run_id: Response(run_id))
        monkeypatch.setattr(ui, "PARTS", (*ui.PARTS, part))
    shop.start_node()
    shop.advance(timedelta(hours=4))
    visitor = Visitor(shop.rota)
    for path in ("/schedules", "/schedules/often"):
        links = [one["href"] for one in visitor.get(path).all("a", tabindex="-1")]
        wanted = [run.id for run in runs_of(shop.rota, "often")]
        assert {run_id for run_id in wanted if any(link.endswith(f"/{run_id}") for link in links)} == set(
            wanted
        )
        visitor.get(links[0])


# -- many at a time


def test_many_are_paused_after_a_plan_and_resumed_by_its_undo(shop, ann):
    plan = ann.post("/bulk/plan", 200, action="pause", name=["nightly", "often"], reason="move", until="2h")
    assert "paused until 2026-03-02T02:00:00Z" in plan.text
    assert schedule_named(shop.rota, "often").pause is None
    listed = next(one["value"] for one in plan.all("input", name="list"))
    assert json.loads(listed) == ["nightly", "often"]
    page = ann.post("/bulk", action="pause", list=listed, reason="move", until="2h")
    assert "2 schedules paused." in page.text
    assert schedule_named(shop.rota, "often").pause.reason == "move"
    undo = {
        one["name"]: one["value"]
        for one in page.all("input", type="hidden")
        if one["name"] in ("list", "action")
    }
    assert undo == {"action": "resume", "list": listed}
    assert "2 schedules paused." not in ann.get("/schedules").text  # it is told once
    ann.post("/bulk/plan", 200, **undo)
    assert "2 schedules resumed." in ann.post("/bulk", **undo).text
    assert schedule_named(shop.rota, "often").pause is None


def test_all_that_match_are_those_of_every_page(shop, ann):
    for number in range(60):
        shop.declare(f"x-{number:03}", every("1h"), tags=["many"])
    shop.rota.sync()
    plan = ann.post("/bulk/plan", 200, action="trigger", scope="all", tag="many")
    listed = json.loads(next(one["value"] for one in plan.all("input", name="list")))
    assert listed == [f"x-{number:03}" for number in range(60)]
    assert "and 10 more" in plan.text
    assert runs_of(shop.rota, "x-000") == []
    assert "60 schedules run." in ann.post("/bulk", action="trigger", list=json.dumps(listed)).text
    assert len(runs_of(shop.rota, "x-059")) == 1


def test_many_are_reset_to_what_the_code_says(shop, ann, root):
    changing.override(shop.rota, "nightly", "priority", 5, root)
    page = ann.post("/bulk", action="reset", list='["nightly", "often"]')
    assert "1 schedule reset to code. 1 left as it was." in page.text
    assert schedule_named(shop.rota, "nightly").overrides == ()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        pytest.param({"action": "drop", "name": "often"}, "action", id="no such action"),
        pytest.param({"action": "pause", "list": "{"}, "list", id="no list"),
        pytest.param({"action": "pause", "name": "gone"}, "gone", id="no such schedule"),
        pytest.param({"action": "pause", "name": "often", "until": "soon"}, "until", id="no instant"),
    ],
)
def test_a_plan_that_can_not_be_made_says_why(ann, form, words):
    answer = ann.client.post("/bulk/plan", data=form)
    assert answer.status_code in (400, 404)
    assert words in Outline(answer.text).text


def test_nothing_selected_is_told(ann):
    assert "Select schedules first." in ann.post("/bulk/plan", action="pause").text


# -- one


def test_a_schedule_says_when_and_what_happens(shop, ann):
    page = ann.get("/schedules/nightly")
    assert "Every day at 02:30, Europe/Paris" in page.text
    assert len([one for one in page.all("time") if one.get("datetime", "").startswith("2026-03-")]) >= 10
    assert "A failed run is not tried again." in page.text
    assert "It has not run yet." in page.text


def test_the_next_times_mark_where_clocks_change(shop, ann):
    shop.advance(timedelta(days=24))
    page = ann.get("/schedules/nightly")
    assert "Sun 29 Mar 2026 03:00:00 +02:00" in page.text
    assert page.text.count("clocks skip 02:00 to 03:00: due when they have") == 1


def test_what_an_exclusion_or_a_pause_leaves_out_is_shown_between_the_next_times(shop, ann, root):
    shop.declare("but sundays", daily("02:30") - weekly("sun 02:30"))
    shop.rota.sync()
    page = ann.get("/schedules/but%20sundays")
    assert page.text.index("Sat 07 Mar 2026 02:30:00 +01:00") < page.text.index(
        "Sun 08 Mar 2026 02:30:00 +01:00 ⤼ excluded"
    )
    changing.pause(shop.rota, "but sundays", root, until=shop.clock.now() + timedelta(days=3))
    shop.advance(timedelta(seconds=2))  # somebody else did it: the page is good for a moment more
    page = ann.get("/schedules/but%20sundays")
    assert "⤼ paused 3 times, the last 04 Mar 02:30" in page.text


def test_a_preview_shows_the_difference_time_by_time_and_marks_clock_changes(shop, ann):
    shop.advance(timedelta(days=24))
    page = ann.get("/preview", timetable="weekly sun 02:30", name="nightly")
    assert "clocks skip 02:00 to 03:00: due when they have" in page.text
    assert len(page.all("ins")) == 0
    assert len(page.all("del")) == 20
    assert "− Thu 26 Mar 2026 02:30:00 +01:00 gone" in page.text
    assert "And 6 more until" in page.text
    page = ann.get("/preview", timetable="daily 04:00", name="nightly")
    assert len(page.all("ins")) == len(page.all("del")) == 10
    assert page.text.index("− Thu 26 Mar 2026 02:30") < page.text.index("+ Thu 26 Mar 2026 04:00")


def test_how_often_it_is_due_in_a_day_is_exact_also_when_not_all_of_it_is_counted(shop, ann):
    shop.clock.advance(timedelta(milliseconds=1700))  # between two occurrences
    assert "28,800 times a day" in ann.get("/preview?timetable=every 3s").text
    assert "2 times a day" in ann.get("/preview?timetable=every 12h").text


def test_what_is_due_every_minute_is_not_told_to_take_another_one(shop, ann):
    for number in range(36):
        shop.declare(f"x-{number}", "* * * * *")
    shop.rota.sync()
    for timetable in ("every 3s", "* * * * *"):
        assert "others" not in ann.get("/preview", timetable=timetable).text


def test_a_crowd_at_the_same_minute_is_warned_of(shop, ann):
    for number in range(36):
        shop.declare(f"x-{number}", "0 * * * *")
    shop.rota.sync()
    for address in ("/preview?timetable=5 * * * *", "/preview?timetable=daily 01:30"):
        assert "others" not in ann.get(address).text
    told = ann.get("/preview?timetable=0 * * * *").text
    assert "It is due at the top of the hour with 37 others; another minute spreads the load." in told
    assert "with 36 others" in ann.get("/preview?timetable=0 * * * *&name=x-3").text


def test_tabs_show_runs_errors_configuration_and_audit(shop, ann, root):
    shop.start_node()
    shop.advance(timedelta(hours=4))
    changing.override(shop.rota, "often", "priority", 7, root, reason="first things first")
    runs = ann.get("/schedules/often")
    assert len([one for one in runs.all("tr") if (one.get("id") or "").startswith("r-")]) == 4
    assert "SimulatedFailure" in ann.get("/schedules/often", tab="errors").text or runs.text.count("failed")
    configuration = ann.get("/schedules/often", tab="configuration").text
    assert "by root: first things first" in configuration
    assert "first things first" in ann.get("/schedules/often", tab="audit").text


def test_history_goes_on_page_by_page(shop, ann):
    shop.start_node()
    shop.advance(timedelta(hours=60))
    seen, address = [], "/schedules/often"
    while address:
        page = ann.get(address)
        seen += [one["id"] for one in page.all("tr") if (one.get("id") or "").startswith("r-")]
        following = page.all("a", rel="next")
        address = following[0]["href"] if following else None
    assert seen == [f"r-{run.id}" for run in runs_of(shop.rota, "often")]
    assert len(seen) == 60


def test_an_unknown_schedule_is_not_found_with_names_that_look_like_it(ann):
    assert "nightly" in ann.get("/schedules/nightli", 404).text


# -- what is done to one


def test_a_pause_has_a_reason_and_an_end_and_is_taken_back(shop, ann):
    form = ann.get("/schedules/often/pause")
    revision = form.all("input", name="revision")[0]["value"]
    page = ann.post("/schedules/often/pause", reason="move", until="2026-03-02 09:00", revision=revision)
    assert "Paused until 2026-03-02T08:00:00Z." in page.text
    assert "Paused by ann" in page.text
    assert schedule_named(shop.rota, "often").pause.until.isoformat() == "2026-03-02T08:00:00+00:00"
    page = ann.post("/schedules/often/resume")
    assert "Resumed." in page.text
    assert schedule_named(shop.rota, "often").pause is None
    assert [line.action for line in audit(shop.rota, "often")] == ["resume", "pause", "sync: create"]


def test_a_pause_is_planned_shown_and_taken_away(shop, ann):
    window = {"reason": "the database is away", "start": "2026-03-03 02:00", "until": "2h"}
    page = ann.post("/schedules/nightly/pause", **window)
    assert "Planned to be paused from 2026-03-03T01:00:00Z until 2026-03-03T03:00:00Z." in page.text
    assert "‖ Pause planned Tue 03 Mar 02:00 to 04:00 +01:00 by ann: the data" in page.text
    assert "⤼ paused" in page.text
    assert "● active" in page.text and "Skip next" not in page.text
    rows = ann.get("/schedules").text
    assert "‖ pause planned Tue 03 Mar 02:00 to 04:00 +01:00" in rows
    assert names_on(ann.get("/schedules?state=paused")) == []
    assert "has planned a pause" in ann.get("/schedules/nightly/pause").text
    page = ann.post("/schedules/nightly/resume")
    assert "Not paused from 2026-03-03T01:00:00Z until 2026-03-03T03:00:00Z any more." in page.text
    assert schedule_named(shop.rota, "nightly").pause is None


def test_a_page_follows_a_planned_pause_that_begins_and_ends(shop, ann, root):
    begin = shop.clock.now() + timedelta(minutes=1)
    changing.pause(shop.rota, "often", root, start=begin, until=begin + timedelta(minutes=1))
    told = []
    for _ in range(3):
        shop.advance(timedelta(seconds=55))
        text = ann.get("/schedules/often").text
        told.append([words for words in ("‖ Pause planned", "Paused by root") if words in text])
    assert told == [["‖ Pause planned"], ["Paused by root"], ["Paused by root"]]
    shop.start_node()
    shop.advance(timedelta(seconds=20))
    text = ann.get("/schedules/often").text
    assert "Pause planned" not in text and "Paused by" not in text


def test_no_pause_is_planned_while_one_is_in_force(shop, ann, root):
    changing.pause(shop.rota, "often", root)
    assert "It is paused by root" in ann.get("/schedules/often/pause").text
    page = ann.post("/schedules/often/pause", 400, reason="move", start="2d")
    assert "it is paused until it is resumed by root; resume it before you plan another pause" in page.text
    assert page.all("input", name="start", aria_invalid="true")[0]["value"] == "2d"
    assert schedule_named(shop.rota, "often").pause.by == "root"


def test_a_pause_of_many_is_planned_seen_and_refused(shop, ann, root):
    changing.pause(shop.rota, "often", root)
    window = {"action": "pause", "name": ["nightly", "often"], "start": "1d", "until": "4h"}
    plan = ann.post("/bulk/plan", 200, **window)
    assert "planned to be paused from 2026-03-03T00:00:00Z until 2026-03-03T04:00:00Z" in plan.text
    assert "it is paused until it is resumed by root" in plan.text
    assert plan.all("input", name="start")[0]["value"] == "1d"
    page = ann.post("/bulk", **window)
    assert "1 schedule will be paused. 1 left as it was." in page.text
    assert schedule_named(shop.rota, "nightly").pause.start == shop.clock.now() + timedelta(days=1)
    page = ann.post("/bulk", 400, **{**window, "until": "2026-03-02 12:00"})
    assert "it must be later than the start" in page.text
    assert page.all("input", name="until", aria_invalid="true")[0]["value"] == "2026-03-02 12:00"


def test_a_pause_until_yesterday_is_refused_and_what_was_typed_stays(shop, ann):
    page = ann.post("/schedules/often/pause", 400, reason="move", until="2h ago")
    assert page.all("input", name="reason")[0]["value"] == "move"
    assert page.all("input", name="until", aria_invalid="true")
    assert schedule_named(shop.rota, "often").pause is None


def test_a_form_that_was_opened_before_somebody_elses_change_says_who_it_was(shop, ann, root):
    revision = ann.get("/schedules/often/pause").all("input", name="revision")[0]["value"]
    changing.override(shop.rota, "often", "priority", 7, root)
    shop.clock.move_to("2026-03-02 00:02")
    page = ann.post("/schedules/often/pause", 409, reason="move", revision=revision)
    assert "Changed 2 minutes ago by root (override), after you opened this page." in page.text
    assert schedule_named(shop.rota, "often").pause is None


def test_the_next_occurrence_is_skipped(shop, ann):
    page = ann.post("/schedules/often/skip")
    assert "is left out" in page.text
    shop.start_node()
    shop.advance(timedelta(hours=2))
    states = {run.state for run in runs_of(shop.rota, "often")}
    assert RunState.SKIPPED in states


def test_run_now_takes_the_arguments_of_the_signature(shop, ann):
    @shop.rota.task
    def report(to: str, copies: int = 2, urgent: bool = False, password: str = "", dry_run: bool = False): ...

    stored = {"to": "ann", "password": "hunter2"}
    shop.rota.schedule(report, daily("03:00"), args=stored)
    shop.rota.sync()
    form = ann.get("/schedules/report/run")
    assert form.all("input", name="arg.copies")[0]["type"] == "number"
    assert form.all("input", name="arg.copies")[0]["value"] == "2"
    assert form.all("input", name="arg.to")[0]["value"] == "ann"
    assert form.all("input", name="arg.password")[0]["value"] == ""
    assert form.all("button", name="dry")
    assert "hunter2" not in ann.answer.text
    key = form.all("input", name="key")[0]["value"]
    sent = {"arg.to": "bob", "arg.copies": "3", "arg.urgent": "true", "arg.password": "", "key": key}
    page = ann.post("/schedules/report/run", **sent, reason="asked for")
    assert "A run was made" in page.text
    ann.post("/schedules/report/run", **sent)  # twice: one run
    [run] = runs_of(shop.rota, "report")
    assert run.args == {"to": "bob", "copies": 3, "urgent": True, "password": "hunter2"}
    assert (run.by, run.reason) == ("ann", "asked for")
    ann.post("/schedules/report/run", **{**sent, "key": "another", "dry": "1"})
    assert sorted(one.args.get("dry_run", False) for one in runs_of(shop.rota, "report")) == [False, True]


def test_one_click_runs_it_with_its_own_arguments(shop, ann):
    @shop.rota.task
    def report(to: str, copies: int = 2): ...

    shop.rota.schedule(report, daily("03:00"), args={"to": "ann", "copies": 1})
    shop.rota.sync()
    page = ann.get("/schedules/report")
    assert page.all("button", name="own")
    sent = {"own": "1", "key": page.all("input", name="key")[0]["value"]}
    assert "A run was made" in ann.post("/schedules/report/run", **sent).text
    ann.post("/schedules/report/run", **sent)  # a double click
    [run] = runs_of(shop.rota, "report")
    assert (run.args, run.by) == ({"to": "ann", "copies": 1}, "ann")
    again = ann.get("/schedules/report").all("input", name="key")[0]["value"]
    ann.post("/schedules/report/run", **{**sent, "key": again})
    assert len(runs_of(shop.rota, "report")) == 2


def test_arguments_that_do_not_fit_are_refused_beside_their_field(shop, ann):
    @shop.rota.task
    def report(to: str, copies: int = 2): ...

    shop.rota.schedule(report, daily("03:00"), args={"to": "ann"})
    shop.rota.sync()
    page = ann.post("/schedules/report/run", 400, **{"arg.to": "bob", "arg.copies": "three"})
    assert page.all("input", name="arg.copies", aria_invalid="true")
    assert page.all("input", name="arg.to")[0]["value"] == "bob"
    assert "whole number" in page.text
    assert runs_of(shop.rota, "report") == []


def test_a_backfill_is_shown_before_it_is_done(shop, ann):
    span = {"start": "2026-03-01T10:00", "end": "2026-03-01T13:00"}
    page = ann.get("/schedules/often/backfill", **span)
    assert "3 runs are made" in page.text
    assert runs_of(shop.rota, "often") == []
    assert "3 runs were made." in ann.post("/schedules/often/backfill", **span, reason="late data").text
    assert len(runs_of(shop.rota, "often")) == 3
    assert "all with a run" in ann.get("/schedules/often/backfill", **span).text
    tomorrow = {"start": "2026-03-01T10:00", "end": "2026-03-03T10:00"}
    assert "future" in ann.get("/schedules/often/backfill", 400, **tomorrow).text


# -- edit


def test_an_edit_of_what_the_code_declares_is_an_override_of_what_was_changed(shop, ann):
    form = ann.get("/schedules/often/edit")
    assert "an override, which wins until it is cleared" in form.text
    given = {one["name"]: one["value"] for one in form.all("input") if one.get("value") is not None}
    assert given["timetable"] == "every 1h"
    page = ann.post(
        "/schedules/often/edit", **{**given, "timetable": "every 2h", "reason": "calm", "until": "1d"}
    )
    assert "Saved: timetable: every 1h -> every 2h." in page.text
    [override] = schedule_named(shop.rota, "often").overrides
    assert (override.field, override.value, override.reason) == ("timetable", "every 2h", "calm")
    assert override.until.isoformat() == "2026-03-03T00:00:00+00:00"
    page = ann.post("/schedules/often/clear", field="timetable")
    assert "as declared again" in page.text
    assert schedule_named(shop.rota, "often").overrides == ()


def test_an_edit_of_an_old_form_is_refused_and_nothing_that_was_typed_is_lost(shop, ann, root):
    revision = ann.get("/schedules/often/edit").all("input", name="revision")[0]["value"]
    changing.pause(shop.rota, "often", root)
    page = ann.post("/schedules/often/edit", 409, timetable="every 2h", revision=revision)
    assert "by root (pause)" in page.text
    assert page.all("input", name="timetable")[0]["value"] == "every 2h"
    newer = page.all("input", name="revision")[0]["value"]
    assert int(newer) > int(revision)
    ann.post("/schedules/often/edit", timetable="every 2h", revision=newer)
    assert schedule_named(shop.rota, "often").effective.timetable == "every 2h"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"timetable": "every full moon"}, "timetable"),
        ({"args": "{"}, "args"),
        ({"priority": "5000"}, "priority"),
        ({"queue": ""}, "queue"),
        ({"time_limit": "25 parsecs"}, "time_limit"),
    ],
)
def test_an_edit_that_can_not_be_is_refused(shop, ann, form, field):
    before = schedule_named(shop.rota, "often")
    page = ann.post("/schedules/often/edit", 400, **form)
    assert page.all("p", role="alert")
    shown = form[field]
    typed = [one.get("value") for one in page.all("input", name=field)]
    assert typed == [shown] or (field == "args" and shown in page.text)
    assert schedule_named(shop.rota, "often") == before


def test_an_edit_keeps_secrets_that_it_does_not_show(shop, ann):
    @shop.rota.task
    def report(to: str, password: str = ""): ...

    shop.rota.schedule(report, daily("03:00"), args={"to": "ann", "password": "hunter2"})
    shop.rota.sync()
    ann.get("/schedules/report/edit")
    assert "hunter2" not in ann.answer.text
    ann.post("/schedules/report/edit", args='{"to": "bob", "password": "••••••"}')
    assert schedule_named(shop.rota, "report").effective.args == {"to": "bob", "password": "hunter2"}


def test_a_schedule_of_a_user_is_made_edited_and_deleted(shop, ann):
    made = {"task": "nightly", "name": "by hand", "timetable": "every 3h", "args": "{}", "tags": "a, b"}
    page = ann.post("/new-schedule", **made, reason="try")
    assert "by hand was made." in page.text
    assert schedule_named(shop.rota, "by hand").effective.tags == ("a", "b")
    ann.post("/schedules/by%20hand/edit", timetable="every 4h")
    assert schedule_named(shop.rota, "by hand").declared.timetable == "every 4h"
    ann.get("/schedules/by%20hand/delete", 403)
    ann.role = Role.ADMIN
    revision = ann.get("/schedules/by%20hand/delete").all("input", name="revision")[0]["value"]
    assert "by hand was deleted." in ann.post("/schedules/by%20hand/delete", revision=revision).text
    assert shop.rota.store.schedules(ScheduleQuery(rota="sim", names=("by hand",))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"timetable": "never ever"},
        {"args": "[1]"},
        {"args": "{"},
        {"task": "unknown"},
        {"name": "often"},
        {"name": " "},
        {"args": '{"nothing": 1}'},
    ],
)
def test_a_schedule_that_can_not_be_made_is_refused_and_the_form_stays(shop, ann, changes):
    made = {"task": "nightly", "name": "by hand", "timetable": "every 3h", "args": "{}"} | changes
    page = ann.post("/new-schedule", 400, **made)
    assert page.all("p", role="alert")
    assert page.all("input", name="timetable")[0]["value"] == made["timetable"]
    assert len(shop.rota.store.schedules(ScheduleQuery(rota="sim"))) == 2


# -- as you type


def test_a_preview_says_what_a_timetable_means_and_what_it_would_change(ann):
    page = ann.get("/preview", timetable="0 9 13 * 5", name="nightly")
    assert "either is enough, as in cron" in page.text
    assert "Next 10 times" in page.text
    assert "30 gone" in page.text
    assert "at the same times as now" in ann.get("/preview", timetable="daily 02:30", name="nightly").text
    assert "24 times a day" in ann.get("/preview", timetable="every 1h").text


@pytest.mark.parametrize("text", ["every full moon", HOSTILE, "x" * 5000, "0 0 30 2 *"])
def test_a_timetable_that_can_not_be_is_explained(ann, text):
    page = ann.get("/preview", timetable=text, name="nightly")
    assert page.all("p", class_="problem")
    assert not page.all("img")


# -- who may


READS = ("/schedules", "/schedules/often", "/preview?timetable=every+1h")
FORMS = (
    "/new-schedule",
    *(f"/schedules/often/{one}" for one in ("pause", "run", "backfill", "edit", "delete")),
)
ACTS = ("/bulk/plan", "/bulk", *FORMS, *(f"/schedules/often/{one}" for one in ("resume", "skip", "clear")))


def test_a_viewer_reads_and_is_offered_no_action(shop):
    vic = Visitor(shop.rota, Role.VIEWER, "vic")
    for path in READS:
        page = vic.get(path)
        assert not [one for one in page.all("form") if one.get("method") == "post"]
        assert not [one for one in page.all("a") if one.get("data-act")]
    for path in FORMS:
        vic.get(path, 403)
    for path in ACTS:
        vic.post(path, 403)
    assert runs_of(shop.rota, "often") == []
    assert [line.actor for line in audit(shop.rota, "often") if line.actor == "vic"] == []


def test_every_form_of_a_session_carries_its_token(shop):
    people.put_user(shop.rota, "ann", "admin", "a long password", Actor("root", Role.ADMIN))
    client = Client(WebApp(shop.rota))
    client.post("/sign-in", data={"name": "ann", "password": "a long password"})
    for path in (*READS[:2], *FORMS):
        forms = Outline(client.get(path).text)
        posts = [one for one in forms.all("form") if one.get("method") == "post"]
        assert posts
        assert len(forms.all("input", name="csrf")) == len(posts), path
    for path in ACTS:
        assert client.post(path, data={"action": "pause", "name": "often"}).status_code == 403, path
    token = Outline(client.get("/schedules").text).all("input", name="csrf")[0]["value"]
    assert client.post("/schedules/often/skip", data={"csrf": token}).status_code == 303


# -- names


def address_of(app, name):
    """Return the address of a schedule's page; some names are coded."""
    return app.table.bind(EnvironBuilder().get_environ()).build("schedule", {"name": name})


@pytest.mark.parametrize("action", ["pause", "run", "backfill", "edit", "delete", "resume"])
def test_a_schedule_may_be_named_like_an_action_of_another(shop, ann, action):
    shop.declare("reports", every("1h"))
    shop.declare(f"reports/{action}", every("2h"))
    shop.rota.sync()
    links = [one["href"] for one in ann.get("/schedules", text="reports").all("a") if one.get("href")]
    ann.role = Role.ADMIN
    address = address_of(ann.app, f"reports/{action}")
    assert address in links
    assert "Every 2 hours" in ann.get(address).text
    assert "Every hour" in ann.get("/schedules/reports").text
    ann.post(f"{address}/pause", reason="both")
    assert schedule_named(shop.rota, f"reports/{action}").pause.reason == "both"
    assert schedule_named(shop.rota, "reports").pause is None


# -- hostile texts


def test_hostile_texts_are_shown_as_text_wherever_they_come_up(shop, ann, root):
    shop.declare(HOSTILE, every("1h"), tags=["<b>"], description="<script>alert(1)</script>")
    shop.rota.sync()
    changing.override(
        shop.rota, HOSTILE, "description", "<script>alert(2)</script>", root, reason="<i>why</i>"
    )
    changing.pause(shop.rota, HOSTILE, root, "<u>because</u>")
    address = next(
        one["href"]
        for one in ann.get("/schedules", tag="<b>").all("a")
        if "onerror" in (one.get("href") or "")
    )
    for path in [
        "/schedules?tag=%3Cb%3E",
        address,
        *(f"{address}?tab={one}" for one in ("configuration", "audit")),
        *(f"{address}/{one}" for one in ("pause", "run", "backfill", "edit")),
    ]:
        page = ann.get(path)
        assert HOSTILE in page.text or HOSTILE in str(page.elements), path
        for tag in ("img", "b", "i", "u"):
            assert not page.all(tag), (path, tag)
        assert all(one.get("src", "").startswith("/static/") for one in page.all("script"))
        assert not [one for _, one in page.elements if any(key.startswith("on") for key in one)]
    page = ann.post("/bulk/plan", 200, action="resume", name=HOSTILE)
    assert not page.all("img")
    page = ann.post(f"{address}/resume")
    assert not page.all("img")
    assert schedule_named(shop.rota, HOSTILE).pause is None


def test_no_page_has_a_style_or_script_of_its_own(shop, ann):
    shop.start_node()
    shop.advance(timedelta(hours=4))
    for path in (*READS, *FORMS[:-1], "/schedules/often?tab=errors"):
        page = ann.get(path)
        assert not page.all("style")
        assert not [one for _, one in page.elements if "style" in one]
        assert [one for one in page.all("script") if "src" not in one] == []


def test_a_planted_message_is_text(ann):
    import base64

    from rota.web.ui.told import NAME

    text = json.dumps(
        {"text": "<script>alert(1)</script>", "kind": "good", "undo": "delete", "names": ["often"]}
    )
    ann.client.set_cookie(NAME, base64.urlsafe_b64encode(text.encode()).decode())
    page = ann.get("/schedules")
    assert "<script>alert(1)</script>" in page.text
    ann.client.set_cookie(NAME, "nonsense")
    ann.get("/schedules")
