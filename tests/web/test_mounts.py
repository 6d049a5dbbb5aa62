"""The face by itself and inside applications of others, under a prefix, and behind a proxy."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import threading
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from a2wsgi import ASGIMiddleware
from werkzeug.test import Client

from rota import Rota
from rota.errors import InvalidValue
from rota.operations import people
from rota.web import Server, WebApp
from rota.web.routing import Routes
from tests.web.calls import PLAIN, ROOT

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 30
LINK = re.compile(r'(?:href|src|action)="([^"#]*)"')
PROXY = {"X-Forwarded-Prefix": "/outer", "X-Forwarded-Host": "shop.example", "X-Forwarded-Proto": "https"}


def example(name, tmp_path, monkeypatch, **settings):
    """Run an example's module, over a store of its own."""
    monkeypatch.setenv("ROTA_STORE", f"sqlite:///{tmp_path / 'rota.db'}")
    for setting, value in settings.items():
        monkeypatch.setenv(setting, value)
    return runpy.run_path(str(EXAMPLES / name / "app.py"), run_name="app")


@pytest.fixture(params=["alone", "wsgi", "flask", "fastapi"])
def host(request, tmp_path, monkeypatch):
    """Return a browser that is signed in, and the path under which the face is, behind one proxy."""
    monkeypatch.setenv("ROTA_WEB_PROXIES", "0" if request.param == "flask" else "1")
    if request.param == "alone":
        rota = Rota("shop", store=f"sqlite:///{tmp_path / 'rota.db'}")
        rota.task(name="clear_carts")(lambda: None)
        rota.schedule("clear_carts", "daily 02:00")
        app, path = WebApp(rota), ""
    else:
        found = example(f"{request.param}_mount", tmp_path, monkeypatch)
        rota, path = found["rota"], "/ops"
        app = found["application"] if request.param == "wsgi" else ASGIMiddleware(found["app"])
    if request.param == "flask":
        from werkzeug.middleware.proxy_fix import ProxyFix

        app = ProxyFix(found["app"], x_host=1, x_proto=1, x_prefix=1)
    rota.sync()
    yield request.param, Client(app), rota, path
    rota.close()


def enter(kind, browser, rota, path, headers=None):
    if kind == "flask":
        assert browser.get("/enter/ann", headers=headers).status_code == 302
        return
    people.put_user(rota, "ann", "operator", PLAIN, ROOT)
    form = {"name": "ann", "password": PLAIN}
    assert browser.post(f"{path}/sign-in", data=form, headers=headers).status_code == 303


@pytest.mark.parametrize("proxy", [{}, PROXY], ids=["directly", "behind a proxy"])
def test_every_link_leads_to_where_the_face_is(host, proxy):
    kind, browser, rota, path = host
    outer = proxy.get("X-Forwarded-Prefix", "") + path
    assert browser.get(f"{path}/", headers=proxy).status_code == 401
    enter(kind, browser, rota, path, proxy)
    for cookie in list(browser._cookies.values()):  # outside, its path is another
        browser.set_cookie(cookie.key, cookie.value, domain="localhost", path="/")
    page = browser.get(f"{path}/", headers=proxy)
    assert page.status_code == 200, page.text
    links = [one for one in LINK.findall(page.text) if "://" not in one]
    assert len(links) > 3
    assert [one for one in links if not one.startswith(f"{outer}/")] == []
    sheet = next(one for one in links if one.endswith(".css"))
    assert (
        browser.get(sheet.removeprefix(proxy.get("X-Forwarded-Prefix", "")), headers=proxy).status_code == 200
    )


