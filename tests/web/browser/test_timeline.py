"""The timeline and its feed in Chromium: spans, filters, the table, and a link for a calendar."""

from urllib.request import urlopen

import pytest
from icalendar import Calendar

from tests.web.browser.test_pages import complaints

sizes = pytest.mark.parametrize("width", [1440, 390])


@sizes
def test_from_an_hour_to_a_month_and_by_tag(visit, width):
    page = visit("/timeline", width)
    page.get_by_role("link", name="30d").click()
    page.wait_for_url("**/timeline?span=30d")
    assert page.locator(".lanes .f-planned.many").count() == 3
    assert page.locator("tr.load svg rect").count() > 10
    page.get_by_label("Tag").fill("money")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**tag=money")
    assert page.locator(".lanes tbody tr").count() == 2  # the load, and one lane
    page.get_by_role("link", name="7d").click()
    page.wait_for_url("**/timeline?span=7d&tag=money")


@sizes
def test_the_table_says_the_load_too(visit, width):
    page = visit("/timeline?span=24h", width, java_script_enabled=False)
    page.get_by_text("The same as a table").click()
    assert page.get_by_role("heading", name="Expected load").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@sizes
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_calendar_subscribes_by_a_link_which_can_be_ended(visit, width, theme):
    page = visit("/timeline", width, theme)
    page.get_by_role("link", name="Calendar feed").click()
    page.get_by_role("button", name="Make a").click()
    address = page.locator("#address").inner_text()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with urlopen(f"{address}&schedule=counts") as answer:
        assert len(Calendar.from_ical(answer.read()).walk("VEVENT")) == 30 * 48
    page.goto(page.url)
    assert page.locator("#address").count() == 0
    page.get_by_role("button", name="End the link").click()
    page.get_by_text("The link has ended").wait_for()
    assert page.get_by_role("heading", name="There is no link yet").is_visible()
