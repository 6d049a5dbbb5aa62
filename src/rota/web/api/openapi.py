"""The description of the API, made of the very types that check it, and a page to read it by."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from rota._version import __version__
from rota.operations.actor import Role
from rota.web.call import Call
from rota.web.routing import DOCUMENTATION, Public, Route, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUTES = Routes()
REF = "#/components/schemas/{name}"
_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "field", "hint"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": ["string", "null"]},
                "hint": {"type": ["string", "null"]},
            },
        }
    },
}
PROBLEM = {
    "description": "What was wrong.",
    "content": {"application/json": {"schema": {"$ref": REF.format(name="Error")}}},
}


@ROUTES.get("/api/openapi.json", Role.VIEWER, name="openapi.json")
def openapi(call: Call) -> Any:
    """Describe the API in OpenAPI 3.1."""
    return described(tuple(call.app.table.routes.values()))


@ROUTES.get(DOCUMENTATION, Role.VIEWER, name="openapi.page")
def page(call: Call) -> Any:
    """Show the description of the API for people."""
    return call.app.pages.page(call, "api.html", document=described(tuple(call.app.table.routes.values())))


@lru_cache(maxsize=8)
def described(routes: tuple[Route, ...]) -> dict[str, Any]:
    """Return the OpenAPI document of what programs call."""
    shown = [route for route in routes if route.is_api and route.handler is not openapi]
    kinds = [kind for route in shown for kind in _kinds(route) if kind is not None]
    unique = list(dict.fromkeys(kinds))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REF)
    by_kind = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        path = _PART.sub(r"{\2}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, by_kind, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rota",
            "version": __version__,
            "description": "Schedules, runs and nodes of a rota.",
        },
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "rota_session"},
            },
        },
    }


def _kinds(route: Route) -> tuple[Any, ...]:
    return route.query, route.body, route.answer, route.accepts, route.failing


def _operation(route: Route, schemas: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    permission = route.permission
    body = route.body or route.accepts
    described: dict[str, Any] = {
        "operationId": route.name.removeprefix("api."),
        "summary": route.summary,
        "tags": [route.name.removeprefix("api.").partition(".")[0]],
        "parameters": [*_path(route), *_query(route, schemas, components), *_headers(route)],
        "responses": dict(_responses(route, schemas)),
    }
    if body is not None:
        described["requestBody"] = {
            "required": route.body is not None,
            "content": {"application/json": {"schema": schemas[body]}},
        }
    if isinstance(permission, Public):
        described["security"] = [{}] if permission is Public.ANYONE else [{"bearer": []}, {}]
    else:
        described["description"] = f"It takes the role `{permission.name.lower()}`."
    return described


def _responses(route: Route, schemas: dict[Any, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    answer: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        kind = "text/plain" if route.answer is str else "application/json"
        answer["content"] = {kind: {"schema": schemas[route.answer]}}
    yield str(route.status), answer
    if route.method == "GET":
        yield "304", {"description": "It is still what the caller has, by `If-None-Match`."}
    yield "4XX", PROBLEM
    if route.failing is None:
        yield "503", PROBLEM
    else:
        failing = {"application/json": {"schema": schemas[route.failing]}}
        yield "503", {"description": "What is wrong.", "content": failing}


def _headers(route: Route) -> Iterable[dict[str, Any]]:
    if route.conditional:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag that was read: 412 if it has changed since.",
            "schema": {"type": "string"},
        }


def _path(route: Route) -> Iterable[dict[str, Any]]:
    for _, name in _PART.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(route: Route, schemas: dict[Any, Any], components: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    schema = components[schemas[route.query]["$ref"].rpartition("/")[2]]
    required = set(schema.get("required", ()))
    for name, one in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _without_null(one),
            **({"explode": True, "style": "form"} if one.get("type") == "array" else {}),
        }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not given is left out; there is no null in a query."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        return dict(choices[0])
    return {key: value for key, value in schema.items() if key != "default" or value is not None}
