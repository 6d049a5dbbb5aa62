"""Django's admin: it shows what the store has, and each act is an operation with its audit line."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rota.core.records import RunQuery, RunState, ScheduleQuery
from rota.operations import authoring, changing
from rota.operations.actor import Actor
from rota.operations.history import audit
from rota.operations.lookups import schedule_named
from tests.django.faces.people import ANN, fill
from tests.django.faces.site import OPERATE, VIEW, user


def sign_in(name: str, *permissions: str, **options) -> Client:
    client = Client()
    client.force_login(user(name, *permissions, **options))
    return client


@pytest.fixture
def filled(shop):
    return fill(shop)


@pytest.fixture
def root(shop) -> Client:
    return sign_in("root", is_superuser=True)


@pytest.fixture
def page_of(shop):
    """Return the address of a page of one schedule."""

    def page(name: str, kind: str = "change", *more: str) -> str:
        return reverse(f"admin:rota_schedule_{kind}", args=[schedule_named(shop, name).id, *more])

    return page


def entries():
    """What Django's admin notes as recent actions."""
    from django.contrib.admin.models import LogEntry

    return LogEntry.objects.all()


SCHEDULES, RUNS = "/admin/rota/schedule/", "/admin/rota/run/"


def text_of(response) -> str:
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def form_of(client: Client, address: str) -> dict[str, str]:
    """Return what a browser would send of the form of a schedule."""
    form = client.get(address).context["adminform"].form
    return {name: "" if (value := form[name].value()) is None else str(value) for name in form.fields}


# -- lists
def test_the_list_shows_each_schedule_and_how_it_stands(shop, filled, root):
    text = text_of(root.get(SCHEDULES))
    assert "Every day at 04:30, Europe/Zurich" in text
    assert "code, 1 override" in text
    assert "paused by ann: too often" in text
    assert "Last run: succeeded" in text
    assert "&lt;b&gt;hostile&lt;/b&gt; &amp; co" in root.get(SCHEDULES).content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=paused", ["mark"]),
        ("source=override", ["clearsessions"]),
        ("source=user", ["<b>hostile</b> & co", "refunds/nightly"]),
        ("q=REFUND", ["refunds/nightly"]),
        ("q=refund&state=paused", []),
        ("tag=nothing", []),
        ("state=nonsense&source=user", ["<b>hostile</b> & co", "refunds/nightly"]),
    ],
)
def test_the_list_is_filtered(shop, filled, root, query, names):
    changelist = root.get(f"{SCHEDULES}?{query}").context["cl"]
    assert [row.name for row in changelist.result_list] == names


def test_runners_are_told_when_there_are_several(shop, filled, root, monkeypatch):
    for task in shop.registry.tasks.values():
        monkeypatch.setattr(task, "runner", "local")
    assert "Runner" not in text_of(root.get(SCHEDULES))
    monkeypatch.setattr(shop.registry.task("refund"), "runner", "django.tasks:post")
    page = root.get(f"{SCHEDULES}?runner=django.tasks:post")
    assert names_on(page) == ["refunds/nightly"]
    assert "By runner" in text_of(page)
    assert "django.tasks:post" in text_of(page)
    assert "refunds/nightly" not in names_on(root.get(f"{SCHEDULES}?runner=local"))
    assert len(names_on(root.get(f"{SCHEDULES}?runner=celery"))) == len(names_on(root.get(SCHEDULES)))
    one = schedule_named(shop, "refunds/nightly").id
    page = text_of(root.get(f"{SCHEDULES}{one}/change/"))
    assert "take its runs, and have them executed by django.tasks:post." in page


def names_on(response) -> list[str]:
    return [row.name for row in response.context["cl"].result_list]


@pytest.mark.parametrize("order", ["", "o=1", "o=-1", "o=5"])
def test_pages_follow_each_other_and_hold_each_schedule_once(shop, root, order):
    for number in range(120):
        authoring.create_schedule(shop, f"many-{number:03}", "count_orders", f"every {number + 1}h", ANN)
    response, names = root.get(f"{SCHEDULES}?q=many-&{order}"), []
    while True:
        names += names_on(response)
        changelist = response.context["cl"]
        if not changelist.next_page:
            break
        assert len(changelist.result_list) == 50
        response = root.get(f"{SCHEDULES}{changelist.next_page}")
    expected = [f"many-{number:03}" for number in range(120)]
    if order == "o=5":
        due = [schedule_named(shop, name).next_due for name in names]
        assert due == sorted(due)
        assert sorted(names) == expected
    else:
        assert names == (expected[::-1] if order == "o=-1" else expected)
    assert names_on(root.get(f"{SCHEDULES}{changelist.first_page}")) == names[:50]


