"""Bearer tokens that others have signed. The algorithm is ours to choose, never the token's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rota.errors import InvalidValue, MissingExtra
from rota.operations.people import role_named
from rota.settings import Settings
from rota.web.auth.keys import Keys
from rota.web.identity import Identity

REQUIRED = ["exp", "iat", "aud", "iss"]
LEEWAY_SECONDS = 30


def identity_of(settings: Settings, token: str) -> Identity | None:
    """Return who a token speaks for; `None` when none is accepted here, or this one is not valid."""
    if not settings.jwt_issuer or not (settings.jwt_key or settings.jwt_keys_url):
        return None
    claims = claims_of(
        token,
        settings.jwt_key,
        settings.jwt_keys_url,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )
    if claims is None or not isinstance(claims.get("sub"), str):
        return None
    try:
        role = role_named(str(claims.get(settings.jwt_role_claim, "")))
    except InvalidValue:
        return None
    return Identity(name=claims["sub"][:200], role=role)


def claims_of(token: str, key: str, keys_url: str, *, audience: str, issuer: str) -> dict[str, Any] | None:
    """Return what a valid token says; `None` for any other.

    It must be signed by `key` (HS256) or, without one, by a key found at `keys_url` (RS256), and hold
    expiry, time of issue, audience and issuer.
    """
    try:
        import jwt
    except ImportError as error:
        raise MissingExtra("a bearer token that others have signed", "jwt", str(error)) from error
    try:
        used, algorithm = (key, "HS256") if key else (_key_of(keys_url, token), "RS256")
        claims: dict[str, Any] = jwt.decode(
            token,
            used,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError):  # whatever somebody has made up
        return None
    return claims


def _key_of(url: str, token: str) -> Any:
    from jwt import PyJWKError, get_unverified_header

    name = get_unverified_header(token).get("kid")
    key = _keys_at(url).key(name if isinstance(name, str) else None)
    if key is None:
        raise PyJWKError("there is no such key")
    return key


_keys_at = lru_cache(maxsize=8)(Keys)
