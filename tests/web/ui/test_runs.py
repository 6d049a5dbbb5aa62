"""The explorer: facets in the address, pages, and actions on several at once."""

from datetime import timedelta

import pytest

from rota.core.records import RunState
from tests.web.ui.conftest import text_of
from tests.web.ui.shop import HOSTILE, waiting


def ids_on(page: str) -> set[str]:
    import re

    return set(re.findall(r'id="run-([0-9a-f-]{36})"', page))


@pytest.mark.parametrize(
    ("facets", "chosen"),
    [
        ("state=failed", lambda run: run.state is RunState.FAILED),
        ("state=failed&state=succeeded", lambda run: run.state in (RunState.FAILED, RunState.SUCCEEDED)),
        ("schedule=counts", lambda run: run.schedule == "counts"),
        ("task=greet&queue=default", lambda run: run.task == "greet"),
        ("queue=other", lambda run: False),
        (
            "since=2026-03-02T13:00:00Z&until=2026-03-02T13:20:00Z",
            lambda run: run.created_at.hour == 13 and run.created_at.minute < 20,
        ),
        ("within=1h&schedule=charges", lambda run: run.schedule == "charges" and run.created_at.hour >= 13),
    ],
)
def test_facets_choose_what_is_shown(viewer, facets, chosen):
    wanted = {run.id for run in viewer.runs(limit=500) if chosen(run)}
    assert ids_on(viewer.page(f"/runs?{facets}")) == wanted


@pytest.mark.parametrize(
    "bad", ["state=sleeping", "since=yesterday", "since=2026-03-02T13:00:00", "within=2y", "after=x"]
)
def test_a_facet_that_can_not_be_read_is_refused_in_words(viewer, bad):
    answer = viewer.get(f"/runs?{bad}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_pages_follow_each_other_without_gap_or_repetition(viewer):
    made = [waiting(viewer.rota, "greet") for _ in range(120)]
    seen: list[str] = []
    path = "/runs?state=pending"
    while path:
        import html
        import re

        page = viewer.page(path)
        seen += ids_on(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = f"/runs{html.unescape(following[1])}" if following else ""
    assert len(seen) == len(set(seen)) == 120
    assert set(seen) == set(made)


def test_the_count_is_capped(viewer, monkeypatch):
    monkeypatch.setattr("rota.web.ui.runs.COUNTED", 5)
    assert "5+ in history" in text_of(viewer.page("/runs"))


def test_selected_runs_are_retried_after_a_plan(operator):
    failed = [run.id for run in operator.runs(states=(RunState.FAILED,))][:2]
    before = len(operator.runs(limit=500))
    plan = operator.post("/runs/plan", action="retry", run=failed, back="?state=failed")
    assert plan.status_code == 200
    assert "Retry 2 runs?" in plan.text
    assert len(operator.runs(limit=500)) == before
    page = operator.send("/runs/change", action="retry", run=failed, back="?state=failed", reason="mended")
    assert "2 runs retried." in page
    made = [run for run in operator.runs(limit=500) if run.parent in failed]
    assert len(made) == 2
    assert {run.reason for run in made} == {"mended"}


def test_a_plan_says_what_is_left_alone(operator):
    pending, ended = waiting(operator.rota, "greet"), operator.runs(states=(RunState.SUCCEEDED,))[0].id
    plan = operator.post("/runs/plan", action="cancel", run=[pending, ended])
    assert "Cancel 1 run?" in plan.text
    assert "1 run will be left alone." in plan.text
    page = operator.send("/runs/change", action="cancel", run=[pending, ended])
    assert "1 run cancelled; 1 left alone." in page
    assert operator.rota.store.run(pending).state is RunState.CANCELLED


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "retry"}, 400),
        ({"action": "explode", "run": "x"}, 400),
        ({"action": "retry", "run": "01999999-0000-7000-8000-000000000000"}, 404),
        ({"action": "retry", "run": HOSTILE}, 404),
        ({"action": "cancel", "run": [f"r{n}" for n in range(501)]}, 400),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(operator, fields, status):
    for path in ("/runs/plan", "/runs/change"):
        answer = operator.post(path, **fields)
        assert answer.status_code == status
        assert HOSTILE not in answer.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "\r\nX-Planted: 1", "/evil"])
def test_nobody_is_sent_elsewhere_afterwards(operator, back):
    pending = waiting(operator.rota, "greet")
    answer = operator.post("/runs/change", action="cancel", run=pending, back=back)
    assert answer.headers["Location"] == "/runs"