def queries_of(client: Client, address: str) -> list[str]:
    client.get(address)  # what is looked up once for each process is known now
    with CaptureQueriesContext(connections["default"]) as queries:
        assert client.get(address).status_code == 200
    return [one["sql"] for one in queries]


def test_a_list_costs_as_many_queries_whatever_it_holds_and_counts_nothing(shop, filled, root):
    before = queries_of(root, SCHEDULES), queries_of(root, RUNS)
    for number in range(40):
        authoring.create_schedule(shop, f"more-{number}", "count_orders", "every 1h", ANN)
    for number in range(60):
        shop.registry.task("confirm").enqueue(order=number)
    after = queries_of(root, SCHEDULES), queries_of(root, RUNS)
    assert list(map(len, before)) == list(map(len, after))
    assert not [one for one in (*after[0], *after[1]) if "count(" in one.lower()]


def test_runs_are_found_by_state_schedule_and_id(shop, filled, root):
    def ids(query: str) -> list[str]:
        return [row.pk for row in root.get(f"{RUNS}?{query}").context["cl"].result_list]

    assert ids("state=succeeded") == [filled["succeeded"]]
    assert ids("q=refunds/nightly") == [filled["waiting"], filled["failed"]]
    assert ids(f"q={filled['failed']}") == ids(f"q={filled['failed'][-12:]}") == [filled["failed"]]
    assert ids("since=the+last+hour&task=refund") == [filled["waiting"], filled["failed"]]
    assert ids("q=nothing") == ids("state=expired") == []


def test_older_runs_are_on_the_next_page(shop, root):
    made = [shop.registry.task("confirm").enqueue(order=number) for number in range(53)]
    first = root.get(RUNS)
    second = root.get(f"{RUNS}{first.context['cl'].next_page}")
    shown = [row.pk for page in (first, second) for row in page.context["cl"].result_list]
    assert sorted(shown) == sorted(made)
    assert second.context["cl"].next_page == ""


# -- one
def test_a_run_shows_its_error_log_and_masked_arguments(shop, filled, root):
    text = text_of(root.get(reverse("admin:rota_run_change", args=[filled["failed"]])))
    assert "LookupError: order 7 was never paid" in text
    assert "looking for the payment of order 7" in text
    assert "card_token&quot;: &quot;••••••" in text
    assert "4111" not in text


def test_a_schedule_shows_what_comes_and_what_was_overridden(shop, filled, root, page_of):
    text = text_of(root.get(page_of("clearsessions")))
    assert (
        "timetable daily 02:00 in Europe/Zurich daily 04:30 in Europe/Zurich ann the backup is at two" in text
    )
    assert "04:30:00 +0" in text
    assert "The code says: daily 02:00 in Europe/Zurich" in text


@pytest.mark.parametrize("model", ["schedule", "run", "node", "auditline"])
@pytest.mark.parametrize("key", ["nothing", "00000000-0000-7000-8000-000000000000", "7"])
def test_what_does_not_exist_is_said_not_to(shop, root, model, key):
    for page in ("change", "history"):
        response = root.get(f"/admin/rota/{model}/{key}/{page}/")
        assert response.status_code == 302


def test_a_quarantined_schedule_is_shown_with_its_reason(shop, root, page_of):
    create = authoring.create_schedule
    create(shop, "broken", "count_orders", "every 1h", ANN)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE rota_schedule SET state = 'quarantined', quarantine = 'no such zone',"
            " next_due_us = NULL WHERE name = 'broken'"
        )
    assert "quarantined no such zone" in text_of(root.get(SCHEDULES))
    assert "It can not be evaluated: no such zone" in text_of(root.get(page_of("broken")))


