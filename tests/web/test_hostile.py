"""Values that somebody has made up to break something: refused in words, or kept and shown as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import Client

from rota import Rota, daily
from rota.operations import people
from rota.stores import open_store
from rota.testing.clock import VirtualClock
from rota.web import WebApp
from tests.web.calls import ROOT, Caller

NAMES = [
    "<script>alert(1)</script>",
    "'; DROP TABLE rota_schedule; --",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}",
    "%s%n%x",
    "=cmd|' /C calc'!A0",
    "/etc/passwd",
    "//evil.example/x",
    "..",
    "../../etc/passwd",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "a/next",
    "a/pause",
    "a/b/why/next",
    "next",
    "~",
    "~YQ",
    "%2F",
    "%252F",
    "%00",
    "a b  c",
    "a+b&c=d?e#f;g",
    "\\\\host\\share",
    "C:\\x",
    "ünï©ødé 日本語 😀",
    "é e\u0301",
    "null",
    "None",
    "0",
    "-1",
    "true",
    "[]",
    "__proto__",
    "$(id)",
    "`id`",
    "x" * 200,
    "😀" * 200,
]
UNFIT = ["", " ", " x", "x ", "a\0b", "a\nb", "a\tb", "a\x1b[31m", "x" * 201, "\ufeff", "\u202ex", "\x7f"]
VALUES = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    10**30,
    -(10**30),
    1.5,
    1e308,
    "",
    "x",
    "x" * 300_000,
    "\0",
    "😀" * 1000,
    "<b>",
    "2026-03-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9" * 5000,
    [],
    [None],
    [[]],
    {},
    {"": ""},
    {"\0": 1},
    [1, "a", {}],
    {"rule": "latest", "window": "9" * 30 + "d"},
    {"growth": "fixed", "first": "-1s"},
]


@pytest.fixture(params=["sqlite", "postgres"])
def app(request):
    """The face over each store: what the one swallows, the other may not."""
    if request.param == "sqlite":
        url = "sqlite:///:memory:"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database(server.create_template("rota", _migrate))
    rota = Rota("shop", store=url, clock=VirtualClock("2026-03-02 00:00"), housekeeping=False)

    @rota.task
    def mail(to: str = "all", options: dict | None = None, count: int = 1, limit: float = 1.0) -> None: ...

    rota.schedule(mail, daily("02:00"), name="nightly")
    rota.sync()
    yield WebApp(rota, compat=True)
    rota.close()
    if request.param == "postgres":
        server.drop_database(url)


def _migrate(url):
    store = open_store(url)
    store.migrate()
    store.close()


@pytest.fixture
def admin(app):
    return Caller(app, people.create_token(app.rota, "all", "admin", ROOT)[0])


def test_a_name_that_can_be_printed_is_kept_found_and_shown_as_it_is(admin):
    for name in NAMES:
        body = {"name": name, "task": "mail", "timetable": "1h", "reason": name}
        made = admin("POST", "/api/v1/schedules", body, 201)
        where = made.headers["Location"]
        assert made.json["name"] == name
        assert admin.get(where)["name"] == name
        assert admin.get(f"{where}/next")["schedule"] == name
        assert admin.post(f"{where}/pause", {"reason": name})["changed"][0]["subject"] == name
        assert admin.get(where)["pause"]["reason"] == name
        [line] = admin.get("/api/v1/audit", query_string={"subject": name, "limit": 1})["items"]
        assert (line["subject"], line["reason"]) == (name, name)
        run = admin.post(f"{where}/trigger", {"key": name, "args": {"to": name}}, 201)["run"]
        assert admin.get(f"/api/v1/runs/{run}")["args"] == {"to": name}
        found = admin.get("/api/v1/runs", query_string={"schedule": name})["items"]
        assert [one["id"] for one in found] == [run]
        assert name in [
            one["name"] for one in admin.get("/api/v1/schedules", query_string={"text": name})["items"]
        ]
        admin("DELETE", where, code=204)
        admin.refused("GET", where, code=404)


@pytest.mark.parametrize("name", UNFIT, ids=ascii)
def test_a_name_that_can_not_be_printed_is_refused(admin, name):
    for path, body in [
        ("/api/v1/schedules", {"name": name, "task": "mail", "timetable": "1h"}),
        ("/api/v1/tokens", {"label": name, "role": "viewer"}),
        ("/api/v1/schedules/nightly/trigger", {"key": name}),
        ("/api/v1/tasks/mail/enqueue", {"key": name}),
        ("/api/v1/tasks/mail/enqueue", {"queue": name}),
        (
            "/admin/scheduler/api/scheduled-tasks",
            {"name": name, "task_type": "mail", "schedule_type": "interval", "schedule": 60},
        ),
    ]:
        assert admin.refused("POST", path, body)["message"], path


FIELDS = (
    "timetable",
    "args",
    "start",
    "end",
    "max_runs",
    "jitter",
    "overlap",
    "catch_up",
    "concurrency",
    "priority",
    "queue",
    "tags",
    "description",
    "retries",
    "backoff",
    "retry_on",
    "give_up_on",
    "time_limit",
    "hard_time_limit",
    "on_crash",
    "start_deadline",
    "",
    "\0",
    "id",
    "__class__",
)


@pytest.mark.parametrize("field", FIELDS, ids=ascii)
def test_no_value_of_a_field_breaks_anything(admin, field):
    """It is refused, or taken; and what was taken can be shown."""
    for value in VALUES:
        answer = attempt(admin, "POST", "/api/v1/schedules/nightly/override", {"fields": {field: value}})
        assert answer.status_code in (200, 400, 404, 413), (value, answer.text[:300])
        admin.get("/api/v1/schedules/nightly")
        admin.get("/api/v1/schedules/nightly/next")
        admin.get("/api/v1/schedules/nightly/why?at=2026-03-02T02:00:00Z")
        admin.post("/api/v1/schedules/nightly/clear-override", {})


def attempt(caller, method, path, body):
    headers = {"Authorization": f"Bearer {caller.secret}"}
    answer = Client(caller.app).open(path, method=method, json=body, headers=headers)
    assert answer.status_code < 500, (method, path, str(body)[:200], answer.text)
    if answer.status_code >= 400:
        assert answer.json["error"]["message"]
        assert len(answer.text) < 2000
    return answer


BODIES = [
    ("POST", "/api/v1/schedules", ("name", "task", "timetable", "reason", "fields")),
    ("PATCH", "/api/v1/schedules/nightly", ("fields", "reason", "dry_run")),
    ("POST", "/api/v1/schedules/nightly/pause", ("reason", "until", "dry_run")),
    ("POST", "/api/v1/schedules/nightly/override", ("fields", "reason", "until")),
    ("POST", "/api/v1/schedules/nightly/clear-override", ("fields",)),
    ("POST", "/api/v1/schedules/nightly/trigger", ("args", "key", "reason")),
    ("POST", "/api/v1/schedules/nightly/backfill", ("start", "end", "limit")),
    ("POST", "/api/v1/bulk/schedules", ("action", "names", "until")),
    ("POST", "/api/v1/bulk/runs", ("action", "ids")),
    ("POST", "/api/v1/tasks/mail/enqueue", ("args", "at", "delay", "key", "queue", "priority")),
    ("POST", "/api/v1/tokens", ("label", "role", "expires")),
    (
        "POST",
        "/admin/scheduler/api/scheduled-tasks",
        ("name", "schedule_type", "schedule", "payload", "timezone"),
    ),
    (
        "PUT",
        "/admin/scheduler/api/scheduled-tasks/nightly",
        ("schedule_type", "schedule", "payload", "timezone"),
    ),
    ("POST", "/api/admin/scheduler/trigger", ("task",)),
    ("POST", "/api/v1/triggers/nightly", ("scheduled_at",)),
]
WHOLE = {
    "/api/v1/schedules": {"name": "mine", "task": "mail", "timetable": "1h"},
    "/api/v1/tokens": {"label": "ci", "role": "viewer"},
    "/api/v1/schedules/nightly/backfill": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T01:00:00Z"},
    "/api/v1/bulk/schedules": {"action": "pause", "names": ["nightly"]},
    "/api/v1/bulk/runs": {"action": "cancel", "ids": ["0" * 36]},
    "/api/v1/schedules/nightly/override": {"fields": {"priority": 1}},
    "/api/v1/schedules/nightly": {"fields": {"priority": 1}},
    "/admin/scheduler/api/scheduled-tasks": {
        "name": "old",
        "task_type": "mail",
        "schedule_type": "interval",
        "schedule": 60,
    },
}


@pytest.mark.parametrize(("method", "path", "fields"), BODIES, ids=[f"{m} {p}" for m, p, _ in BODIES])
def test_no_value_in_a_body_breaks_anything(admin, method, path, fields):
    for field in fields:
        for value in VALUES:
            attempt(admin, method, path, {**WHOLE.get(path, {}), field: value})
    admin.get("/api/v1/schedules")
    admin.get("/api/v1/runs")
    admin.get("/api/v1/audit")
    admin.get("/api/v1/tokens")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"reason": "\\ud800"}',
        b'{"reason": NaN}',
        b'{"reason": 1e999}',
        b'{"args": {"count": ' + b"9" * 5000 + b"}}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"reason": "\x00"}',
        b'{"args": ' + b'{"a":' * 60 + b"1" + b"}" * 61,
        b'{"reason":"a","reason":"b"}',
        b"x" * 2_000_000,
    ],
    ids=lambda data: ascii(data[:30]),
)
def test_a_body_that_is_none(admin, data):
    for path in ("/api/v1/schedules/nightly/trigger", "/api/v1/schedules", "/api/v1/bulk/runs"):
        headers = {"Authorization": f"Bearer {admin.secret}", "Content-Type": "application/json"}
        answer = Client(admin.app).post(path, data=data, headers=headers)
        assert answer.status_code in (201, 400, 404, 413), answer.text
        assert answer.status_code == 201 or answer.json["error"]["message"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"]
)
def test_only_json_is_read(admin, kind):
    headers = {"Authorization": f"Bearer {admin.secret}", "Content-Type": kind}
    answer = Client(admin.app).post("/api/v1/schedules/nightly/pause", data=b"{}", headers=headers)
    assert answer.json["error"]["code"] == "unsupported_media_type"


QUERIES = [
    ("/api/v1/schedules", ("sort", "state", "source", "tag", "task", "queue", "text", "after", "limit")),
    ("/api/v1/runs", ("schedule", "task", "queue", "state", "since", "until", "after", "limit")),
    ("/api/v1/audit", ("subject", "limit")),
    ("/api/v1/preview", ("timetable", "timezone", "count")),
    ("/api/v1/schedules/nightly/next", ("count", "after")),
    ("/api/v1/schedules/nightly/why", ("at",)),
]


@pytest.mark.parametrize(("path", "names"), QUERIES, ids=[path for path, _ in QUERIES])
def test_no_value_in_a_query_breaks_anything(admin, path, names):
    texts = [str(value) for value in VALUES if len(str(value)) < 10_000] + NAMES + UNFIT
    headers = {"Authorization": f"Bearer {admin.secret}"}
    for name in names:
        for text in texts:
            query = {"timetable": "1h", name: text} if path == "/api/v1/preview" else {name: text}
            answer = Client(admin.app).get(path, query_string=query, headers=headers)
            assert answer.status_code in (200, 400), (query, answer.text)
    for raw in ("%", "%zz", "%ff=%ff", "a=%00", "&&&", "=", "limit", "limit=", "limit=1&limit=x", "a" * 5000):
        answer = Client(admin.app).get(f"{path}?{raw}", headers=headers)
        assert answer.status_code in (200, 400), (raw, answer.text)


@pytest.mark.parametrize(
    "part", [*UNFIT[5:], "%ff", "%C0%AF", "~%ff", "~====", "%0d%0aX:y", "." * 50, "/x" * 50, "x" * 5000]
)
def test_no_part_of_a_path_breaks_anything(admin, part):
    headers = {"Authorization": f"Bearer {admin.secret}"}
    for path in (
        "/api/v1/schedules/{}",
        "/api/v1/schedules/{}/next",
        "/api/v1/runs/{}",
        "/api/v1/tasks/{}",
        "/{}",
        "/static/x/{}",
        "/admin/scheduler/api/scheduled-tasks/{}",
    ):
        answer = Client(admin.app).get(path.format(part), headers=headers)
        assert answer.status_code in (400, 404), (path, answer.status_code)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "a b"),
        ("Host", "["),
        ("Host", "x" * 300 + ".example"),
        ("Host", ""),
        ("Content-Length", "x"),
        ("Content-Length", "-5"),
        ("If-None-Match", '"' * 100),
        ("If-Match", "\xff"),
        ("Cookie", "rota_session=\xff; ;;="),
        ("Origin", "http://["),
        ("X-Forwarded-For", "<script>"),
        ("X-Forwarded-Prefix", "//evil.example"),
        ("Accept", "*" * 1000),
        ("Range", "bytes=0-1"),
        ("Transfer-Encoding", "chunked"),
        ("X-HTTP-Method-Override", "DELETE"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_no_header_breaks_anything(admin, name, value):
    headers = {"Authorization": f"Bearer {admin.secret}", name: value}
    for path in ("/api/v1/schedules/nightly", "/", "/sign-in", "/nothing"):
        answer = Client(admin.app).get(path, headers=headers)
        assert answer.status_code in (200, 206, 303, 400, 401, 404), (path, answer.status_code, answer.text)
        assert "evil.example" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 500])
def test_no_method_breaks_anything(admin, method):
    headers = {"Authorization": f"Bearer {admin.secret}"}
    for path in ("/api/v1/schedules", "/", "/livez", "/api/v1/tick"):
        assert Client(admin.app).open(path, method=method, headers=headers).status_code in (200, 405)


def test_what_a_page_shows_is_text(admin, browser_of):
    name = "<script>alert('x')</script>"
    admin.post("/api/v1/schedules", {"name": name, "task": "mail", "timetable": "1h"}, 201)
    admin.app.rota.clock.advance(timedelta(hours=5))
    page = browser_of(admin.app).get("/")
    assert page.status_code == 200
    assert name not in page.text


@pytest.fixture
def browser_of():
    def make(app):
        people.put_user(app.rota, "ann", "admin", "correct horse battery", ROOT)
        browser = Client(app)
        browser.post("/sign-in", data={"name": "ann", "password": "correct horse battery"})
        return browser

    return make
