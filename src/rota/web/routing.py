"""The table of routes. Each names who may use it: a route without a permission can not be declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from werkzeug.routing import Map, Rule

from rota.operations.actor import Role
from rota.web.names import NameConverter

Handler = Callable[..., Any]
# What programs call: errors are JSON there, and nobody is sent to a page to sign in.
OF_PROGRAMS = ("/api/", "/admin/scheduler/api/", "/livez", "/readyz", "/metrics")
DOCUMENTATION = "/api/docs"  # is a page


class Public(Enum):
    """Who needs no sign-in: health checks, the sign-in itself, files that hold nothing of anybody."""

    ANYONE = "anyone"
    SIGNED = "a trigger that proves itself by its own signature"
    LINKED = "a calendar, by the token in its address, which opens nothing else"


Permission = Role | Public


@dataclass(frozen=True, slots=True)
class Route:
    """One path and method.

    Attributes:
        path: In Werkzeug's form, such as `/api/v1/runs/<run_id>`.
        handler: Takes the call, the parts of the path by name, and `query` and `body` if it has these types.
        permission: The role it takes, or who may without one.
        name: Unique; what links are made from.
        query, body, answer: Types of what it reads and answers, for checks and for OpenAPI. An answer of type
            `str` is plain text.
        accepts: Type of a body that the handler reads by itself.
        failing: Type of what it answers with status 503, if that is no error.
        conditional: It obeys `If-Match`.
        status: Of its ordinary answer.
        summary: One line.
    """

    method: str
    path: str
    handler: Handler
    permission: Permission
    name: str
    query: Any = None
    body: Any = None
    answer: Any = None
    accepts: Any = None
    failing: Any = None
    conditional: bool = False
    status: int = 200
    summary: str = ""

    @property
    def is_api(self) -> bool:
        """Whether programs use it."""
        return is_of_programs(self.path)


def is_of_programs(path: str) -> bool:
    """Say whether programs call this path."""
    return path.startswith(OF_PROGRAMS) and path != DOCUMENTATION


class Routes:
    """The routes of one part of the face."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    def add(
        self, method: str, path: str, permission: Permission, **options: Any
    ) -> Callable[[Handler], Handler]:
        """Declare a function as the handler of a route; its first line of documentation is the summary."""

        def declare(function: Handler) -> Handler:
            module = function.__module__.removeprefix("rota.web.").removeprefix("ui.")
            name = options.pop("name", None) or f"{module}.{function.__name__}"
            assert name not in self._routes, name
            summary = (function.__doc__ or "").split("\n")[0]
            self._routes[name] = Route(method, path, function, permission, name, summary=summary, **options)
            return function

        return declare

    def get(self, path: str, permission: Permission, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("GET", path, permission, **options)

    def post(self, path: str, permission: Permission, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("POST", path, permission, **options)

    def put(self, path: str, permission: Permission, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("PUT", path, permission, **options)

    def patch(self, path: str, permission: Permission, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("PATCH", path, permission, **options)

    def delete(self, path: str, permission: Permission, **options: Any) -> Callable[[Handler], Handler]:
        return self.add("DELETE", path, permission, **options)


class Table:
    """All routes of an application, and the way from a request to one of them."""

    def __init__(self, *parts: Routes) -> None:
        every = [route for part in parts for route in part]
        self.routes: Mapping[str, Route] = {route.name: route for route in every}
        assert len(self.routes) == len(every), "two routes have the same name"
        self._map = Map(
            [Rule(route.path, methods=[route.method], endpoint=route.name) for route in self.routes.values()],
            strict_slashes=False,
            merge_slashes=False,
            converters={"path": self._converter()},
        )

    def _converter(self) -> type[NameConverter]:
        behind = [route.path.rpartition(">")[2].strip("/") for route in self.routes.values()]
        return type("Name", (NameConverter,), {"verbs": frozenset(filter(None, behind))})

    def bind(self, environ: Mapping[str, Any]) -> Any:
        """Return Werkzeug's adapter for one request: it finds routes, and makes links.

        Raises:
            HTTPException: The request names no host that can exist.
        """
        return self._map.bind_to_environ(dict(environ))