def test_nodes_and_the_audit_are_listed(shop, filled, root):
    node = shop.node(("scheduler",), name="web-1")
    node.start()
    try:
        assert "web-1 ● live scheduler" in text_of(root.get("/admin/rota/node/"))
        assert "web-1" in text_of(root.get("/admin/rota/node/web-1/change/"))
    finally:
        node.stop()
    assert "ann override clearsessions" in text_of(root.get("/admin/rota/auditline/"))
    assert "the backup is at two" in text_of(root.get("/admin/rota/auditline/?q=clearsessions"))


def test_a_node_is_asked_to_drain_and_leaves(shop, filled, root):
    node = shop.node(("scheduler",), name="web-1")
    left = threading.Event()
    node.on_drained = left.set
    node.start()
    try:
        act = "/admin/rota/node/web-1/do/drain/"
        assert act in root.get("/admin/rota/node/web-1/change/").content.decode()
        page = text_of(root.get(act))
        assert "Drain web-1?" in page
        assert "it is running nothing; what comes then waits, as no other node schedules" in page
        asked = {"action": "drain", "confirmed": "1", "_selected_action": "web-1", "reason": "new release"}
        told = text_of(root.post("/admin/rota/node/", asked, follow=True))
        assert "Drain. web-1: takes nothing more within 5 seconds" in told
        assert "◑ draining" in told
        assert left.wait(60)
        assert shop.store.nodes(shop.name) == []
    finally:
        node.stop()
    line = audit(shop, "web-1")[0]
    assert (line.actor, line.action, line.via, line.reason) == (
        "root", "drain", "django 127.0.0.1", "new release",
    )  # fmt: skip


# -- edit
def test_an_edit_is_an_override_with_its_reason(shop, root, page_of):
    address = page_of("clearsessions")
    form = {**form_of(root, address), "timetable": "daily 05:15", "reason": "quieter then", "until": "3d"}
    assert root.post(address, form, follow=True).redirect_chain == [(SCHEDULES, 302)]
    schedule = schedule_named(shop, "clearsessions")
    [override] = schedule.overrides
    assert (override.field, override.author, override.reason) == ("timetable", "root", "quieter then")
    assert override.until is not None
    assert schedule.effective.timetable == "daily 05:15 in Europe/Zurich"
    assert schedule.declared.timetable == "daily 02:00 in Europe/Zurich"
    line = audit(shop, "clearsessions")[0]
    assert (line.actor, line.action, line.via, line.reason) == (
        "root", "override", "django 127.0.0.1", "quieter then",
    )  # fmt: skip
    entry = entries().get()
    assert "daily 05:15" in entry.get_change_message()
    assert (entry.user.username, entry.object_repr) == ("root", "clearsessions")


