"""How a trigger from outside proves itself: by an OIDC token, or by a signature with a shared key."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from rota.operations.actor import Actor, Role
from rota.web.auth.gate import BEARER_WANTED, bearer_of
from rota.web.auth.jwt import claims_of
from rota.web.faults import Fault

if TYPE_CHECKING:
    from rota.settings import Settings
    from rota.web.call import Call

TIMESTAMP, SIGNATURE = "X-Rota-Timestamp", "X-Rota-Signature"
OLDEST_SECONDS = 300


def admitted(call: Call) -> Actor:
    """Return who triggers: somebody who is known here and may operate, or a trigger that proves itself.

    Raises:
        Fault: 401, when nothing does; 403, when another site made a browser send it.
        NotPermitted: Somebody is known, and may not.
    """
    settings, request = call.rota.settings, call.request
    call.identity = call.app.gate.identity_of(request)
    if call.identity is not None:
        call.app.gate.check_origin(request, call.identity)
        call.actor.require(Role.OPERATOR, "trigger")
        return call.actor
    name = _of_oidc(settings, request) or _of_signature(settings, request, call.rota.clock.now().timestamp())
    if name is None:
        raise Fault(
            401, "not_signed_in", "the trigger does not prove where it comes from",
            hint=f"Send an OIDC token, or {TIMESTAMP} and {SIGNATURE}; see the documentation on security.",
            headers=BEARER_WANTED,
        )  # fmt: skip
    return Actor(name, Role.OPERATOR, f"trigger {request.remote_addr}")


def _of_oidc(settings: Settings, request: Request) -> str | None:
    token = bearer_of(request)
    if not token or not (settings.trigger_audience and settings.trigger_email and settings.trigger_issuer):
        return None
    claims = claims_of(
        token,
        "",
        settings.trigger_keys_url,
        audience=settings.trigger_audience,
        issuer=settings.trigger_issuer,
    )
    if claims is None or claims.get("email_verified") is not True:
        return None
    email = str(claims.get("email", ""))
    return email if hmac.compare_digest(email.encode(), settings.trigger_email.encode()) else None


def _of_signature(settings: Settings, request: Request, now: float) -> str | None:
    given, at = request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, "")
    is_number = at.isascii() and at.isdecimal() and len(at) <= 12
    if not settings.trigger_key or not is_number or abs(now - int(at)) > OLDEST_SECONDS:
        return None
    expected = signature(settings.trigger_key, int(at), request.method, request.path, request.get_data())
    return (
        "signed trigger" if hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()) else None
    )


def signature(key: str, timestamp: int, method: str, path: str, body: bytes) -> str:
    """Return what `X-Rota-Signature` has to be.

    Args:
        timestamp: Seconds since 1970, as in `X-Rota-Timestamp`; accepted for five minutes.
        path: Without the prefix under which the face is mounted, without query, and percent-decoded.
        body: Where the scheduled time is: with a signature it is not read from a header, which is not signed.
    """
    message = f"{timestamp}\n{method}\n{path}\n".encode() + body
    return f"sha256={hmac.new(key.encode(), message, sha256).hexdigest()}"
