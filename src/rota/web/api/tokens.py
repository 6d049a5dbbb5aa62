"""Tokens: what programs show in the place of a password."""

from __future__ import annotations

from typing import Any

from rota.core.policies import duration
from rota.operations import people, shapes
from rota.operations.actor import Role
from rota.web.api import asked
from rota.web.api import types as t
from rota.web.call import Call
from rota.web.routing import Routes

ROUTES = Routes()


@ROUTES.get("/api/v1/tokens", Role.ADMIN, answer=t.Tokens)
def list_(call: Call) -> Any:
    """List the tokens of programs, the newest first. Their secrets are stored nowhere."""
    return {"items": list(map(shapes.token, people.tokens(call.rota, call.actor)))}


@ROUTES.post("/api/v1/tokens", Role.ADMIN, body=asked.NewTokenRequest, answer=t.NewToken, status=201)
def create(call: Call, body: asked.NewTokenRequest) -> Any:
    """Make a token. Its secret is shown this once."""
    expires = None if body.expires is None else duration("expires", body.expires)
    assert call.identity is not None
    secret, token = people.create_token(
        call.rota, body.label, body.role, call.actor, expires, owner=call.identity.owner
    )
    return {**shapes.token(token), "secret": secret}


@ROUTES.delete("/api/v1/tokens/<token_id>", Role.ADMIN, status=204)
def revoke(call: Call, token_id: str) -> None:
    """Delete a token: its bearer is refused from now on."""
    people.revoke_token(call.rota, token_id, call.actor)
