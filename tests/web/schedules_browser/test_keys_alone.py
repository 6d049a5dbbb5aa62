"""Every action without a mouse: by keys of ours, by Tab and Enter, and by what has the focus."""

from __future__ import annotations

import pytest

from rota.core.records import RunQuery, RunState
from rota.operations.lookups import schedule_named

MOST = 60  # stops from the top of a page to what is looked for
FOCUSED = """() => {
  const one = document.activeElement;
  return [one.name, one.innerText, one.getAttribute("aria-label")].filter(Boolean).map((text) => text.trim());
}"""


class Keys:
    """Somebody without a mouse."""

    def __init__(self, person) -> None:
        self.person, self.page = person, person.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write a text in the place of what is there."""
        self.press("Control+a")
        self.page.keyboard.type(text)

    def tab_to(self, wanted: str) -> None:
        """Go by Tab to the field of that name, or to the button or link with that text."""
        for _ in range(MOST):
            self.press("Tab")
            if wanted in self.page.evaluate(FOCUSED):
                shown = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert shown != "none", f"that {wanted} has the focus is not to be seen"
                return
        raise AssertionError(f"{wanted} is not reached by Tab on {self.page.url}")

    def fill(self, field: str, text: str) -> None:
        self.tab_to(field)
        self.type(text)

    def enter(self, wanted: str) -> None:
        """Go to a button or link, and press it; the next page has come."""
        self.tab_to(wanted)
        with self.page.expect_navigation():
            self.press("Enter")

    def told(self) -> str:
        return self.page.get_by_role("status").inner_text()


@pytest.fixture
def keys(person):
    made = Keys(person())
    yield made
    assert made.person.troubles == []


def newest(site, task="report"):
    return site.rota.store.runs(RunQuery(rota=site.rota.name, task=task, limit=1))[0]


def test_create_edit_pause_run_cancel_and_retry_by_keys_alone(keys, site):
    keys.press("g", "s")
    keys.page.wait_for_url("**/schedules")
    keys.enter("New schedule")
    keys.tab_to("task")
    keys.press("r")  # a choice is made by its first letter
    keys.fill("name", "by keys")
    keys.fill("timetable", "every 2h")
    keys.fill("args", '{"to": "ann@example.org"}')
    keys.enter("Make it")
    assert "by keys was made." in keys.told()

    keys.enter("Edit")
    keys.fill("timetable", "every 3h")
    keys.fill("reason", "Two hours are too short")
    keys.enter("Save")
    assert schedule_named(site.rota, "by keys").effective.timetable == "every 3h"

    keys.press("p")
    keys.page.wait_for_url("**/pause")
    keys.fill("reason", "Nobody is there")
    with keys.page.expect_navigation():
        keys.press("Enter")
    assert schedule_named(site.rota, "by keys").pause.reason == "Nobody is there"
    with keys.page.expect_navigation():
        keys.press("p")
    assert schedule_named(site.rota, "by keys").pause is None

    keys.press("u")
    keys.page.wait_for_url("**/run")
    keys.fill("arg.copies", "4")
    keys.enter("Run now")
    made = newest(site)
    assert made.args["copies"] == 4

    keys.enter("Look at the run")
    keys.tab_to("Cancel…")
    keys.press("Enter")
    keys.fill("reason", "It was a trial")
    keys.enter("Cancel this run")
    assert site.rota.store.run(made.id).state is RunState.CANCELLED

    keys.tab_to("Retry…")
    keys.press("Enter")
    keys.enter("Retry this run")
    again = newest(site)
    assert (again.parent, again.state) == (made.id, RunState.PENDING)


def test_a_row_is_chosen_by_keys_and_nothing_is_done_while_none_is(keys, site):
    keys.press("g", "s")
    keys.page.wait_for_url("**/schedules")
    keys.press("p", "u", "x")  # no row is chosen: nothing is acted on
    keys.press("j", "j", "p")
    keys.page.wait_for_url("**/pause")
    keys.fill("reason", "by keys")
    with keys.page.expect_navigation():
        keys.press("Enter")
    assert schedule_named(site.rota, "invoices:send").pause.reason == "by keys"
