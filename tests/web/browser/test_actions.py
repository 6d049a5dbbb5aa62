"""What people do, done in Chromium: with and without scripts, by mouse and by keys."""

import re

import pytest

from rota.core.records import RunQuery, RunState
from rota.operations import people
from rota.operations.actor import Actor, Role
from rota.operations.changing import pause
from rota.operations.lookups import schedule_named


def runs(served, **query):
    return served.rota.store.runs(RunQuery(rota="shop", limit=500, **query))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_run_is_retried(served, visit, scripts):
    page = visit(f"/runs/{served.failed.id}", java_script_enabled=scripts)
    before = {run.id for run in runs(served)}
    page.get_by_text("Retry…", exact=True).click()
    page.get_by_label("Reason, for the audit").first.fill(f"by hand, scripts {scripts}")
    page.get_by_role("button", name="Retry this run").click()
    (made,) = {run.id for run in runs(served)} - before
    assert page.url == f"{served.base}/runs/{made}"
    assert "This is the new run." in page.locator("#told").inner_text()
    page.reload()
    assert page.locator("#told").inner_text() == ""


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_selected_runs_are_cancelled_after_a_plan(served, visit, scripts):
    wanted = [served.waiting("greet") for _ in range(2)]
    page = visit("/runs?state=pending", java_script_enabled=scripts)
    for run_id in wanted:
        page.locator(f"#run-{run_id} input").check()
    page.get_by_role("button", name="Cancel selected…").click()
    page.get_by_role("heading", name="Cancel 2 runs?").wait_for()
    page.get_by_role("button", name="Cancel 2 runs").click()
    assert "2 runs cancelled." in page.locator("#told").inner_text()
    assert page.url == f"{served.base}/runs?state=pending"
    assert {served.rota.store.run(one).state for one in wanted} == {RunState.CANCELLED}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_all_that_match_are_cancelled_after_a_plan_and_that_is_undone(served, visit, scripts):
    left_by_others = [run.id for run in runs(served, states=(RunState.PENDING,), task="charge")]
    served.rota.store.cancel(left_by_others, "test", served.rota.clock.now())
    wanted = {served.waiting("charge") for _ in range(3)}
    page = visit("/runs?state=pending&task=charge", java_script_enabled=scripts)
    page.get_by_role("link", name="cancel…").click()
    page.get_by_role("heading", name="Cancel 3 runs?").wait_for()
    page.get_by_label("Reason, for the audit").fill("the wrong list")
    page.get_by_role("button", name="Cancel 3 runs").click()
    assert "3 runs cancelled." in page.locator("#told").inner_text()
    assert {served.rota.store.run(one).state for one in wanted} == {RunState.CANCELLED}
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Make again 3 runs").click()
    again = {run.id for run in runs(served, states=(RunState.PENDING,), task="charge")}
    assert {served.rota.store.run(one).parent for one in again} == wanted
    served.rota.store.cancel(sorted(again), "test", served.rota.clock.now())


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_pause_is_reverted_from_the_audit(served, visit, scripts):
    pause(served.rota, "greetings", Actor("ann"), "by mistake")
    served.server.app.pages.recent.clear()
    page = visit("/audit?subject=greetings", java_script_enabled=scripts)
    page.get_by_role("link", name="Revert pause of greetings").first.click()
    page.get_by_label("Reason, for the audit").fill("it was the wrong one")
    page.get_by_role("button", name="Revert it").click()
    assert "greetings: it is no longer paused." in page.locator("#told").inner_text()
    assert schedule_named(served.rota, "greetings").pause is None


def test_the_box_above_selects_the_page(served, visit):
    page = visit("/runs")
    page.locator("[data-select-all]").check()
    boxes = page.locator("tbody input[type=checkbox]")
    assert boxes.count() == page.locator("tbody input:checked").count() > 5
    assert page.locator("[data-selected]").inner_text() == f"{boxes.count()} selected"


def test_filters_land_in_the_address(served, visit):
    page = visit("/runs")
    page.get_by_label("Schedule").fill("charges")
    page.get_by_label("Made within").select_option("24h")
    page.get_by_role("button", name="Filter").click()
    assert "schedule=charges" in page.url
    assert "within=24h" in page.url
    assert page.locator("tbody tr").count() == len(runs(served, schedule="charges"))