def test_an_edit_that_changes_nothing_leaves_no_trace(shop, root, page_of):
    address = page_of("clearsessions")
    said = text_of(root.post(address, form_of(root, address), follow=True))
    assert "Nothing was changed." in said
    assert schedule_named(shop, "clearsessions").overrides == ()
    assert entries().count() == 0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("timetable", "every blue moon", "every blue moon"),
        ("args", "{", "it is no JSON"),
        ("args", '{"nothing": 1}', "nothing"),
        ("retries", "-4", "-4"),
        ("priority", "many", "many"),
        ("until", "yesterday", "yesterday"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(shop, root, page_of, field, value, words):
    authoring.create_schedule(shop, "counting", "count_orders", "every 1h", ANN)
    name = "counting" if field == "args" else "clearsessions"
    address = page_of(name)
    more = {"timetable": "daily 05:15"} if field == "until" else {}
    response = root.post(address, {**form_of(root, address), **more, field: value})
    assert response.status_code == 200
    assert words in str(response.context["adminform"].form.errors[field])
    assert schedule_named(shop, name).overrides == ()


def test_an_edit_of_what_has_changed_meanwhile_is_refused(shop, root, page_of):
    address = page_of("clearsessions")
    form = {**form_of(root, address), "timetable": "daily 05:15"}
    changing.pause(shop, "clearsessions", ANN)
    assert "Load the page again" in str(root.post(address, form).context["errors"])
    assert schedule_named(shop, "clearsessions").overrides == ()


def test_what_is_masked_stays_as_it_is(shop, filled, root, page_of):
    address = page_of("refunds/nightly")
    form = form_of(root, address)
    assert "4111" not in form["args"]
    root.post(address, {**form, "args": form["args"].replace("7", "8")})
    assert schedule_named(shop, "refunds/nightly").effective.args == {"order": 8, "card_token": "4111-11"}


# -- acts
def act(client: Client, name: str, keys, **fields):
    """Choose an action of the list, then confirm it."""
    data = {"action": name, "_selected_action": list(keys)}
    asked = client.post(fields.pop("at", SCHEDULES), {**data, "index": 0})
    assert asked.status_code == 200, asked.status_code
    assert 'name="confirmed"' in asked.content.decode()
    return client.post(asked.context["back"], {**data, "confirmed": 1, "key": asked.context["key"], **fields})


def test_a_pause_is_planned_and_taken_away(shop, root, page_of):
    from rota.integrations.django.models import Schedule

    mark = schedule_named(shop, "mark").id
    assert act(root, "pause", [mark], reason="moving house", start="1d", until="2h").status_code == 302
    pause = schedule_named(shop, "mark").pause
    assert pause.until - pause.start == timedelta(hours=2)
    assert Schedule.objects.get(id=mark).pause_start == pause.start
    text = text_of(root.get(SCHEDULES))
    assert "pause planned from" in text and "by root: moving house" in text
    assert page_of("mark") not in root.get(f"{SCHEDULES}?state=paused").content.decode()
    for name in ("pause", "resume"):  # another in its place, or none
        assert page_of("mark", "act", name) in root.get(page_of("mark")).content.decode()
    assert act(root, "resume", [mark]).status_code == 302
    assert schedule_named(shop, "mark").pause is None


def test_acts_on_schedules(shop, root):
    ids = [
        one.id for one in shop.store.schedules(ScheduleQuery(rota="shop", names=("mark", "clearsessions")))
    ]

    def states() -> set[bool]:
        return {schedule_named(shop, name).pause is not None for name in ("mark", "clearsessions")}

    assert act(root, "pause", ids, reason="moving house", until="2h").status_code == 302
    assert states() == {True}
    assert schedule_named(shop, "mark").pause.reason == "moving house"
    assert schedule_named(shop, "mark").pause.until is not None
    assert act(root, "resume", ids).status_code == 302
    assert states() == {False}
    changing.override(shop, "clearsessions", "priority", 5, ANN)
    assert act(root, "reset", ids, reason="done").status_code == 302
    assert schedule_named(shop, "clearsessions").overrides == ()
    assert act(root, "trigger", ids, reason="now").status_code == 302
    made = shop.store.runs(RunQuery(rota="shop"))
    by_hand = {(run.schedule, run.by) for run in made if run.by}
    assert by_hand == {("mark", "root"), ("clearsessions", "root")}
    assert [line.action for line in audit(shop, "clearsessions")][:5] == [
        "trigger", "clear override", "override", "resume", "pause",
    ]  # fmt: skip
    assert entries().count() == 7


def test_a_question_does_nothing(shop, root, page_of):
    assert "Pause mark?" in text_of(root.get(page_of("mark", "act", "pause")))
    assert "mark: paused until it is resumed" in text_of(root.get(page_of("mark", "act", "pause")))
    assert "Left as it is" in text_of(root.get(page_of("mark", "act", "resume")))
    text_of(root.get(page_of("mark", "act", "trigger")))
    assert schedule_named(shop, "mark").pause is None
    assert shop.store.runs(RunQuery(rota="shop")) == []


def test_one_run_may_have_other_arguments_and_is_made_once(shop, filled, root):
    one = schedule_named(shop, "refunds/nightly").id
    args = '{"order": 9, "card_token": "••••••"}'
    response = act(root, "trigger", [one], args=args, key="once", from_page=1)
    assert response.headers["Location"].endswith(f"/{one}/change/")
    act(root, "trigger", [one], args=args, key="once")
    latest = shop.store.runs(RunQuery(rota="shop", schedule="refunds/nightly"))
    assert [dict(run.args) for run in latest if run.args["order"] == 9] == [
        {"order": 9, "card_token": "4111-11"}
    ]


@pytest.mark.parametrize(
    ("name", "field", "value", "words"),
    [
        ("trigger", "args", "{", "no JSON"),
        ("trigger", "args", "[]", "object"),
        ("pause", "until", "never", "never"),
    ],
)
def test_a_bad_answer_to_a_question_is_asked_again(shop, filled, root, name, field, value, words):
    one = schedule_named(shop, "refunds/nightly").id
    before = len(shop.store.runs(RunQuery(rota="shop")))
    response = act(root, name, [one], **{field: value})
    assert response.status_code == 400
    assert words in response.content.decode()
    assert len(shop.store.runs(RunQuery(rota="shop"))) == before


def test_acts_on_runs(shop, filled, root):
    assert (
        act(root, "cancel", [filled["waiting"], filled["succeeded"]], at=RUNS, reason="no").status_code == 302
    )
    assert shop.store.run(filled["waiting"]).state is RunState.CANCELLED
    assert shop.store.run(filled["succeeded"]).state is RunState.SUCCEEDED
    assert act(root, "retry", [filled["succeeded"]], at=RUNS).status_code == 302
    assert shop.store.runs(RunQuery(rota="shop"))[0].parent == filled["succeeded"]
    assert "root cancel" in text_of(root.get(reverse("admin:rota_run_history", args=[filled["waiting"]])))


def test_the_history_has_what_was_done_by_every_way(shop, root, page_of):
    changing.pause(shop, "mark", Actor("deploy", via="cli"), "release 7")
    act(root, "resume", [schedule_named(shop, "mark").id], reason="released")
    text = text_of(root.get(page_of("mark", "history")))
    assert "deploy pause" in text and "release 7" in text and "cli" in text
    assert "root resume" in text and "django 127.0.0.1" in text


# -- permissions
@pytest.mark.parametrize(
    ("permissions", "acts", "run_acts", "may_edit"),
    [
        (VIEW, set(), set(), False),
        ((*VIEW, "trigger_schedule"), {"trigger"}, set(), False),
        ((*VIEW, "change_schedule"), {"pause", "resume", "reset"}, set(), True),
        ((*VIEW, "change_run"), set(), {"retry", "cancel"}, False),
        (OPERATE, {"pause", "resume", "reset", "trigger"}, {"retry", "cancel"}, True),
    ],
)
def test_each_act_has_its_permission(shop, filled, page_of, permissions, acts, run_acts, may_edit):
    client = sign_in("bob", *permissions)

    def offered(address: str) -> set[str]:
        form = client.get(address).context["action_form"]
        return {name for name, _ in form.fields["action"].choices if name} if form else set()

    assert offered(SCHEDULES) == acts
    assert offered(RUNS) == run_acts
    for name in ("pause", "resume", "reset", "trigger"):
        expected = 200 if name in acts else 403
        assert client.get(page_of("mark", "act", name)).status_code == expected
    page = client.get(page_of("mark")).content.decode()
    assert ('name="timetable"' in page) is may_edit
    if not may_edit:
        assert client.post(page_of("mark"), {"timetable": "every 2s"}).status_code == 403


@pytest.mark.parametrize(("permissions", "code"), [(VIEW, 403), ((*VIEW, "change_run"), 403), (OPERATE, 200)])
def test_to_let_a_node_drain_takes_all_that_makes_an_operator(shop, permissions, code):
    shop.store.join(shop.node(("scheduler",), name="web-1").row(shop.clock.now()))
    client = sign_in("bob", "view_node", *permissions)
    assert client.get("/admin/rota/node/web-1/do/drain/").status_code == code
    page = client.get("/admin/rota/node/web-1/change/").content.decode()
    assert ("/do/drain/" in page) is (code == 200)
    client.post("/admin/rota/node/", {"action": "drain", "_selected_action": ["web-1"], "confirmed": 1})
    assert [bool(one.drain_by) for one in shop.store.nodes(shop.name)] == [code == 200]


def test_whoever_has_no_permission_sees_nothing(shop, filled, page_of):
    client = sign_in("eve")
    for address in (SCHEDULES, RUNS, "/admin/rota/node/", page_of("mark"), page_of("mark", "history")):
        assert client.get(address).status_code == 403


def test_a_forged_action_does_nothing(shop):
    client = sign_in("bob", *VIEW)
    one = schedule_named(shop, "mark").id
    client.post(SCHEDULES, {"action": "pause", "_selected_action": [one], "confirmed": 1})
    assert schedule_named(shop, "mark").pause is None


def test_an_action_on_something_that_is_no_id_is_no_error(shop, root):
    response = root.post(
        SCHEDULES, {"action": "pause", "_selected_action": ["'; --"], "index": 0}, follow=True
    )
    assert "What was selected is gone." in text_of(response)
