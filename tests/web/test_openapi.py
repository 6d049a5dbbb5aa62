"""The description of the API is made of what checks it: all of it, valid, and true."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rota.operations.actor import Role
from rota.testing.sim import Sim
from rota.web import Identity, WebApp
from rota.web.api.openapi import described
from tests.web.calls import fill

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = 15
_sim = Sim("2026-03-02 00:00", lease="3h", tick_interval="3h")
fill(_sim)
APP = WebApp(_sim.rota, lambda request: Identity(name="somebody", role=Role.ADMIN), compat=True)
SCHEMA = schemathesis.openapi.from_wsgi("/api/openapi.json", APP)


@pytest.fixture(scope="module", autouse=True)
def _closed():
    yield
    _sim.rota.close()


@SCHEMA.exclude(path="/api/v1/tick").parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_the_answer_is_as_described(case):
    response = case.call(headers={"Origin": "http://localhost"})
    if response.status_code == 503 and case.operation.path in ("/readyz", "/api/v1/health"):
        return  # nobody is at work: what these are for
    case.validate_response(response, checks=CHECKS)


def test_every_route_that_programs_call_is_described(app, viewer):
    document = viewer.get("/api/openapi.json")
    told = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
    there = {
        (route.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path))
        for route in app.table.routes.values()
        if route.is_api
    }
    assert there - told == {("GET", "/api/openapi.json")}
    assert told <= there
    assert len(told) > 45


def test_the_document_is_valid(viewer):
    document = viewer.get("/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    kinds = document["components"]["schemas"]
    for name in kinds:
        jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": kinds}}
        )
    for path, ways in document["paths"].items():
        for method, one in ways.items():
            where = f"{method} {path}"
            given = {each["name"] for each in one["parameters"] if each["in"] == "path"}
            assert given == set(re.findall(r"{(\w+)}", path)), where
            assert one["summary"].endswith("."), where
            assert "4XX" in one["responses"], where
    names = [one["operationId"] for ways in document["paths"].values() for one in ways.values()]
    assert len(names) == len(set(names))


def test_what_it_refers_to_is_in_it(viewer):
    document = viewer("GET", "/api/openapi.json")
    for name in re.findall(r'"#/components/schemas/([^"]+)"', document.text):
        assert name in document.json["components"]["schemas"]


def test_the_role_that_a_route_takes_is_told(app):
    document = described(tuple(app.table.routes.values()))
    assert document["paths"]["/api/v1/tokens"]["get"]["description"] == "It takes the role `admin`."
    assert document["paths"]["/livez"]["get"]["security"] == [{}]
    assert "If-Match" in str(document["paths"]["/api/v1/schedules/{name}"]["patch"]["parameters"])


def test_people_can_read_it(ann, browser):
    from tests.web.calls import PLAIN

    assert browser.get("/api/docs").status_code == 401
    browser.post("/sign-in", data={"name": "ann", "password": PLAIN})
    page = browser.get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "/api/v1/schedules/{name}/pause" in page.text
