"""A call: one request, who makes it, and what handlers need of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from rota.operations.actor import Actor
from rota.web.identity import Identity

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.web.app import WebApp
    from rota.web.routing import Route


@dataclass(eq=False)
class Call:
    """One request.

    Attributes:
        identity: Who makes it; `None` only on routes that anyone may use.
        headers: Added to the response.
    """

    app: WebApp
    request: Request
    route: Route
    adapter: Any
    identity: Identity | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def rota(self) -> Rota:
        return self.app.rota

    @cached_property
    def actor(self) -> Actor:
        """Who acts, for operations and their audit lines: with the face and the address they came from."""
        assert self.identity is not None
        face = "api" if self.route.is_api else "ui"
        address = self.request.remote_addr
        via = f"{face} {address}" if address else face
        return Actor(self.identity.name, self.identity.role, via)

    def url(self, name: str, /, **values: Any) -> str:
        """Return the path of a route, under whatever prefix the face is mounted."""
        return str(self.adapter.build(name, values))
