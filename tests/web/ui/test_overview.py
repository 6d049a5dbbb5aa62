"""The first page says how it stands, and leads to what needs a person."""

from datetime import timedelta

import pytest
from werkzeug.test import Client

from rota import Rota
from rota.core.records import ClaimRequest, Report
from rota.operations.actor import Role
from rota.testing.clock import VirtualClock
from rota.web.app import WebApp
from tests.web.ui.conftest import Visitor, text_of
from tests.web.ui.shop import HOSTILE, START, alive, waiting, work


def test_what_fails_needs_attention_and_leads_to_the_run(viewer):
    page = viewer.page("/")
    failed = viewer.runs(schedule="charges")[0]
    assert "charges" in text_of(page)
    assert "its last run failed: ValueError: card refused" in text_of(page)
    assert f'href="/runs/{failed.id}"' in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_without_a_worker_it_says_so_and_what_to_start(viewer):
    page = text_of(viewer.page("/"))
    assert "Nothing will run: no worker has reported yet. Start one: rota worker" in page


def test_it_says_since_when_there_is_no_worker(app, viewer, clock):
    alive(app.rota, "worker-1")
    clock.advance(timedelta(minutes=30))
    assert "no worker has reported since 14:00 UTC, 30 minutes ago" in text_of(viewer.page("/"))


def test_the_next_hour_has_a_line_for_each_schedule(clock):
    rota = Rota("busy", store="sqlite:///:memory:", clock=clock, housekeeping=False)

    @rota.scheduled("every 1s", name="pulse")
    def pulse(): ...

    @rota.scheduled("every 20m", name="sweep")
    def sweep(): ...

    rota.sync()
    page = text_of(Visitor(WebApp(rota), Role.VIEWER).page("/"))
    rota.close()
    assert "pulse 300+ ×" in page
    assert "sweep 3 ×" in page


def test_when_all_is_well_one_sentence_says_it(clock):
    rota = Rota("calm", store="sqlite:///:memory:", clock=clock, housekeeping=False)

    @rota.scheduled("every 1h", name="sweep")
    def sweep(): ...

    rota.sync()
    alive(rota, "calm-1")
    page = text_of(Visitor(WebApp(rota), Role.VIEWER).page("/"))
    rota.close()
    assert "The one schedule is on time. Next: sweep in" in page
    assert "Needs attention" not in page


def test_a_rota_without_schedules_shows_six_lines_to_copy(clock):
    rota = Rota("empty", store="sqlite:///:memory:", clock=clock, housekeeping=False)
    page = Visitor(WebApp(rota), Role.VIEWER).page("/")
    rota.close()
    assert "Nothing is declared yet." in page
    assert "@rota.scheduled(daily(&#34;02:00&#34;))" in page or '@rota.scheduled(daily("02:00"))' in page


def test_the_last_day_is_drawn_and_is_a_table_too(viewer):
    page = viewer.page("/")
    assert 'aria-label="Runs of the last 24 hours"' in page
    assert "since=2026-03-02T12%3A00%3A00Z" in page or "since=2026-03-02T12:00:00Z" in page
    assert "succeeded" in page[page.index("The same as a table") :]


def test_the_rates_are_those_of_an_hour_and_of_a_day(viewer):
    runs = viewer.runs(limit=500)
    page = text_of(viewer.page("/"))
    assert f"Runs in 24 h {len(runs)}" in page
    late = [run for run in runs if run.created_at > viewer.rota.clock.now() - timedelta(hours=1)]
    assert f"Runs in 1 h {len(late)}" in page


def test_what_runs_shows_how_far_it_is(app, viewer, clock):
    run_id = waiting(app.rota, "count")
    (claimed,) = app.rota.store.claim(
        ClaimRequest(
            node="worker-1", rota="shop", queues=("default",), tasks=("count",), now=clock.now(),
            until=clock.now() + timedelta(minutes=5), limit=1,
        )
    )  # fmt: skip
    app.rota.store.report(
        [Report(run_id=run_id, token=claimed.token, attempt=1, done=25, total=100, note="orders")]
    )
    clock.advance(timedelta(minutes=1))
    page = viewer.page("/")
    assert "25 of 100 · orders · 3 minutes left" in text_of(page)
    assert '<progress max="100.0" value="25.0"' in page


def test_what_is_due_within_the_hour_is_listed_soonest_first(viewer):
    page = text_of(viewer.page("/"))
    assert page.index("counts 2 × in 30 minutes , 14:30 UTC") < page.index("charges in 1 hour , 15:00 UTC")


@pytest.mark.parametrize("path", ["/", "/runs", "/errors", "/timeline", "/nodes", "/audit", "/settings"])
def test_nobody_sees_a_page_without_signing_in(app, path):
    answer = Client(app).get(path)
    assert answer.status_code == 401
    assert 'action="/sign-in"' in answer.text


def test_an_override_about_to_end_needs_attention(app, viewer):
    from rota.operations.actor import Actor
    from rota.operations.changing import override_fields

    until = app.rota.clock.now() + timedelta(hours=2)
    override_fields(app.rota, "counts", {"priority": 5}, Actor("ann"), "sale", until=until)
    app.pages.recent.clear()
    assert "its override of priority (by ann) ends at" in text_of(viewer.page("/"))


def test_work_goes_on_and_the_page_follows(shop, viewer, clock):
    before = viewer.page("/")
    work(shop, clock, timedelta(hours=1))
    assert viewer.page("/") != before
    assert VirtualClock(START).now() < clock.now()
