"""Who may call what: every route, with every role, and with none."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from rota.operations.actor import Role
from rota.testing.sim import Sim
from rota.web import Identity, WebApp
from rota.web.routing import Public, Routes

_sim = Sim()
TABLE = WebApp(_sim.rota, compat=True).table
_sim.rota.close()
WHO = "rota.test.role"
GUARDED = [route for route in TABLE.routes.values() if isinstance(route.permission, Role)]
guarded = pytest.mark.parametrize("route", GUARDED, ids=[f"{one.method} {one.name}" for one in GUARDED])


@pytest.fixture(scope="module")
def hosted():
    """The face in an application that says who calls. No call of these tests finds anything to change."""
    sim = Sim()
    yield WebApp(sim.rota, lambda request: request.environ.get(WHO), compat=True)
    sim.rota.close()


@pytest.fixture(scope="module")
def alone():
    """The face by itself: people sign in."""
    sim = Sim()
    yield WebApp(sim.rota, compat=True)
    sim.rota.close()


def path_of(app, route):
    """Return a path of a route, its parts filled with names that exist nowhere."""
    adapter = app.table.bind({"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
                              "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": ""})  # fmt: skip
    rule = next(app.table._map.iter_rules(route.name))
    return adapter.build(route.name, dict.fromkeys(rule.arguments, "0" * 36))


def test_only_health_files_and_the_sign_in_are_open_to_anyone():
    def paths(who):
        return {f"{route.method} {route.path}" for route in TABLE.routes.values() if route.permission is who}

    assert paths(Public.ANYONE) == {
        "GET /livez",
        "GET /readyz",
        "GET /api/v1/health",
        "GET /static/<version>/<name>",
        "GET /sign-in",
        "POST /sign-in",
    }
    assert paths(Public.SIGNED) == {"POST /api/v1/tick", "POST /api/v1/triggers/<path:name>"}
    assert paths(Public.LINKED) == {"GET /timeline.ics"}


def test_a_route_can_not_be_declared_without_a_permission():
    with pytest.raises(TypeError, match="permission"):
        Routes().get("/secrets")


@guarded
def test_nobody_gets_in(alone, route):
    response = Client(alone).open(path_of(alone, route), method=route.method)
    assert response.status_code == 401
    if route.is_api:
        assert response.json["error"]["code"] == "not_signed_in"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    else:
        assert 'name="password"' in response.text


@guarded
@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.name.lower())
def test_a_role_opens_its_routes_and_no_others(hosted, route, role):
    body = {"json": {}} if route.body is not None else {}
    who = {WHO: Identity(name="who", role=role)}
    response = Client(hosted).open(path_of(hosted, route), method=route.method, environ_base=who, **body)
    if role < route.permission:
        assert response.status_code == 403
        assert f"it takes the role '{route.permission.name.lower()}'" in response.text.replace("&#39;", "'")
    else:
        assert response.status_code not in (401, 403)
        assert response.status_code < 500


@pytest.mark.parametrize("path", ["/api/v1/tick", "/api/v1/triggers/nightly"])
def test_a_trigger_that_proves_nothing_is_nobody(nobody, viewer, path):
    assert nobody.refused("POST", path, {}, 401)["code"] == "not_signed_in"
    assert viewer.refused("POST", path, {}, 403)["code"] == "not_permitted"


def test_a_path_that_does_not_exist_is_told_in_the_form_that_its_caller_reads(nobody, browser):
    assert nobody.refused("GET", "/api/v1/nothing", code=404)["code"] == "not_found"
    assert nobody.refused("PUT", "/api/v1/schedules", code=405)["code"] == "method_not_allowed"
    assert browser.get("/nothing").mimetype == "text/html"


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer rota_x", "Bearer a.b.c", "Bearer \xff", "Basic eDp5", "Bearer " + 9 * "x"],
)  # fmt: skip
def test_what_is_no_token_of_ours_opens_nothing(nobody, header):
    nobody.refused("GET", "/api/v1/schedules", code=401, headers={"Authorization": header})


# -- tokens


def test_a_token_works_until_it_is_revoked_and_its_use_is_seen(sim, admin):
    made = admin.post("/api/v1/tokens", {"label": "ci", "role": "viewer", "expires": "90d"}, 201)
    assert made["secret"].startswith("rota_")
    assert (made["used_at"], made["expires_at"]) == (None, "2026-05-31T00:00:00Z")
    other = type(admin)(admin.app, made["secret"])
    other.get("/api/v1/schedules")
    other.get("/api/v1/schedules", headers={"Authorization": f"bearer {made['secret']}"})
    [listed] = [one for one in admin.get("/api/v1/tokens")["items"] if one["id"] == made["id"]]
    assert listed["used_at"] == "2026-03-02T00:00:00Z"
    assert "secret" not in listed
    admin.delete(f"/api/v1/tokens/{made['id']}")
    other.refused("GET", "/api/v1/schedules", code=401)
    assert admin.refused("DELETE", f"/api/v1/tokens/{made['id']}", code=404)["code"] == "not_found"


def test_a_token_runs_out(sim, admin):
    made = admin.post("/api/v1/tokens", {"label": "ci", "role": "viewer", "expires": "1h"}, 201)
    other = type(admin)(admin.app, made["secret"])
    sim.clock.move_to("2026-03-02 00:59:59")
    other.get("/api/v1/schedules")
    sim.clock.move_to("2026-03-02 01:00")
    other.refused("GET", "/api/v1/schedules", code=401)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": "ci", "role": "king"}, "role"),
        ({"label": "", "role": "viewer"}, "label"),
        ({"label": "ci", "role": "viewer", "expires": "soon"}, "expires"),
        ({"label": "ci", "role": "viewer", "expires": "999999999999d"}, "expires"),
        ({"role": "viewer"}, None),
    ],
)
def test_a_token_that_can_not_be_made(admin, body, field):
    assert admin.refused("POST", "/api/v1/tokens", body)["field"] == field


def test_tokens_go_with_the_user_who_made_them_by_whatever_token(app, admin):
    from rota.operations import people
    from tests.web.calls import PLAIN, ROOT, Caller

    people.put_user(app.rota, "ann", "admin", PLAIN, ROOT)
    secret, _ = people.create_token(app.rota, "first", "admin", people.Actor("ann", Role.ADMIN))
    first = Caller(app, secret)
    second = Caller(app, first.post("/api/v1/tokens", {"label": "second", "role": "admin"}, 201)["secret"])
    second.get("/api/v1/tokens")
    people.drop_user(app.rota, "ann", ROOT)
    first.refused("GET", "/api/v1/tokens", code=401)
    second.refused("GET", "/api/v1/tokens", code=401)


def test_the_audit_says_who_by_which_token_and_from_where(operator, admin):
    operator.post("/api/v1/schedules/nightly/pause", {"reason": "stocktaking"})
    [line] = admin.get("/api/v1/audit", query_string={"subject": "nightly", "limit": 1})["items"]
    assert (line["actor"], line["action"], line["reason"]) == (
        "root (token for operator)", "pause", "stocktaking",
    )  # fmt: skip
    assert line["via"] == "api 192.0.2.7"
