"""Charts and cards of times in a real browser: drawn, zoomed, told by keys, and quiet under the policy."""

from __future__ import annotations

from urllib.parse import quote

import pytest

RATES = f"/schedules/{quote('exchange rates')}"
both_sizes = pytest.mark.parametrize("size", ["wide", "narrow"])
both_themes = pytest.mark.parametrize("theme", ["light", "dark"])
# How many pixels of a canvas have nearly this colour, a custom property of the page.
PAINTED = """(canvas, name) => {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(${name})`;
  const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    const away = wanted.reduce((sum, part, place) => sum + Math.abs(part - data[at + place]), 0);
    if (data[at + 3] > 200 && away < 12) found += 1;
  }
  return found;
}"""


@both_sizes
@both_themes
def test_the_charts_are_drawn_in_the_colours_of_the_page(person, size, theme):
    ann = person(size, theme)
    ann.go(RATES)
    canvas = ann.page.locator("#drawn-took canvas")
    canvas.wait_for()
    assert canvas.evaluate(PAINTED, "--good-mark") > 100
    assert canvas.evaluate(PAINTED, "--bad-mark") > 20
    before = canvas.evaluate(PAINTED, "--faint")
    ann.page.get_by_role("button", name="Dark" if theme == "light" else "Light").click()
    ann.page.wait_for_function(f"canvas => ({PAINTED})(canvas, '--faint') > 20", arg=canvas.element_handle())
    assert before > 20
    assert ann.page.get_by_role("img", name="Duration half within").count() == 1
    assert ann.is_as_wide_as_the_window()
    assert ann.troubles == []


def test_buttons_zoom_both_charts(person):
    ann = person()
    ann.go(RATES)
    canvas = ann.page.locator("#drawn-late canvas")
    canvas.wait_for()
    whole = canvas.evaluate("one => one.toDataURL()")
    ann.page.get_by_role("button", name="Last 20").click()
    ann.page.wait_for_function(
        "([one, was]) => one.toDataURL() !== was", arg=[canvas.element_handle(), whole]
    )
    assert ann.page.get_by_role("button", name="Last 20").get_attribute("aria-pressed") == "true"
    ann.page.get_by_role("button", name="All", exact=True).click()
    ann.page.wait_for_function(
        "([one, was]) => one.toDataURL() === was", arg=[canvas.element_handle(), whole]
    )
    assert ann.troubles == []


def test_pointing_at_a_chart_tells_the_run(person):
    ann = person()
    ann.go(RATES)
    ann.page.locator("#drawn-took canvas").wait_for()
    ann.page.locator("#drawn-took .u-over").hover()
    assert "2026" in ann.page.locator("#said-took").inner_text()


@both_sizes
def test_the_table_says_the_same_without_scripts(person, size):
    ann = person(size, scripts=False)
    ann.go(RATES)
    assert not ann.page.locator("#drawn-took").is_visible()
    ann.page.locator("#plots-table summary").click()
    rows = ann.page.locator("[data-plotted] tr")
    assert rows.count() > 100
    assert "2.0 s" in ann.page.locator("[data-plotted]").inner_text()
    assert ann.is_as_wide_as_the_window()


def test_the_open_table_is_accessible(person):
    ann = person()
    ann.go(RATES)
    ann.page.locator("#plots-table summary").click()
    assert ann.axe() == []


# -- times


@pytest.fixture
def travelling(chromium, site):
    """Somebody in New York, with a mouse or with a finger."""
    contexts = []

    def open_window(**options):
        context = chromium.new_context(timezone_id="America/New_York", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if not hasattr(site, "cookies"):
            page.goto(site.way_in)
            site.cookies = context.cookies()
        context.add_cookies(site.cookies)
        return page

    yield open_window
    for one in contexts:
        one.close()


def test_a_time_pointed_at_is_told_in_three_zones(travelling, site):
    page = travelling()
    page.goto(site.url + RATES)
    page.locator("#next-times ~ ol time").first.hover()
    said = page.get_by_role("tooltip").inner_text()
    assert "Schedule: Europe/Paris\nFri 2026-03-27T07:30:00+01:00" in said
    assert "You: America/New_York\nFri 2026-03-27T02:30:00-04:00" in said
    assert "UTC\nFri 2026-03-27T06:30:00Z" in said
    page.mouse.move(5, 5)
    page.get_by_role("tooltip").wait_for(state="hidden")


def test_a_time_is_told_to_fingers_and_to_keys(travelling, site):
    page = travelling(has_touch=True, viewport={"width": 390, "height": 844})
    page.goto(site.url + "/schedules")
    first = page.locator("tbody time").first
    first.tap()
    card = page.get_by_role("tooltip")
    card.wait_for()
    box = card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    for key in ("j", "t"):
        page.keyboard.press(key)
    card.wait_for()
    assert first.get_attribute("aria-describedby") == "time-card"


@both_themes
def test_the_card_is_accessible(person, theme):
    ann = person("wide", theme)
    ann.go(RATES)
    ann.page.locator("dl.facts small time").first.focus()
    ann.page.get_by_role("tooltip").wait_for()
    assert ann.axe() == []
    assert ann.troubles == []


def test_a_time_says_its_zones_without_scripts(person):
    ann = person(scripts=False)
    ann.go(RATES)
    title = ann.page.locator("#next-times ~ ol time").first.get_attribute("title")
    assert title == "Fri 27 Mar 2026 07:30:00 +01:00 Europe/Paris · 2026-03-27T06:30:00Z"