def test_a_viewer_can_not_act(viewer):
    failed = viewer.runs(states=(RunState.FAILED,))[0].id
    for path in ("/runs/plan", "/runs/change", f"/runs/{failed}/retry", f"/runs/{failed}/cancel"):
        assert viewer.post(path, action="retry", run=failed).status_code == 403
    assert 'type="checkbox" name="run"' not in viewer.page("/runs")


def test_a_form_without_the_token_of_the_session_is_refused(operator):
    pending = waiting(operator.rota, "greet")
    assert operator.client.post(f"/runs/{pending}/cancel", data={}).status_code == 403
    assert operator.rota.store.run(pending).state is RunState.PENDING


def test_no_match_and_no_history_are_told_apart(viewer, clock):
    from rota import Rota
    from rota.operations.actor import Role
    from rota.web.app import WebApp
    from tests.web.ui.conftest import Visitor

    assert "No run matches." in viewer.page("/runs?schedule=none")
    rota = Rota("new", store="sqlite:///:memory:", clock=clock, housekeeping=False)
    assert "Nothing has run yet." in Visitor(WebApp(rota), Role.VIEWER).page("/runs")
    rota.close()


# -- all that match
def planned(page: str) -> dict[str, list[str]]:
    """Return what the form of a plan holds."""
    import html
    import re

    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page):
        fields.setdefault(name, []).append(html.unescape(value))
    fields.pop("csrf")
    return fields


def undone(page: str) -> str:
    """Return where the undo that a result offers is."""
    import html
    import re

    return html.unescape(re.search(r'href="([^"]+)">Undo…', page)[1])


def test_all_that_match_are_retried_after_a_plan_and_that_is_undone(operator, clock):
    failed = [run.id for run in operator.runs(states=(RunState.FAILED,))]
    plan = operator.page("/runs/all?action=retry&state=failed&within=24h")
    assert f"Retry {len(failed)} runs" in text_of(plan)
    assert len(operator.runs(limit=500, states=(RunState.PENDING,))) == 0
    clock.advance(timedelta(minutes=1))
    late = waiting(operator.rota, "charge")
    page = operator.send("/runs/all", **planned(plan), reason="the bank is back")
    assert f"{len(failed)} runs retried." in page
    made = [run for run in operator.runs(states=(RunState.PENDING,)) if run.id != late]
    assert sorted(run.parent for run in made) == sorted(failed)
    assert {run.reason for run in made} == {"the bank is back"}
    operator.send("/runs/all", **planned(plan))
    assert len(operator.runs(states=(RunState.PENDING,))) == len(failed) + 1

    undo = operator.page(undone(page))
    assert f"Cancel the retries of {len(failed)} runs" in text_of(undo)
    page = operator.send("/runs/all", **planned(undo))
    assert f"{len(failed)} runs cancelled again." in page
    assert [run.id for run in operator.runs(states=(RunState.PENDING,))] == [late]


def test_all_that_wait_are_cancelled_and_that_is_undone(operator, clock):
    wanted = {waiting(operator.rota, "greet") for _ in range(3)}
    other = waiting(operator.rota, "charge")
    plan = operator.page("/runs/all?action=cancel&task=greet")
    clock.advance(timedelta(seconds=1))
    page = operator.send("/runs/all", **planned(plan))
    assert "3 runs cancelled." in page
    assert [run.id for run in operator.runs(states=(RunState.PENDING,))] == [other]
    page = operator.send("/runs/all", **planned(operator.page(undone(page))))
    assert "3 runs made again." in page
    again = operator.runs(states=(RunState.PENDING,), task="greet")
    assert {run.parent for run in again} == wanted


def test_the_explorer_offers_all_that_match(operator, viewer):
    page = operator.page("/runs?state=failed&schedule=charges")
    assert 'href="/runs/all?state=failed&amp;schedule=charges&amp;action=retry"' in page
    assert "/runs/all" not in viewer.page("/runs?state=failed")
    assert viewer.get("/runs/all?action=retry").status_code == 403
    assert viewer.post("/runs/all", action="retry").status_code == 403


def test_a_plan_for_all_without_any_says_so(operator):
    plan = operator.page("/runs/all?action=cancel&schedule=charges")
    assert "Nothing would change" in plan
    assert '<button class="primary">Cancel' not in plan


@pytest.mark.parametrize(
    "bad",
    ["action=explode", "action=retry&at=2999-01-01T00:00:00Z", "action=retry&at=now", "action=retry&state=x"],
)
def test_a_plan_for_all_that_makes_no_sense_is_refused(operator, bad):
    assert operator.get(f"/runs/all?{bad}").status_code == 400
    assert (
        operator.post(f"/runs/all?{bad}", **dict(part.split("=") for part in bad.split("&"))).status_code
        == 400
    )
