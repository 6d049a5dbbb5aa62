"""Live pages: htmx asks, what has changed is put in place, and nothing else is touched."""

from rota.operations import people
from rota.operations.actor import Role

TO_END = "window.scrollTo(0, document.body.scrollHeight); window.scrollY"


def test_htmx_evaluates_nothing_and_remembers_nothing(visit):
    page = visit("/")
    config = page.evaluate("htmx.config")
    assert not config["allowEval"] and not config["allowScriptTags"] and not config["historyEnabled"]
    assert page.evaluate("sessionStorage.getItem('htmx-history-cache')") is None  # no page is kept there


def test_a_change_does_not_scroll_to_what_the_address_names(served, visit):
    page = visit(f"/runs/{served.running}#main", width=390)
    place = page.evaluate(TO_END)
    assert place > 300
    served.report(served.running, 60, "sixty done\n")
    page.get_by_text("60 of 100").wait_for()
    after = page.evaluate("new Promise((done) => requestAnimationFrame(() => done(window.scrollY)))")
    assert after > place - 100  # the page may have become shorter


def test_what_is_selected_and_typed_stays_while_the_page_changes(served, visit):
    page = visit(f"/runs/{served.running}")
    page.get_by_label("Filter lines").fill("done")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    chosen = page.evaluate("getSelection().toString()")
    served.report(served.running, 70, "seventy done\n")
    page.get_by_text("70 of 100").wait_for()
    assert page.get_by_label("Filter lines").input_value() == "done"
    assert page.evaluate("getSelection().toString()") == chosen != ""


def test_rows_get_one_listener_however_often_the_page_has_changed(served, visit):
    page = visit("/runs")
    page.evaluate("""() => {
        window.added = 0;
        const form = document.querySelector('[data-select-all]').closest('form');
        const add = form.addEventListener;
        form.addEventListener = function (...all) { window.added += 1; return add.apply(this, all); };
    }""")
    run_id = served.waiting("charge")
    page.locator(f"a[href$='{run_id}']").first.wait_for()
    assert page.evaluate("window.added") == 0


def test_who_is_signed_out_meanwhile_sees_the_form_to_sign_in(served, windows):
    secret, _ = people.open_session(served.rota, "guest", Role.VIEWER, "test")
    cookie = {"name": "rota_session", "value": secret, "domain": "127.0.0.1", "path": "/"}
    page = windows.open("/audit", storage_state={"cookies": [cookie]})
    page.context.clear_cookies()
    windows.expect("/audit", 401, times=2)  # the poll, and the page that is loaded again
    page.get_by_role("heading", name="Sign in").wait_for(timeout=60_000)