def test_the_api_works_with_odd_names_and_tags(host):
    kind, _, rota, path = host
    browser = host[1]
    secret, _ = people.create_token(rota, "test", "operator", ROOT)
    if kind == "flask":  # the token counts there too: it is ours
        assert browser.get(f"{path}/api/v1/schedules").status_code == 401
    headers = {"Authorization": f"Bearer {secret}"}
    task = next(iter(name for name in rota.registry.tasks if not name.startswith("rota.")))
    body = {"name": "a/../b ü%2F", "task": task, "timetable": "1h"}
    made = browser.post(f"{path}/api/v1/schedules", json=body, headers={**headers, **PROXY})
    assert made.status_code == 201, made.text
    where = made.headers["Location"]
    assert where.startswith(f"/outer{path}/api/v1/schedules/~")
    inner = where.removeprefix("/outer")
    read = browser.get(inner, headers=headers)
    assert read.json["name"] == body["name"]
    again = browser.get(inner, headers={**headers, "If-None-Match": read.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert browser.get(f"{path}/api/v1/nothing", headers=headers).json["error"]["code"] == "not_found"
    plain = browser.get(f"{path}/api/v1/schedules/ü b/c", headers=headers)
    assert "no schedule is named 'ü b/c'" in plain.json["error"]["message"]


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("/a", "/a"),
        ("/a/", "/a"),
        ("//evil.example", ""),
        ("evil", ""),
        ("", ""),
        ("/x, /a", "/a"),
        ("/", ""),
    ],
)
def test_a_prefix_is_taken_from_a_trusted_proxy_alone(sim, given, prefix):
    object.__setattr__(sim.rota.settings, "web_proxies", 1)
    trusting = Client(WebApp(sim.rota)).get("/sign-in", headers={"X-Forwarded-Prefix": given})
    assert f'action="{prefix}/sign-in"' in trusting.text
    object.__setattr__(sim.rota.settings, "web_proxies", 0)
    wary = Client(WebApp(sim.rota)).get("/sign-in", headers={"X-Forwarded-Prefix": given})
    assert 'action="/sign-in"' in wary.text


def test_the_lifespan_is_the_applications_own_and_a_node_within(tmp_path, monkeypatch):
    found = example("fastapi_mount", tmp_path, monkeypatch)
    app, rota = found["app"], found["rota"]

    async def live():
        async with app.router.lifespan_context(app):
            greeting = app.state.greeting
            nodes = await asyncio.to_thread(lambda: rota.store.nodes(rota.name))
            return greeting, [node.roles for node in nodes]

    assert asyncio.run(live()) == ("The shop.", [("scheduler", "worker")])
    assert rota.store.nodes(rota.name) == []
    rota.close()


def test_nothing_starts_and_nothing_is_opened_at_import(tmp_path, monkeypatch):
    before = threading.active_count()
    for name in ("wsgi_mount", "flask_mount", "fastapi_mount"):
        example(name, tmp_path, monkeypatch)
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_does_not_know_somebody_lets_nobody_in(tmp_path, monkeypatch):
    found = example("flask_mount", tmp_path, monkeypatch)
    browser = Client(found["app"])
    browser.get("/enter/eve")
    assert browser.get("/ops/").status_code == 401
    assert browser.get("/").status_code == 200
    found["rota"].close()


# -- by itself, over a socket


@pytest.fixture
def served(sim):
    made = []

    def serve(**options):
        made.append(Server(sim.rota, port=0, **options))
        made[-1].start()
        return made[-1]

    yield serve
    for one in made:
        one.close()


def test_a_server_answers_many_at_once_and_ends(served, ann):
    server = served()
    with urlopen(f"{server.url}livez", timeout=PATIENCE) as answer:
        assert json.load(answer)["status"] == "ok"
        assert "Server" not in answer.headers
    server.close()
    with pytest.raises(OSError):
        urlopen(f"{server.url}livez", timeout=PATIENCE)


def test_names_come_through_a_real_server(served, admin):
    server = served()
    root = server.url.partition("/sign-in")[0]
    headers = {"Authorization": f"Bearer {admin.secret}", "Content-Type": "application/json"}
    for name in ("ü/😀", "..", "a//b", "50% ?#"):
        body = json.dumps({"name": name, "task": "mail", "timetable": "1h"}).encode()
        with urlopen(Request(f"{root}/api/v1/schedules", body, headers), timeout=PATIENCE) as made:
            where = made.headers["Location"]
        with urlopen(Request(root + where, headers=headers), timeout=PATIENCE) as read:
            assert json.load(read)["name"] == name


def test_a_body_that_is_too_large_is_refused_by_a_real_server(served, admin):
    root = served().url.partition("/sign-in")[0]
    headers = {"Authorization": f"Bearer {admin.secret}", "Content-Type": "application/json"}
    request = Request(f"{root}/api/v1/schedules/nightly/pause", b"x" * 1_100_000, headers)
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=PATIENCE)
    with refused.value as answer:
        assert (answer.code, json.load(answer)["error"]["code"]) == (413, "too_large")


def test_without_users_only_this_machine_is_served_and_by_a_token_that_works_once(sim):
    with pytest.raises(InvalidValue, match="rota user add"):
        Server(sim.rota, "0.0.0.0", 0)
    server = Server(sim.rota, "localhost", 0)
    assert "/sign-in?token=" in server.url
    server.start()
    server.close()


def test_the_table_refuses_two_routes_of_one_name():
    routes = Routes()
    routes.get("/x", None, name="x")(lambda call: None)
    with pytest.raises(AssertionError):
        routes.get("/y", None, name="x")(lambda call: None)
