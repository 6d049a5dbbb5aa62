"""The calendar feed: a link to subscribe to, and what calendar programs fetch from it."""

from __future__ import annotations

from urllib.parse import urljoin

from werkzeug.wrappers import Response

from rota.core.records import ScheduleQuery
from rota.operations import people
from rota.operations.actor import Role
from rota.operations.feed import feed as due
from rota.web import ical
from rota.web.auth.gate import LINK_FIELD
from rota.web.call import Call
from rota.web.respond import tagged
from rota.web.routing import Public, Routes
from rota.web.ui.told import tell

ROUTES = Routes()


@ROUTES.get("/timeline.ics", Public.LINKED, name="timeline.ics")
def ics(call: Call) -> Response:
    """Answer with the occurrences of the coming 30 days as a calendar."""
    given = call.request.args
    named = tuple(given.getlist("schedule")[:100])
    query = ScheduleQuery(names=named, tag=given.get("tag") or None)
    found = due(call.rota, query)
    about = f"What {call.rota.name} will run in the coming 30 days."
    if found.too_often:
        about += f" {found.too_often} schedules are left out, as they are due more than four times a day."
    whole = ical.calendar(
        call.rota.name,
        about,
        found.events,
        # To the hour: a program that asks again within it hears that nothing has changed.
        call.rota.clock.now().replace(minute=0, second=0, microsecond=0),
        lambda name: urljoin(call.request.url_root, call.url("schedule", name=name)),
    )
    response = Response(whole, content_type=ical.MIME)
    response.headers["Content-Disposition"] = 'inline; filename="rota.ics"'
    return tagged(call.request, response)


@ROUTES.get("/calendar", Role.VIEWER, name="timeline.feed")
def page(call: Call) -> Response:
    """Say what the feed is, and whether there is a link."""
    return _page(call)


def _page(call: Call, secret: str | None = None) -> Response:
    assert call.identity is not None
    mine = people.feeds_of(call.rota, call.identity.owner)
    address = secret and urljoin(call.request.url_root, f"{call.url('timeline.ics')}?{LINK_FIELD}={secret}")
    return call.app.pages.page(
        call, "feed.html", 200 if secret is None else 201, link_=mine[0] if mine else None, address=address
    )


@ROUTES.post("/calendar", Role.VIEWER, name="timeline.link")
def create(call: Call) -> Response:
    """Make a link, and show it this once; the one before ends."""
    assert call.identity is not None
    secret, _ = people.create_feed(call.rota, call.actor, owner=call.identity.owner)
    return _page(call, secret)


@ROUTES.post("/calendar/end", Role.VIEWER, name="timeline.unlink")
def end(call: Call) -> Response:
    """End the link."""
    assert call.identity is not None
    ended = people.drop_feed(call.rota, call.actor, owner=call.identity.owner)
    words = "The link has ended: calendars that use it are refused." if ended else "There was no link."
    return tell(call, call.url("timeline.feed"), words, "good" if ended else "warn")
