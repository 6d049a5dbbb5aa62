"""Values that somebody has made up, in every field of every form: refused in words, or shown as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import Client

from rota.core.records import RunQuery, RunState
from rota.operations import authoring, changing, people
from rota.operations.actor import Role
from rota.operations.grouping import error_groups
from rota.stores import open_store
from rota.testing.clock import VirtualClock
from rota.web import Identity, WebApp
from tests.web.calls import ROOT
from tests.web.ui.shop import START, alive, make_shop, waiting, work

NAME = "<script>alert('n')</script>/../ü"
# What one store swallows, the other may not; these are enough to see that.
OF_A_STORE = [b"a\0b", b"\xed\xa0\x80\xff", b"9" * 400, b"x" * 300_000]
TEXTS = [
    b"<script>alert(1)</script>",
    b"\" onmouseover=\"alert(1)' onfocus='alert(1)",
    b"{{ 7 * 7 }}{% include 'base.html' %}",
    b"//evil.example/../../etc/passwd",
    b"javascript:alert(1)",
    b'{"a": [NaN]}',
    b"[" * 3000,
    "\u202e\u2028😀".encode(),
    *OF_A_STORE,
]


@dataclass
class Form:
    """A form: where it is sent, and what it sends if nobody touches it. A button that is named is a field."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in (*self.fields, *self.buttons)))


