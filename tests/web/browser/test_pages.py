"""Every page in Chromium: accessible, whole at any width, in both themes, and silent in the console."""

import pytest

from tests.web.browser.conftest import AXE

PAGES = [
    "overview", "timeline", "timeline of 30 days", "calendar feed", "runs", "no runs", "plan for all",
    "run that failed", "run that runs", "run with a log",
    "errors", "error", "error plan", "nodes", "drain", "audit", "revert", "settings", "api", "not found",
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def complaints(page, context: object = None) -> list[str]:
    """Return what axe says is wrong with a page, or with a part of it."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text("utf-8"))  # by the debugger: the policy of the page forbids other scripts
    found = page.evaluate(
        "([context, tags]) => axe.run(context ?? document, {runOnly: {type: 'tag', values: tags}})",
        [context, TAGS],
    )
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


def test_every_page_is_in_the_list(served):
    assert list(served.pages) == PAGES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_nothing_hangs_over(served, visit, name, theme):
    page = visit(served.pages[name], theme=theme, status=404 if name == "not found" else 200)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = true })")
        assert complaints(page) == [], width
        page.eval_on_selector_all("main details", "all => all.forEach(one => { one.open = false })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_whoever_is_not_known_is_asked_to_sign_in_where_they_are(served, windows, width, theme):
    page = windows.open("/runs?state=failed", width, theme, status=401)
    assert page.url == f"{served.base}/runs?state=failed"
    assert page.locator("input[name=next]").get_attribute("value") == "/runs?state=failed"
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_would_complain(served, visit):
    page = visit("/")
    page.evaluate("document.querySelector('main').innerHTML += '<img src=\"data:,\"><button></button>'")
    assert {one.split(":")[0] for one in complaints(page)} >= {"image-alt", "button-name"}


def test_the_policy_holds_scripts_off(served, chromium, signed_in):
    context = chromium.new_context(storage_state=signed_in)
    page, said = context.new_page(), []
    page.on("console", lambda one: said.append(one.text))
    page.goto(served.base)
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.planted = 1';"
        " document.body.append(one) }"
    )
    assert page.evaluate("window.planted") is None
    assert any("Content Security Policy" in one for one in said)
    context.close()
