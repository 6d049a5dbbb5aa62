"""Signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from rota.errors import WrongPassword
from rota.operations import people
from rota.operations.actor import Role
from rota.web.auth import cookies
from rota.web.auth.gate import comes_from_elsewhere
from rota.web.auth.limiter import TooManyAttempts
from rota.web.call import Call
from rota.web.routing import Public, Routes

ROUTES = Routes()
MOST = 1000  # characters of what is typed


@ROUTES.get("/sign-in", Public.ANYONE, name="sign.page")
def page(call: Call) -> Response:
    """Ask for name and password; or take the one-time token that `rota web` has printed."""
    _only_if_ours(call)
    after = _within(call, call.request.args.get("next", ""))
    token = call.request.args.get("token")
    if token is not None and call.request.method == "GET" and call.app.gate.takes_once(token):
        secret, _ = people.open_session(call.rota, "first look", Role.ADMIN, _via(call))
        return _signed_in(call, secret, after)
    if call.identity is not None:
        return Response("", 303, {"Location": after})
    problem = "This link was used before. Start `rota web` again for another." if token is not None else None
    return _form(call, after, problem, 200 if token is None else 403)


@ROUTES.post("/sign-in", Public.ANYONE, name="sign.in")
def sign_in(call: Call) -> Response:
    """Open a session for whoever knows a password."""
    _only_if_ours(call)
    form, limiter, now = call.request.form, call.app.limiter, call.rota.clock.now()
    name, password = form.get("name", "")[:MOST], form.get("password", "")[:MOST]
    after = _within(call, form.get("next", ""))
    if comes_from_elsewhere(call.request):
        return _form(call, after, "The form was sent by another site.", 403)
    keys = (f"name {name}", f"address {call.request.remote_addr}")
    try:
        limiter.check(keys, now)
        secret, _ = people.sign_in(call.rota, name, password, _via(call))
    except (WrongPassword, TooManyAttempts) as error:
        if isinstance(error, WrongPassword):
            limiter.failed(keys, now)
        return _form(call, after, str(error), 429 if isinstance(error, TooManyAttempts) else 403, name)
    limiter.succeeded(keys)
    return _signed_in(call, secret, after)


@ROUTES.post("/sign-out", Role.VIEWER, name="sign.leave")
def sign_out(call: Call) -> Response:
    """End the session of this browser."""
    assert call.identity is not None
    if call.identity.session is not None:
        people.sign_out(call.rota, call.identity.session)
    response = Response("", 303, {"Location": call.url("sign.page")})
    cookies.take_back(call.request, response)
    return response


def _only_if_ours(call: Call) -> None:
    if not call.app.gate.has_sign_in:
        raise NotFound("people sign in at the application that this is a part of")


def _signed_in(call: Call, secret: str, after: str) -> Response:
    response = Response("", 303, {"Location": after})
    former = call.app.gate.identity_of(call.request)
    if former is not None and former.session is not None:
        people.sign_out(call.rota, former.session)
    # Always a new secret: one that somebody planted in this browser before is worth nothing.
    cookies.give(call.request, response, secret, call.rota.settings.session)
    return response


def _form(call: Call, after: str, problem: str | None, status: int, name: str = "") -> Response:
    values: dict[str, Any] = {"after": after, "problem": problem, "typed": name}
    return call.app.pages.page(call, "sign_in.html", status, **values)


def _within(call: Call, after: str) -> str:
    """Return where to go after signing in: a page of ours, whatever the address says."""
    start = call.url("overview")
    try:
        parts = urlsplit(after)
    except ValueError:
        return start
    is_ours = not parts.scheme and not parts.netloc and after.startswith("/") and "\\" not in after
    return after if is_ours and not after.startswith("//") and after.isprintable() else start


def _via(call: Call) -> str:
    return f"ui {call.request.remote_addr}"
