"""The pages about schedules in a real browser, as people use them: by mouse, by keys, without scripts."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from rota.core.records import RunQuery
from rota.operations.lookups import schedule_named

NAMES = ["exchange rates", "nightly backup", "sales/report ü"]
RATES, BACKUP, REPORT = (f"/schedules/{quote(name)}" for name in NAMES)
PAGES = [
    "/schedules",
    "/schedules?text=nothing+is+called+so",
    RATES,
    f"{RATES}?tab=errors",
    f"/schedules/{quote('search index')}?tab=configuration",
    "/schedules/newsletter?tab=audit",
    f"{BACKUP}/pause",
    f"{REPORT}/run",
    f"{RATES}/backfill?start=2026-03-25T20:00&end=2026-03-26T06:00",
    f"{BACKUP}/edit",
    "/new-schedule?task=report&timetable=every+2h",
]
both_sizes = pytest.mark.parametrize("size", ["wide", "narrow"])


def the(rota, name):
    return schedule_named(rota, name)


def runs_of(rota, name):
    return rota.store.runs(RunQuery(rota=rota.name, schedule=name, limit=500))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_fits_the_window_and_keeps_to_the_policy(person, theme):
    ann = person("wide", theme)
    for path in PAGES:
        ann.go(path)
        for size in ("wide", "narrow"):
            ann.resize(size)
            assert ann.axe() == [], (path, size)
            assert ann.is_as_wide_as_the_window(), (path, size)
    assert ann.troubles == []


@both_sizes
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plans_results_and_refusals_are_accessible_too(person, size, theme):
    ann = person(size, theme)

    def looks_right():
        assert ann.axe() == [], ann.page.url
        assert ann.is_as_wide_as_the_window(), ann.page.url

    ann.go("/schedules")
    ann.page.get_by_label("All that match").check()
    ann.page.get_by_role("button", name="Pause …").click()
    looks_right()
    ann.page.get_by_role("button", name="Pause: 7 schedules").click()
    assert "7 schedules paused." in ann.page.locator("#told").inner_text()
    looks_right()
    ann.go(f"{BACKUP}/pause")
    ann.page.get_by_label("Until").fill("soon")
    ann.page.get_by_role("button", name="Pause").click()
    ann.page.get_by_role("alert").wait_for()
    looks_right()
    ann.go(f"{BACKUP}/edit")
    ann.page.get_by_text("Policies").click()
    ann.page.get_by_label("Time limit", exact=False).first.fill("25 parsecs")
    ann.page.get_by_role("button", name="Save").click()
    ann.page.get_by_role("alert").wait_for()
    assert ann.page.get_by_label("Time limit", exact=False).first.input_value() == "25 parsecs"
    looks_right()


@both_sizes
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_maintenance_window_is_planned_seen_and_taken_away(person, site, size, theme):
    ann = person(size, theme)

    def looks_right():
        assert ann.axe() == [], ann.page.url
        assert ann.is_as_wide_as_the_window(), ann.page.url

    ann.go("/schedules")
    ann.page.get_by_label("All that match").check()
    ann.page.get_by_role("button", name="Pause …").click()
    ann.page.get_by_label("Reason").fill("The database moves")
    ann.page.locator("input[name=start]").fill("2026-03-28 02:00")
    ann.page.locator("input[name=until]").fill("2h")
    ann.page.get_by_role("button", name="Show the plan").click()
    ann.page.get_by_text("resume it before you plan another pause").wait_for()
    looks_right()
    ann.page.get_by_role("button", name="Pause: 6 schedules").click()
    assert "6 schedules will be paused. 1 left as it was." in ann.page.locator("#told").inner_text()
    looks_right()
    ann.go(BACKUP)
    assert "Sat 28 Mar 02:00 to 04:00 +01:00" in ann.page.locator("#pause").inner_text()
    looks_right()
    ann.go("/timeline?span=7d")
    ann.page.get_by_text("planned", exact=True).first.wait_for()
    looks_right()
    ann.go(BACKUP)
    ann.page.get_by_role("button", name="Take it away").click()
    ann.page.locator("#told").wait_for()
    assert the(site.rota, "nightly backup").pause is None


def test_an_inline_script_is_not_run_and_is_noticed(person):
    ann = person()
    ann.go("/schedules")
    ann.page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
        " document.body.append(one); }"
    )
    assert ann.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in ann.troubles)


@both_sizes
def test_pause_by_hand_and_take_it_back(person, site, size):
    ann = person(size)
    ann.go("/schedules")
    ann.page.get_by_role("link", name="nightly backup", exact=True).click()
    ann.page.get_by_role("link", name="Pause", exact=True).click()
    ann.page.get_by_label("Reason").fill("The disk is full")
    ann.page.get_by_label("Until").fill("2h")
    ann.page.get_by_role("button", name="Pause").click()
    told = ann.page.locator("#told")
    assert "Paused until" in told.inner_text()
    assert "The disk is full" in ann.page.locator("#pause").inner_text()
    assert the(site.rota, "nightly backup").pause.reason == "The disk is full"
    ann.page.get_by_role("button", name="Undo").click()
    ann.page.get_by_role("button", name="Resume: 1 schedule").click()
    assert "1 schedule resumed." in ann.page.locator("#told").inner_text()
    assert the(site.rota, "nightly backup").pause is None
    ann.page.reload()
    assert ann.page.locator("#told").inner_text() == ""
    assert ann.troubles == []


@both_sizes
def test_run_now_with_other_arguments_and_as_a_dry_run(person, site, size):
    ann = person(size)
    ann.go(REPORT)
    ann.page.get_by_role("link", name="Run with").click()
    assert ann.page.get_by_label("to required").input_value() == "ann@example.org"
    ann.page.get_by_label("copies").fill("3")
    ann.page.get_by_role("button", name="Dry run").click()
    assert "as a dry run" in ann.page.locator("#told").inner_text()
    newest = runs_of(site.rota, "sales/report ü")[0]
    assert newest.args == {"to": "ann@example.org", "copies": 3, "dry_run": True}
    assert newest.by == "first look"
    assert ann.troubles == []


@both_sizes
def test_many_are_selected_filtered_and_paused_after_a_plan(person, site, size):
    ann = person(size)
    ann.go("/schedules")
    ann.page.get_by_role("searchbox").fill("e")
    ann.page.get_by_label("Tag").fill("money")
    ann.page.get_by_role("button", name="Filter").click()
    ann.page.wait_for_url("**/schedules?**tag=money")
    assert "state=" not in ann.page.url
    ann.page.get_by_label("Select exchange rates").check()
    assert ann.page.locator("[data-selected]").inner_text() == "The 1 selected"
    ann.page.get_by_label("Select invoices:send").check()
    ann.page.get_by_role("button", name="Pause …").click()
    assert the(site.rota, "invoices:send").pause is None
    ann.page.get_by_label("Reason").fill("Month end")
    ann.page.get_by_role("button", name="Pause: 2 schedules").click()
    assert "2 schedules paused." in ann.page.locator("#told").inner_text()
    assert the(site.rota, "invoices:send").pause.reason == "Month end"
    assert ann.troubles == []


def test_the_head_of_the_table_selects_the_page(person):
    ann = person()
    ann.go("/schedules")
    ann.page.get_by_label("Select the page").check()
    assert ann.page.locator("[data-selected]").inner_text() == "The 7 selected"
    ann.page.get_by_label("Select newsletter").uncheck()
    assert ann.page.locator("[data-all]").evaluate("(box) => box.indeterminate")


@both_sizes
def test_an_edit_says_what_it_means_while_it_is_typed(person, site, size):
    ann = person(size)
    ann.go(f"{BACKUP}/edit")
    preview = ann.page.locator("[data-preview]")
    ann.page.get_by_label("Timetable").fill("weekly mon 04:00")
    preview.get_by_text("At 04:00 on Mondays, Europe/Paris").wait_for()
    assert "gone" in preview.inner_text()
    ann.page.get_by_label("Timetable").fill("every full moon")
    preview.locator(".problem").wait_for()
    ann.page.get_by_label("Timetable").fill("daily 04:00")
    preview.get_by_text("Every day at 04:00, Europe/Paris").wait_for()
    ann.page.get_by_label("Reason").fill("The night is too short")
    ann.page.get_by_role("button", name="Save").click()
    assert "Saved: timetable" in ann.page.locator("#told").inner_text()
    assert the(site.rota, "nightly backup").effective.timetable == "daily 04:00 in Europe/Paris"
    ann.page.get_by_role("button", name="Clear the override of timetable").click()
    assert the(site.rota, "nightly backup").overrides == ()
    assert ann.troubles == []


def test_an_edit_that_comes_too_late_keeps_what_was_typed(person, site):
    ann, bob = person(), None
    ann.go(f"{BACKUP}/edit")
    state = ann._context.storage_state()
    bob = ann._context.new_page()
    assert state["cookies"]
    bob.goto(site.url + f"{BACKUP}/pause")
    bob.get_by_role("button", name="Pause").click()
    ann.page.get_by_label("Timetable").fill("daily 04:00")
    ann.page.get_by_role("button", name="Save").click()
    assert "by first look (pause)" in ann.page.get_by_role("alert").inner_text()
    assert ann.page.get_by_label("Timetable").input_value() == "daily 04:00"
    assert the(site.rota, "nightly backup").overrides == ()


@both_sizes
def test_a_schedule_is_made_and_deleted(person, site, size):
    ann = person(size)
    ann.go("/schedules")
    ann.page.get_by_role("link", name="New schedule").click()
    ann.page.get_by_label("Task").select_option("report")
    ann.page.get_by_label("Name").fill("for bob")
    ann.page.get_by_label("Timetable").fill("every 2h")
    ann.page.get_by_label("Arguments").fill('{"to": "bob@example.org"}')
    ann.page.get_by_role("button", name="Make it").click()
    assert "for bob was made." in ann.page.locator("#told").inner_text()
    assert the(site.rota, "for bob").effective.args == {"to": "bob@example.org"}
    ann.page.get_by_role("link", name="Delete").click()
    ann.page.get_by_role("button", name="Delete").click()
    assert "for bob was deleted" in ann.page.locator("#told").inner_text()


@both_sizes
def test_the_next_one_is_skipped_and_the_past_is_filled_in(person, site, size):
    ann = person(size)
    ann.go(f"/schedules/{quote('purge sessions')}")
    ann.page.get_by_role("button", name="Skip next").click()
    assert "is left out" in ann.page.locator("#told").inner_text()
    before = len(runs_of(site.rota, "purge sessions"))
    ann.page.get_by_role("link", name="Backfill").click()
    ann.page.get_by_label("From").fill("2026-03-20T10:00")
    ann.page.get_by_label("To, not included").fill("2026-03-20T13:00")
    ann.page.get_by_role("button", name="Preview").click()
    assert len(runs_of(site.rota, "purge sessions")) == before
    ann.page.get_by_role("button", name="Make 3 runs").click()
    assert "3 runs were made." in ann.page.locator("#told").inner_text()
    assert len(runs_of(site.rota, "purge sessions")) == before + 3
    assert ann.troubles == []


@both_sizes
def test_everything_works_without_scripts(person, site, size):
    ann = person(size, scripts=False)
    ann.go("/schedules?tag=house")
    ann.page.get_by_label("Select nightly backup").check()
    ann.page.get_by_role("button", name="Pause …").click()
    ann.page.get_by_role("button", name="Pause: 1 schedule").click()
    assert "1 schedule paused." in ann.page.locator("#told").inner_text()
    ann.go(f"{BACKUP}/edit")
    ann.page.get_by_label("Timetable").fill("weekly mon 04:00")
    ann.page.get_by_role("button", name="Preview").click()
    assert "At 04:00 on Mondays" in ann.page.locator("[data-preview]").inner_text()
    assert ann.page.get_by_label("Timetable").input_value() == "weekly mon 04:00"
    ann.page.get_by_role("button", name="Save").click()
    assert the(site.rota, "nightly backup").effective.timetable == "weekly mon 04:00 in Europe/Paris"


def test_what_changes_elsewhere_comes_up_and_what_is_selected_stays(person, site):
    from rota.operations import changing
    from rota.operations.actor import Actor, Role

    ann = person()
    ann.go("/schedules")
    ann.page.get_by_label("Select exchange rates").check()
    ann.page.get_by_role("searchbox").fill("half a wor")
    changing.pause(site.rota, "nightly backup", Actor("bob", Role.OPERATOR, "test"))
    site.sim.clock.advance(timedelta(seconds=2))  # it stands still here: a page is good for a moment
    row = ann.page.locator("tbody tr", has_text="nightly backup")
    row.get_by_text("paused").wait_for()
    assert ann.page.get_by_label("Select exchange rates").is_checked()
    assert ann.page.get_by_role("searchbox").input_value() == "half a wor"
    assert ann.troubles == []
