"""A newcomer's tasks: from the first page on, by what is to be seen on the pages, and by nothing else."""

from __future__ import annotations

import re

import pytest

from rota.core.records import RunQuery, RunState
from rota.operations.lookups import schedule_named


@pytest.fixture
def page(person):
    """The overview, as the link that `rota web` prints opens it."""
    bob = person()
    assert bob.page.get_by_role("heading", level=1).inner_text()
    yield bob.page
    assert bob.troubles == []


def go(page, label):
    page.get_by_role("navigation", name="Main").get_by_role("link", name=label, exact=True).click()


def told(page):
    return page.locator("#told").inner_text()


def test_what_ran_last_night(page):
    go(page, "Timeline")
    page.get_by_role("link", name="24h").click()
    page.get_by_text("The same as a table").click()
    row = page.get_by_role("row", name=re.compile("nightly backup.*succeeded"))
    assert "27 Mar 01:30" in row.inner_text()
    row.get_by_role("link").first.click()
    assert "succeeded" in page.get_by_role("main").inner_text()
    assert "2026-03-27 01:30:00 UTC" in page.get_by_role("main").inner_text()


def test_why_one_occurrence_did_not_run(page):
    go(page, "Runs")
    page.get_by_role("navigation", name="States").get_by_role("link", name="missed").click()
    page.get_by_role("row", name=re.compile("exchange rates")).get_by_role("link").first.click()
    said = page.locator(".lead").inner_text()
    assert "no scheduler" in said
    assert "2026-03-25" in said


def test_what_will_run_in_the_next_hour(page):
    soon = page.get_by_role("region", name="Next 60 minutes")
    assert "07:00 UTC" in soon.get_by_role("listitem").filter(has_text="purge sessions").inner_text()
    assert "2 ×" in soon.get_by_role("listitem").filter(has_text="exchange rates").inner_text()
    assert soon.get_by_role("listitem").filter(has_text="nightly backup").count() == 0


def test_a_time_is_changed_and_that_is_undone(page, site):
    go(page, "Schedules")
    page.get_by_role("link", name="nightly backup", exact=True).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Timetable").fill("daily 04:00")
    page.get_by_text("Every day at 04:00, Europe/Paris").wait_for()
    page.get_by_label("Reason").fill("The night is too short")
    page.get_by_role("button", name="Save").click()
    assert "Saved" in told(page)
    assert schedule_named(site.rota, "nightly backup").effective.timetable == "daily 04:00 in Europe/Paris"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Reset to code: 1 schedule").click()
    assert "1 schedule reset to code" in told(page)
    assert schedule_named(site.rota, "nightly backup").effective.timetable == "daily 02:30 in Europe/Paris"


def test_one_is_paused_with_a_reason_and_that_is_undone(page, site):
    go(page, "Schedules")
    page.get_by_role("link", name="purge sessions", exact=True).click()
    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_label("Reason").fill("The disk is full")
    page.get_by_role("button", name="Pause").click()
    assert schedule_named(site.rota, "purge sessions").pause.reason == "The disk is full"
    assert "The disk is full" in page.get_by_role("main").inner_text()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Resume: 1 schedule").click()
    assert schedule_named(site.rota, "purge sessions").pause is None


def test_one_is_run_with_other_arguments_and_that_is_undone(page, site):
    go(page, "Schedules")
    page.get_by_role("link", name="sales/report", exact=False).first.click()
    page.get_by_role("link", name="Run with").click()
    page.get_by_label("copies").fill("3")
    page.get_by_role("button", name="Run now").click()
    assert "A run was made" in told(page)
    [made] = site.rota.store.runs(RunQuery(rota=site.rota.name, task="report", limit=1))
    assert (made.args["copies"], made.state) == (3, RunState.PENDING)
    page.get_by_role("button", name="Undo").click()
    assert "The run is cancelled; it had not started." in told(page)
    assert site.rota.store.run(made.id).state is RunState.CANCELLED