def test_one_canary_is_retried_first(served, visit):
    page = visit("/errors")
    page.get_by_role("link", name="ValueError").click()
    page.get_by_role("link", name="Retry…").click()
    before = {run.id for run in runs(served)}
    page.get_by_role("button", name="Retry one first").click()
    (made,) = {run.id for run in runs(served)} - before
    page.get_by_role("link", name="Watch it").click()
    assert page.url == f"{served.base}/runs/{made}"


def test_a_token_is_made_shown_once_and_revoked(served, visit):
    page = visit("/settings")
    page.get_by_label("What it is for").fill("nightly import")
    page.get_by_role("button", name="Make a token").click()
    assert page.locator("#secret").inner_text().startswith("rota_")
    page.get_by_role("link", name="Done").click()
    row = page.get_by_role("row", name=re.compile("nightly import"))
    row.get_by_text("Revoke…").click()
    row.get_by_role("button").click()
    assert "The token is revoked" in page.locator("#told").inner_text()
    assert page.get_by_role("row", name=re.compile("nightly import")).count() == 0


def test_the_log_is_filtered_while_somebody_types(served, visit):
    page = visit(f"/runs/{served.counted.id}")
    page.get_by_label("Filter lines").fill("row 2")
    assert page.locator(".log li:visible").count() == 1


def test_a_line_of_a_log_has_an_address(served, visit):
    page = visit(f"/runs/{served.counted.id}")
    page.get_by_label("Line 2", exact=True).click()
    assert page.url.endswith("#L2")


# -- live
def test_a_running_run_is_followed_without_losing_the_focus(served, visit):
    page = visit(f"/runs/{served.running}")
    page.get_by_label("Filter lines").focus()
    served.report(served.running, 60, "sixty done\n")
    page.get_by_text("60 of 100").wait_for()
    assert "sixty done" in page.locator(".log").inner_text()
    assert page.evaluate("document.activeElement.name") == "find"


def test_a_paused_page_stands_still_and_stays_paused(served, visit):
    page = visit("/")
    page.get_by_role("button", name="Live").click()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_role("button", name="Paused").wait_for()
    loaded = len(asked)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("button", name="Paused").click()
    with page.expect_response(lambda answer: answer.url == f"{served.base}/"):
        pass
    assert all("/static/" in url or url == f"{served.base}/" for url in asked[loaded:])


def test_a_poll_that_finds_nothing_is_answered_by_304(served, visit):
    page = visit("/audit")
    with page.expect_response(lambda answer: answer.status == 304, timeout=15_000) as answered:
        pass
    assert answered.value.url == f"{served.base}/audit"


# -- keys
def test_keys_go_to_pages_move_and_select(served, visit):
    page = visit("/")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url(f"{served.base}/runs")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tbody tr").nth(1).locator("input").is_checked()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "schedule"
    page.keyboard.type("g?")
    assert page.get_by_label("Schedule").input_value() == "g?"


def test_the_list_of_keys_opens_and_can_switch_them_off(served, visit):
    page = visit("/nodes")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_label("Keys are on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    assert not dialog.is_visible()


def test_every_action_on_a_run_is_reached_by_the_keyboard_alone(served, visit):
    page = visit(f"/runs/{served.failed.id}")
    before = {run.id for run in runs(served)}
    page.get_by_text("Retry…", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("keys only")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("This is the new run.").wait_for()
    (made,) = {run.id for run in runs(served)} - before
    assert served.rota.store.run(made).reason == "keys only"


def test_the_theme_is_chosen_and_kept(served, visit):
    page = visit("/", theme="light")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 19)"


def test_a_sign_out_ends_the_session(served, windows):
    secret, _ = people.open_session(served.rota, "guest", Role.VIEWER, "test")
    cookie = {"name": "rota_session", "value": secret, "domain": "127.0.0.1", "path": "/"}
    page = windows.open("/", storage_state={"cookies": [cookie]})
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{served.base}/sign-in")
    assert page.context.cookies() == []
    windows.go(page, "/runs", 401)
    page.get_by_role("heading", name="Sign in").wait_for()
