"""Live pages: the same bytes while nothing has changed, drawn once for all who look."""

from datetime import timedelta

import pytest

from rota.operations.actor import Role
from rota.testing.clock import VirtualClock
from rota.web.ui.formats import ago
from rota.web.ui.recent import Recent
from tests.web.ui.conftest import Visitor

LIVE = {"X-Rota-Live": "1"}
PAGES = ["/", "/runs", "/errors", "/timeline", "/nodes", "/audit"]


@pytest.mark.parametrize("path", PAGES)
def test_a_poll_that_finds_nothing_new_is_answered_by_304(viewer, clock, path):
    clock.move_to(clock.now().replace(second=1))
    first = viewer.get(path)
    clock.advance(timedelta(seconds=20))
    again = viewer.get(path, headers={**LIVE, "If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def test_a_page_is_drawn_once_for_all_of_a_role_but_holds_the_reader_alone(app, monkeypatch):
    one, other = Visitor(app, Role.OPERATOR), Visitor(app, Role.OPERATOR)
    drawn = []
    draw = app.pages._draw
    monkeypatch.setattr(
        app.pages, "_draw", lambda name, *rest, **more: drawn.append(name) or draw(name, *rest, **more)
    )
    mine, theirs = one.page("/runs"), other.page("/runs")
    assert drawn == ["runs.html"]
    from rota.web.auth.cookies import csrf_of

    assert csrf_of(one.secret) in mine
    assert csrf_of(other.secret) not in mine
    assert csrf_of(other.secret) in theirs


def test_roles_do_not_share_pages(viewer, operator):
    assert "Retry selected" in operator.page("/runs")
    assert "Retry selected" not in viewer.page("/runs")


def test_an_action_is_seen_at_once_by_whoever_took_it(operator):
    from tests.web.ui.shop import waiting

    run_id = waiting(operator.rota, "greet")
    assert "pending" in operator.page(f"/runs/{run_id}")
    assert "cancelled" in operator.send(f"/runs/{run_id}/cancel", reason="no")


def test_a_page_is_good_for_a_second_and_then_drawn_anew():
    clock, recent, drawn = VirtualClock(), Recent(lambda: "1"), []

    def get() -> str:
        return recent.get("page", clock.now(), lambda: drawn.append(1) or str(len(drawn)))

    assert [get(), get()] == ["1", "1"]
    clock.advance(timedelta(seconds=11))
    assert get() == "2"
    recent.clear()
    assert get() == "3"


def test_a_page_is_not_drawn_anew_while_nothing_changes_and_within_a_poll_when_something_does():
    clock, versions, drawn = VirtualClock(), ["1"], []
    recent = Recent(lambda: versions[-1])

    def get() -> str:
        return recent.get("page", clock.now(), lambda: drawn.append(1) or str(len(drawn)))

    for _ in range(9):
        assert get() == "1"
        clock.advance(timedelta(seconds=1))
    versions.append("2")
    assert get() == "2"
    clock.advance(timedelta(seconds=2))
    versions.append("3")
    assert get() == "3"


@pytest.mark.parametrize("path", [*PAGES, "/schedules", "/schedules/charges", "/settings"])
def test_a_poll_asks_the_store_for_its_version_and_reads_nothing_else(viewer, clock, path, monkeypatch):
    first = viewer.get(path)
    clock.advance(timedelta(seconds=3))
    asked = []
    page = viewer.app.rota.store._database.read
    monkeypatch.setattr(viewer.app.rota.store._database, "read", lambda **how: asked.append(1) or page(**how))
    again = viewer.get(path, headers={**LIVE, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert len(asked) == 1  # who it is that asks


def test_a_change_is_seen_at_the_next_poll(viewer, clock):
    first = viewer.get("/runs")
    clock.advance(timedelta(seconds=3))
    viewer.rota.registry.task("greet").enqueue()
    again = viewer.get("/runs", headers={**LIVE, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_a_page_that_can_not_be_drawn_is_not_kept():
    clock, recent = VirtualClock(), Recent(lambda: "1")

    def broken() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        recent.get("page", clock.now(), broken)
    assert recent.get("page", clock.now(), lambda: "whole") == "whole"


def test_what_was_done_is_said_once_and_not_to_a_poll(operator):
    from tests.web.ui.shop import waiting

    run_id = waiting(operator.rota, "greet")
    answer = operator.post(f"/runs/{run_id}/cancel")
    here = answer.headers["Location"]
    said = "The run is cancelled; it had not started."
    assert said not in operator.get(here, headers=LIVE).text
    assert said in operator.page(here)
    assert said not in operator.page(here)


@pytest.mark.parametrize("value", ["", "!!!", "bm90IGpzb24", "eyJraW5kIjogImdvb2QifQ=="])
def test_a_message_that_is_not_ours_is_not_shown(viewer, value):
    viewer.client.set_cookie("rota_told", value)
    assert 'class="message' not in viewer.page("/")


def test_a_message_never_links_elsewhere(viewer):
    from base64 import urlsafe_b64encode

    planted = b'{"kind":"good","text":"look","href":"//evil.example/"}'
    viewer.client.set_cookie("rota_told", urlsafe_b64encode(planted).decode())
    assert "evil.example" not in viewer.page("/")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "in less than a minute"),
        (-5, "less than a minute ago"),
        (-60, "1 minute ago"),
        (60 * 12 + 30, "in 12 minutes"),
        (-3600 * 2 - 60 * 5, "2 hours 5 minutes ago"),
        (-86400 - 3600 * 3 - 60 * 5, "1 day 3 hours ago"),
        (-86400 * 12 - 3600, "12 days ago"),
    ],
)
def test_relative_times_are_told_to_the_minute(clock, seconds, words):
    assert ago(clock.now() + timedelta(seconds=seconds), clock.now()) == words


def test_nothing_is_inline_on_any_page(admin):
    import re

    failed = admin.runs(schedule="charges")[0]
    for path in [*PAGES, f"/runs/{failed.id}", "/settings", "/timeline?span=24h"]:
        page = admin.page(path)
        assert not re.search(r"<[^>]+\sstyle=|<[^>]+\son\w+=|<style|javascript:", page), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path
