"""Signing in: passwords, sessions, what protects them, and the token for a first look."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from werkzeug.test import Client

from rota.web import Identity, WebApp
from tests.web.calls import PLAIN, ROOT

SECRET = re.compile(r"rota_session=([^;]+)")


def sign_in(browser, name="ann", password=PLAIN, code=303, **form):
    response = browser.post("/sign-in", data={"name": name, "password": password, **form})
    assert response.status_code == code, response.text
    return response


def csrf_of(browser):
    return re.search(r'name="rota-csrf" content="(\w+)"', browser.get("/").text)[1]


def test_a_user_signs_in_looks_and_signs_out(ann, browser):
    assert browser.get("/").status_code == 401
    cookie = sign_in(browser).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert browser.get("/").status_code == 200
    assert browser.get("/api/v1/schedules").status_code == 200
    kept = browser.get_cookie("rota_session").value
    assert browser.post("/sign-out", data={"csrf": csrf_of(browser)}).status_code == 303
    assert browser.get("/").status_code == 401
    browser.set_cookie("rota_session", kept)
    assert browser.get("/").status_code == 401


def test_over_https_the_cookie_is_sent_over_https_only(ann, app):
    browser = Client(app)
    response = browser.post(
        "/sign-in", base_url="https://rota.example", data={"name": "ann", "password": PLAIN}
    )
    assert "Secure" in response.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong"), ("bob", PLAIN), ("", ""), ("ann", "x" * 5000), ("a\0b", "\0")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(ann, browser, name, password):
    response = sign_in(browser, name, password, 403)
    assert "do not belong together" in response.text
    assert "Set-Cookie" not in response.headers


def test_a_session_ends_by_itself(ann, browser, sim):
    sign_in(browser)
    sim.clock.advance(timedelta(hours=12))
    assert browser.get("/").status_code == 401


def test_each_sign_in_has_a_secret_of_its_own_and_ends_the_one_before(ann, browser, app):
    browser.set_cookie("rota_session", "planted")
    first = SECRET.search(sign_in(browser).headers["Set-Cookie"])[1]
    second = SECRET.search(sign_in(browser).headers["Set-Cookie"])[1]
    assert len({first, second, "planted"}) == 3
    other = Client(app)
    other.set_cookie("rota_session", first)
    assert other.get("/").status_code == 401


def test_a_new_password_signs_out_everywhere(ann, browser, app):
    from rota.operations import people

    sign_in(browser)
    people.put_user(app.rota, "ann", "viewer", PLAIN, ROOT)
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize(
    "after",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "http:evil", "http://[", "/x\r\nA: b"],
)  # fmt: skip
def test_after_signing_in_one_stays_here(ann, browser, after):
    assert sign_in(browser, next=after).headers["Location"] == "/"


def test_after_signing_in_one_goes_on_where_one_wanted_to(ann, browser):
    assert 'value="/?x=1"' in browser.get("/?x=1").text
    assert sign_in(browser, next="/?x=1").headers["Location"] == "/?x=1"


# -- what another site can make a browser send


@pytest.fixture
def signed(ann, browser):
    sign_in(browser)
    return browser


PAUSE = "/api/v1/schedules/nightly/pause"


def test_a_session_changes_nothing_without_what_only_its_pages_know(signed):
    assert signed.post(PAUSE, json={}).json["error"]["code"] == "csrf"
    for wrong in ("", "x", "ü", "0" * 32):
        assert signed.post(PAUSE, json={}, headers={"X-Rota-CSRF": wrong}).status_code == 403
    assert signed.post(PAUSE, json={}, headers={"X-Rota-CSRF": csrf_of(signed)}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_another_site_is_refused_even_if_it_knew(signed, headers):
    headers = {"X-Rota-CSRF": csrf_of(signed), **headers}
    assert signed.post(PAUSE, json={}, headers=headers).json["error"]["code"] == "other_origin"
    own = {"X-Rota-CSRF": csrf_of(signed), "Origin": "http://localhost"}
    assert signed.post(PAUSE, json={}, headers=own).status_code == 200


def test_another_site_can_not_sign_anybody_in(ann, browser):
    form = {"name": "ann", "password": PLAIN}
    answer = browser.post("/sign-in", data=form, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize("path", [PAUSE, "/api/v1/tick", "/api/v1/triggers/nightly"])
def test_another_site_is_refused_where_the_host_knows_people(sim, path):
    from rota.operations.actor import Role

    host = Client(WebApp(sim.rota, lambda request: Identity(name="ann", role=Role.ADMIN)))
    answer = host.post(path, json={}, headers={"Origin": "https://evil.example"})
    assert answer.json["error"]["code"] == "other_origin"


def test_where_the_host_knows_people_nobody_signs_in_here(sim, ann):
    host = Client(WebApp(sim.rota, lambda request: None))
    assert host.get("/sign-in").status_code == 404
    assert sign_in(host, code=404)
    assert host.get("/").status_code == 401


# -- the limiter


def test_after_five_failures_one_waits_twice_as_long_each_time(ann, browser, sim):
    for _ in range(5):
        sign_in(browser, password="wrong", code=403)
    assert "Try again in 1 s" in sign_in(browser, code=429).text
    sim.clock.advance(timedelta(seconds=1))
    sign_in(browser, password="wrong", code=403)
    assert "Try again in 2 s" in sign_in(browser, code=429).text
    sim.clock.advance(timedelta(seconds=2))
    sign_in(browser)
    sign_in(browser, password="wrong", code=403)


def test_an_address_waits_whatever_names_it_tries(ann, browser):
    for number in range(5):
        sign_in(browser, f"user {number}", "wrong", 403)
    sign_in(browser, code=429)


def test_a_name_waits_from_whatever_address(ann, app):
    for number in range(5):
        stranger = Client(app)
        answer = stranger.post(
            "/sign-in",
            data={"name": "ann", "password": "wrong"},
            environ_base={"REMOTE_ADDR": f"192.0.2.{number}"},
        )
        assert answer.status_code == 403
    sign_in(Client(app), code=429)


# -- the first look


def test_a_one_time_token_opens_once(sim):
    app = WebApp(sim.rota, one_time_token="look" * 8)
    assert Client(app).get("/sign-in?token=wrong").status_code == 403
    assert Client(app).head(f"/sign-in?token={'look' * 8}").status_code == 403
    first = Client(app)
    assert first.get(f"/sign-in?token={'look' * 8}").status_code == 303
    assert first.get("/").status_code == 200
    second = Client(app).get(f"/sign-in?token={'look' * 8}")
    assert second.status_code == 403
    assert "used before" in second.text
