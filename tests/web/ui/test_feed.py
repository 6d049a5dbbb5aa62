"""The calendar feed: read by another program's parser, opened by its own link, which opens nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from werkzeug.test import Client

from rota import daily
from rota.core.ids import occurrence_id
from rota.operations import changing, people
from rota.operations.actor import Actor, Role
from rota.operations.feed import MOST
from rota.operations.lookups import schedule_named
from rota.operations.schedules import upcoming
from rota.web import ical
from tests.web.ui.conftest import Visitor, text_of
from tests.web.ui.shop import HOSTILE


def link_of(visitor) -> str:
    answer = visitor.post("/calendar")
    assert answer.status_code == 201
    return re.search(r'id="address">http://localhost([^<]+)<', answer.text)[1]


def fetched(app, link):
    answer = Client(app).get(link)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return answer


def events_of(app, link):
    whole = Calendar.from_ical(fetched(app, link).data)
    assert [name for one in whole.walk() for name, _ in one.errors] == []
    return whole, whole.walk("VEVENT")


@pytest.fixture
def link(viewer):
    viewer.rota.schedule("greet", daily("07:00", timezone="Europe/Paris"), name="nightly")
    viewer.rota.sync()
    return link_of(viewer)


def test_a_calendar_program_reads_what_is_due_in_30_days(app, viewer, link):
    whole, events = events_of(app, link)
    assert (whole["VERSION"], whole["X-WR-CALNAME"]) == ("2.0", "shop")
    assert "3 schedules are left out" in whole["X-WR-CALDESC"]
    wanted = [
        at
        for at in upcoming(viewer.rota, "nightly", 40)
        if at - viewer.rota.clock.now() <= timedelta(days=30)
    ]
    assert [one.decoded("DTSTART") for one in events] == wanted
    assert wanted[-1].hour == 5  # clocks have changed in Paris
    own = schedule_named(viewer.rota, "nightly")
    assert [one["UID"] for one in events] == [occurrence_id(own.id, at) for at in wanted]
    first = events[0]
    assert first.decoded("DURATION") == timedelta(minutes=1)
    assert (first["SUMMARY"], first["URL"]) == ("nightly", "http://localhost/schedules/nightly")
    assert first["DESCRIPTION"] == "Every day at 07:00, Europe/Paris"


def test_what_is_due_often_is_left_out_unless_it_is_named(app, link):
    _, events = events_of(app, f"{link}&schedule=charges&schedule=nightly")
    assert {str(one["SUMMARY"]) for one in events} == {"charges", "nightly"}
    assert len(events) == 30 * 24 + 30
    _, tagged = events_of(app, f"{link}&tag=money")
    assert tagged == []


def test_a_feed_is_capped(app, viewer, link):
    for number in range(5):
        viewer.rota.schedule("greet", "every 5m", name=f"x-{number}")
    viewer.rota.sync()
    names = "".join(f"&schedule=x-{number}" for number in range(5))
    assert len(events_of(app, link + names)[1]) == MOST


def test_what_is_paused_is_not_in_the_feed_until_it_ends(app, viewer, link):
    until = viewer.rota.clock.now() + timedelta(days=10)
    changing.pause(viewer.rota, "nightly", Actor("bob", Role.OPERATOR, "test"), until=until)
    _, events = events_of(app, link)
    assert min(one.decoded("DTSTART") for one in events) >= until


def test_hostile_names_and_long_lines_are_read_back(app, viewer, link):
    name = f"{HOSTILE}; a, b \\ ü {'é' * 60}"
    viewer.rota.schedule("greet", daily("03:00"), name=name)
    viewer.rota.sync()
    answer = fetched(app, link)
    assert max(len(line) for line in answer.data.split(b"\r\n")) <= 75
    assert b"\n" not in answer.data.replace(b"\r\n", b"")
    assert name in {str(one["SUMMARY"]) for one in Calendar.from_ical(answer.data).walk("VEVENT")}


def test_a_program_that_asks_again_hears_that_nothing_has_changed(app, link):
    tag = fetched(app, link).headers["ETag"]
    assert Client(app).get(link, headers={"If-None-Match": tag}).status_code == 304


def test_the_link_opens_the_feed_and_nothing_else(app, link):
    secret = link.partition("token=")[2]
    for path in (
        "/",
        "/timeline",
        "/api/v1/schedules",
        f"/api/v1/schedules?token={secret}",
        f"/?token={secret}",
    ):
        answer = Client(app).get(path, headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 401
        assert Client(app).get(path).status_code == 401


@pytest.mark.parametrize("token", ["", "?token=", "?token=rota_x", "?token=%00", "?token=" + "x" * 5000])
def test_nothing_else_opens_the_feed(app, token):
    assert Client(app).get(f"/timeline.ics{token}").status_code == 401


def test_neither_a_session_nor_a_token_of_a_program_opens_it_by_its_address(app, viewer):
    secret, _ = people.create_token(app.rota, "ci", "admin", Actor("root"))
    for one in (secret, viewer.secret):
        assert Client(app).get(f"/timeline.ics?token={one}").status_code == 401


def test_a_link_ends_when_another_is_made_when_it_is_ended_and_when_it_runs_out(app, viewer, clock, link):
    second = link_of(viewer)
    assert Client(app).get(link).status_code == 401
    fetched(app, second)
    assert "The link has ended" in text_of(viewer.send("/calendar/end"))
    assert Client(app).get(second).status_code == 401
    third = link_of(viewer)
    clock.advance(timedelta(days=366))
    assert Client(app).get(third).status_code == 401


def test_each_has_a_link_of_their_own_which_an_administrator_can_revoke(app, viewer, operator, admin, link):
    other = link_of(operator)
    fetched(app, link)
    [mine] = people.feeds_of(app.rota, "viewer")
    assert "calendar feed" in admin.page("/settings")
    people.revoke_token(app.rota, mine.id, Actor("root", Role.ADMIN))
    assert Client(app).get(link).status_code == 401
    fetched(app, other)


def test_a_link_goes_with_its_user(app):
    people.put_user(app.rota, "viewer", "viewer", "a long password", Actor("root"))
    link = link_of(Visitor(app, Role.VIEWER))
    fetched(app, link)
    people.drop_user(app.rota, "viewer", Actor("root"))
    assert Client(app).get(link).status_code == 401


def test_making_and_ending_a_link_leaves_a_line_in_the_audit(app, viewer, link):
    viewer.send("/calendar/end")
    actions = [line.action for line in app.rota.store.audit(app.rota.name, None, 10)]
    assert actions[:2] == ["drop feed", "create feed"]


def test_a_line_is_never_broken_within_a_character():
    for width in range(70, 80):
        line = "x" * width + "é" * 80
        pieces = ical.folded(line).split("\r\n ")
        assert "".join(pieces) == line
        assert all(len(piece.encode()) <= 75 for piece in pieces)