class Page(HTMLParser):
    """What a page holds: its forms, and whatever would be run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.run: list[str] = []
        self._area: str | None = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.run.append(f"<script {given}>")
        self.run += [f"{tag} {name}={value}" for name, value in attrs if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            if urlsplit((given.get(name) or "").strip()).scheme not in ("", "data"):
                self.run.append(f"{tag} {name}={given[name]}")
        if tag == "form":
            self.forms.append(Form(given.get("method", "get").upper(), given.get("action") or ""))
        elif self.forms and given.get("name") and tag in ("input", "select", "textarea", "button"):
            into = self.forms[-1].buttons if tag == "button" else self.forms[-1].fields
            into.append((given["name"], given.get("value") or ""))


def _migrate(url: str) -> None:
    store = open_store(url)
    store.migrate()
    store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request):
    """The face of a shop in which there is something to do for every form, and what to write into them."""
    if request.param == "sqlite":
        url = "sqlite:///:memory:"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database(server.create_template("rota", _migrate))
    clock = VirtualClock(START)
    rota = make_shop(url, clock, alerts="slack://no-such-token")  # refused before anything is sent
    rota.sync()
    work(rota, clock, timedelta(hours=1))
    authoring.create_schedule(rota, NAME, "count", "every 2h", ROOT, TEXTS[0].decode(), {"tags": [NAME]})
    changing.override(rota, "greetings", "priority", 5, ROOT, TEXTS[0].decode())
    changing.pause(rota, "counts", ROOT, TEXTS[1].decode())
    waiting(rota, "greet", args={"name": TEXTS[0].decode(), "password": "hunter2"})
    people.create_token(rota, TEXTS[0].decode(), "viewer", ROOT)
    alive(rota, NAME, queues=(NAME,))
    made = WebApp(rota, lambda request: Identity(name=NAME, role=Role.ADMIN))
    yield made, TEXTS if request.param == "sqlite" else OF_A_STORE
    rota.close()
    if request.param == "postgres":
        server.drop_database(url)


def addresses(app: WebApp, url) -> list[str]:
    """Return the pages that hold forms."""
    states = (RunState.PENDING, RunState.FAILED, RunState.SUCCEEDED)
    last = [app.rota.store.runs(RunQuery(rota="shop", states=(state,), limit=1))[0].id for state in states]
    group = error_groups(app.rota)[0].fingerprint
    change = next(line for line in app.rota.store.audit("shop", "counts") if line.action == "pause")
    every = (
        "overview",
        "schedules",
        "schedules.new",
        "timeline",
        "runs",
        "errors",
        "nodes",
        "audit",
        "settings",
    )
    of_one = ("schedule", *(f"schedule.{one}" for one in ("pause", "run", "edit", "backfill", "delete")))
    span = {"start": "2026-03-02T01:00", "end": "2026-03-02T09:00"}
    return [
        *map(url, (*every, "settings")),
        *(url(name, name=NAME) for name in of_one),
        url("schedule", name="greetings", tab="configuration"),
        url("schedule", name="counts", tab="audit"),
        url("schedule.run", name="greetings"),
        url("schedule.backfill", name=NAME, **span),
        *(url("run", run_id=run_id) for run_id in last),
        url("errors.group", key=group),
        url("errors.plan", key=group),
        url("node.drain", node_id=NAME),
        url("timeline.feed"),
        url("runs.all", action="retry", state="failed"),
        url("audit.revert", subject=change.subject, at=change.at.isoformat()),
    ]


class Stranger:
    """Sends forms, and looks at what comes back.

    Attributes:
        forms: Each once, by the route that it is sent to and what it sends.
    """

    def __init__(self, app: WebApp, texts) -> None:
        self.client, self.texts = Client(app), texts
        self.forms: dict[object, Form] = {}
        self._adapter = app.table.bind(Client(app).get("/").request.environ)

    def url(self, name: str, /, **values: str) -> str:
        return self._adapter.build(name, values)

    def look(self, response, what: object) -> None:
        """Check an answer, follow it if it leads on, and remember the forms that are in it."""
        assert response.status_code < 500, (what, response.text[:300])
        if response.status_code == 303:
            target = response.headers["Location"]
            assert target.startswith("/"), (what, target)
            assert not target.startswith("//"), (what, target)
            response = self.client.get(target)
            assert response.status_code == 200, (what, target)
        if response.mimetype != "text/html":
            return
        page = Page(response.text)
        assert page.run == [], what
        assert response.status_code < 400 or 'role="alert"' in response.text, what
        for form in (one for one in page.forms if one.method != "DIALOG"):
            form.action = form.action or urlsplit(response.request.url).path
            route, _ = self._adapter.match(urlsplit(form.action).path, form.method)
            self.forms.setdefault((route, form.names), form)

    def send(self, form: Form, pairs: list[tuple[str, object]]):
        if form.method == "GET":
            path = urlsplit(form.action)
            query = urlencode([*parse_qsl(path.query), *pairs])
            # A server of ours refuses a longer line before the face sees it.
            return self.client.get(f"{path.path}?{query[:60_000]}")
        kind = "application/x-www-form-urlencoded"
        return self.client.post(form.action, data=urlencode(pairs), content_type=kind)

    def abuse(self, form: Form) -> None:
        """Put each text into each field, one at a time; what is not touched stays as it was drawn."""
        for name in form.names:
            others = [pair for pair in (*form.fields, *form.buttons[:1]) if pair[0] != name]
            for text in self.texts:
                self.look(self.send(form, [*others, (name, text)]), (form.action, name, text[:60]))
        for button in form.buttons or [()]:  # as it is, too: it may lead to another form
            self.look(self.send(form, [*form.fields, *([button] if button else [])]), form.action)


def test_no_text_in_a_field_of_a_page_breaks_anything_or_is_run(shop):
    app, texts = shop
    stranger, done = Stranger(app, texts), set()
    for address in addresses(app, stranger.url):
        response = stranger.client.get(address)
        assert response.status_code == 200, (address, response.text[:300])
        stranger.look(response, address)
    while left := stranger.forms.keys() - done:
        for key in sorted(left, key=lambda one: (one[0] == "schedule.delete_it", one)):
            done.add(key)
            stranger.abuse(stranger.forms[key])
    for name in ("overview", "schedules", "runs", "audit", "errors", "timeline", "settings"):
        stranger.look(stranger.client.get(stranger.url(name)), name)
    meant = {one.name for one in app.table.routes.values() if one.method == "POST" and not one.is_api}
    assert meant - {route for route, _ in done} == {"sign.in", "sign.leave"}


def test_no_text_breaks_the_sign_in(shop):
    app, texts = shop
    stranger = Stranger(WebApp(app.rota), texts)
    stranger.look(stranger.client.get("/sign-in"), "sign in")
    [form] = stranger.forms.values()
    stranger.abuse(form)
    for text in texts:
        query = urlencode({"next": text, "token": text})[:60_000]
        stranger.look(stranger.client.get(f"/sign-in?{query}"), text[:60])
