"""The whole web face under one include(): Django says who is there, Rota answers."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape

import pytest
from asgiref.sync import sync_to_async
from django.core.checks import run_checks
from django.db import transaction
from django.test import AsyncClient, Client
from django.test.utils import override_settings
from markupsafe import escape

from rota.core.records import RunQuery
from rota.operations import authoring, people
from rota.operations.actor import Actor
from rota.operations.history import audit
from rota.operations.lookups import schedule_named
from tests.django.faces.people import ANN
from tests.django.faces.site import OPERATE, PASSWORD, VIEW, forget, user

PAUSE = "/rota/schedules/mark/pause"


@pytest.fixture
def root(shop) -> Client:
    return signed_in("root", is_superuser=True)


def signed_in(name: str, *permissions: str, **options) -> Client:
    # As strict as a browser: Django's own middleware checks what it would check there.
    client = Client(enforce_csrf_checks=True)
    client.force_login(user(name, *permissions, **options))
    return client


def token_in(page) -> str:
    return re.search(r'name="rota-csrf" content="(\w+)"', page.content.decode())[1]


# -- who may
@pytest.mark.parametrize(
    ("permissions", "options", "looks", "operates"),
    [
        ((), {"is_superuser": True}, 200, 303),
        (OPERATE, {}, 200, 303),
        (VIEW, {}, 200, 403),
        ((*VIEW, "change_schedule"), {}, 200, 403),
        ((*VIEW, "trigger_schedule"), {}, 200, 403),
        (("view_schedule",), {}, 403, 403),
        ((), {}, 403, 403),
        (OPERATE, {"is_staff": False}, 403, 403),
        ((), {"is_superuser": True, "is_staff": False}, 403, 403),
    ],
)
def test_permissions_of_django_are_roles_here(shop, permissions, options, looks, operates):
    client = signed_in("someone", *permissions, **options)
    page = client.get("/rota/schedules/mark")
    assert page.status_code == looks
    token = token_in(page) if looks == 200 else ""
    told = client.post(PAUSE, {"reason": "a try", "csrf": token})
    assert told.status_code == operates
    assert (schedule_named(shop, "mark").pause is not None) is (operates == 303)


def test_what_is_done_has_the_name_of_the_user(shop, root):
    root.post(PAUSE, {"reason": "a try", "csrf": token_in(root.get(PAUSE))})
    line = audit(shop, "mark")[0]
    assert (line.actor, line.action, line.reason, line.via) == ("root", "pause", "a try", "ui 127.0.0.1")


def test_an_administrator_is_a_superuser(shop, root):
    authoring.create_schedule(shop, "mine", "count_orders", "every 1h", ANN)
    operator = signed_in("op", *OPERATE)
    for client, status in ((operator, 403), (root, 303)):
        token = token_in(client.get("/rota/schedules/mine"))
        assert client.post("/rota/schedules/mine/delete", {"csrf": token}).status_code == status


@override_settings(LOGIN_URL="/accounts/login/")
@pytest.mark.parametrize("path", ["", "schedules?state=paused", "runs", "schedules/a%2Fb%20c"])
def test_whoever_is_not_signed_in_is_sent_to_django(shop, path):
    response = Client().get(f"/rota/{path}")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/?next=/rota/")
    form = Client()
    form.force_login(user("root", is_superuser=True))
    after = response.headers["Location"].partition("next=")[2]
    assert "/rota/" in after


def test_programs_are_not_sent_to_a_page(shop):
    response = Client().get("/rota/api/v1/schedules")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "not_signed_in")
    live = Client().get("/rota/", headers={"X-Rota-Live": "1"})
    assert live.status_code == 401
    assert Client().post(PAUSE, {}).status_code == 401


def test_health_and_static_files_are_for_everyone_and_touch_no_session(shop):
    client = Client()
    assert client.get("/rota/livez").status_code == 200
    address = re.search(
        r'href="(/rota/static/[^"]*rota.css)"', signed_in("a", *VIEW).get("/rota/").content.decode()
    )[1]
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")
    assert "immutable" in response.headers["Cache-Control"]
    assert not client.cookies


# -- forgery
@pytest.mark.parametrize("token", ["", "0" * 32])
def test_a_form_without_the_token_of_the_session_is_refused(shop, root, token):
    root.get("/rota/")
    assert root.post(PAUSE, {"csrf": token}).status_code == 403
    assert schedule_named(shop, "mark").pause is None


def test_the_token_of_one_user_is_none_of_another(shop, root):
    other = signed_in("other", is_superuser=True)
    assert other.post(PAUSE, {"csrf": token_in(root.get("/rota/"))}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_request_made_by_another_site_is_refused(shop, root, headers):
    token = token_in(root.get("/rota/"))
    assert root.post(PAUSE, {"csrf": token}, headers=headers).status_code == 403
    assert schedule_named(shop, "mark").pause is None


def test_a_script_sends_the_token_in_a_header(shop, root):
    token = token_in(root.get("/rota/"))
    response = root.post(
        "/rota/api/v1/schedules/mark/pause", json.dumps({"reason": "x"}), "application/json",
        headers={"X-Rota-CSRF": token, "Origin": "http://testserver"},
    )  # fmt: skip
    assert response.status_code == 200
    assert schedule_named(shop, "mark").pause is not None


# -- programs
def test_a_token_works_without_a_cookie(shop):
    owner = user("root", is_superuser=True)
    secret, _ = people.create_token(shop, "deploy", "operator", Actor(owner.username))
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {secret}"}
    response = client.post("/rota/api/v1/schedules/mark/pause", "{}", "application/json", headers=headers)
    assert response.status_code == 200
    assert audit(shop, "mark")[0].actor == "root (token deploy)"
    assert (
        client.get("/rota/api/v1/schedules", headers={"Authorization": "Bearer rota_no"}).status_code == 401
    )


@pytest.mark.parametrize("change", ["is_active", "is_staff", "deleted"])
def test_the_token_of_someone_who_may_no_longer_is_worth_nothing(shop, change):
    owner = user("root", is_superuser=True)
    secret, _ = people.create_token(shop, "deploy", "operator", Actor(owner.username))
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/rota/api/v1/schedules", headers=headers).status_code == 200
    if change == "deleted":
        owner.delete()
    else:
        setattr(owner, change, False)
        owner.save()
    assert Client().get("/rota/api/v1/schedules", headers=headers).status_code == 401


def test_a_token_can_do_no_more_than_its_user_now(shop):
    owner = user("root", *VIEW, is_superuser=True)
    secret, _ = people.create_token(shop, "deploy", "operator", Actor(owner.username))
    owner.is_superuser = False
    owner.save()
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/rota/api/v1/schedules", headers=headers).status_code == 200
    paused = Client().post("/rota/api/v1/schedules/mark/pause", "{}", "application/json", headers=headers)
    assert paused.status_code == 403


# -- addresses
@pytest.mark.parametrize("name", ["a/b", "../x", "with space", "ünïcode ✓", "100%", "next", "a//b", "?x=1&y"])
def test_every_name_has_an_address(shop, root, name):
    authoring.create_schedule(shop, name, "count_orders", "every 1h", ANN)
    listed = root.get("/rota/schedules", {"text": name}).content.decode()
    [address] = {unescape(one) for one in re.findall(r'class="name"><a href="([^"]*)"', listed)}
    for path in (address, f"{address}/edit", f"{address}/run"):
        page = root.get(path)
        assert page.status_code == 200
        assert str(escape(name)) in page.content.decode()


@override_settings(FORCE_SCRIPT_NAME="/behind")
def test_links_begin_with_the_prefix_of_the_project(shop, root):
    page = root.get("/rota/", SCRIPT_NAME="/behind").content.decode()
    assert 'href="/behind/rota/schedules"' in page
    assert not re.search(r'(href|action|src)="/rota', page)
    root.cookies.clear()
    root.force_login(user("second", is_superuser=True))
    told = root.post(PAUSE, {"csrf": token_in(root.get("/rota/"))})
    assert told.headers["Location"] == "/behind/rota/schedules/mark"
    assert told.cookies["rota_told"]["path"] == "/behind/rota"


@override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"), USE_X_FORWARDED_HOST=True)
def test_host_and_scheme_are_those_that_django_trusts(shop, root):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
    token = token_in(root.get("/rota/", headers=headers))
    told = root.post(PAUSE, {"csrf": token}, headers={**headers, "Origin": "https://shop.example"})
    assert told.status_code == 303
    assert told.cookies["rota_told"]["secure"]


# -- answers
def test_a_page_that_has_not_changed_is_a_304_also_when_it_is_compressed(shop, root):
    shown = root.get("/rota/audit", headers={"Accept-Encoding": "gzip"})
    assert shown.headers["Content-Encoding"] == "gzip"
    again = root.get(
        "/rota/audit", headers={"Accept-Encoding": "gzip", "If-None-Match": shown.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    head = root.head("/rota/audit")
    assert (head.status_code, head.content) == (200, b"")


def test_the_headers_of_a_page_are_strict(shop, root):
    headers = root.get("/rota/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_not_there_is_a_page_of_ours(shop, root):
    response = root.get("/rota/schedules/nothing")
    assert response.status_code == 404
    assert b"nothing" in response.content


def test_a_body_that_is_too_large_is_refused(shop, root):
    token = token_in(root.get("/rota/"))
    response = root.post(
        "/rota/api/v1/schedules/mark/pause", b"x" * (1024 * 1024 + 1), "application/json",
        headers={"X-Rota-CSRF": token},
    )  # fmt: skip
    assert response.status_code == 413


# -- transactions
class Refused(Exception):
    pass


def test_an_action_is_part_of_the_transaction_around_it(shop, root):
    token = token_in(root.get("/rota/"))

    def act() -> None:
        with transaction.atomic():
            assert root.post("/rota/schedules/mark/run", {"csrf": token, "key": "k"}).status_code == 303
            assert len(shop.store.runs(RunQuery(rota="shop"))) == 1
            assert (
                "1 run" in root.get("/rota/runs").content.decode()
                or b"mark" in root.get("/rota/runs").content
            )
            raise Refused

    with pytest.raises(Refused):
        act()
    assert shop.store.runs(RunQuery(rota="shop")) == []


def test_a_page_in_a_transaction_has_its_rows_and_no_others(shop, root):
    def look() -> None:
        with transaction.atomic():
            authoring.create_schedule(shop, "only-here", "count_orders", "every 1h", ANN)
            assert b"create" in root.get("/rota/audit?subject=only-here").content
            raise Refused

    with pytest.raises(Refused):
        look()
    with transaction.atomic():
        assert b"Nobody has done anything" in root.get("/rota/audit?subject=only-here").content


def test_the_answer_is_made_under_asgi(shop):
    owner = user("root", is_superuser=True)

    async def visit():
        await sync_to_async(forget)()  # the thread in which Django works outlives a test
        client = AsyncClient(enforce_csrf_checks=True)
        await client.aforce_login(owner)
        page = await client.get("/rota/schedules/mark")
        told = await client.post(PAUSE, {"reason": "async", "csrf": token_in(page)})
        again = await client.get("/rota/schedules/mark")
        nobody = await AsyncClient().get("/rota/")
        await sync_to_async(forget)()
        return page, told, again, nobody

    page, told, again, nobody = asyncio.run(visit())
    assert (page.status_code, told.status_code, nobody.status_code) == (200, 303, 302)
    assert "async" in again.content.decode()
    assert schedule_named(shop, "mark").pause.by == "root"


def test_signing_in_at_django_opens_the_page_that_was_asked_for(shop):
    user("root", is_superuser=True)
    client = Client()
    asked = client.get("/rota/schedules/mark")
    client.post(asked.headers["Location"], {"username": "root", "password": PASSWORD})
    assert client.get("/rota/schedules/mark").status_code == 200


@override_settings(
    SECRET_KEY="x7!" * 20 + "abcdefghij",
    ALLOWED_HOSTS=["shop.example"],
    SECURE_SSL_REDIRECT=True,
    SECURE_HSTS_SECONDS=31_536_000,
    SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
    SECURE_HSTS_PRELOAD=True,
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
)
def test_a_project_that_is_ready_to_deploy_still_is(shop):
    assert run_checks(include_deployment_checks=True) == []
