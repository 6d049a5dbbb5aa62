"""The one gate that every request goes through: closed, unless something opens it."""

from __future__ import annotations

import hmac
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from rota.operations import people
from rota.operations.actor import Role
from rota.operations.people import role_named
from rota.web.auth import cookies, jwt
from rota.web.auth.cookies import csrf_of
from rota.web.faults import Fault
from rota.web.identity import Identify, Identity, Standing
from rota.web.routing import Public

if TYPE_CHECKING:
    from rota.app import Rota
    from rota.core.records import Token
    from rota.web.call import Call

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "
CSRF_HEADER, CSRF_FIELD = "X-Rota-CSRF", "csrf"
LINK_FIELD = "token"
BEARER_WANTED = (("WWW-Authenticate", 'Bearer realm="rota"'),)


class Gate:
    """Decides who a request comes from, and whether they may make it.

    Args:
        identify: The host application's word on who is calling. With it there are no sessions of ours.
        one_time_token, standing: See `WebApp`.
    """

    def __init__(
        self,
        rota: Rota,
        identify: Identify | None,
        one_time_token: str | None,
        standing: Standing | None = None,
    ) -> None:
        self._rota, self._identify, self._standing = rota, identify, standing
        self._one_time_token = one_time_token
        self._lock = threading.Lock()

    @property
    def has_sign_in(self) -> bool:
        """Whether people sign in here, and not at the host."""
        return self._identify is None

    def admit(self, call: Call) -> Response | None:
        """Let a call through, knowing who makes it; or answer it here.

        Raises:
            Fault: 401 for nobody, 403 for somebody who may not, or for a request made by another site.
        """
        permission = call.route.permission
        if isinstance(permission, Public):
            if permission is Public.ANYONE and call.route.name == "sign.page":
                call.identity = self.identity_of(call.request)
            if permission is Public.LINKED:
                call.identity = self._of_link(call.request)
            return None
        call.identity = identity = self.identity_of(call.request)
        if identity is None:
            return self._nobody(call)
        self.check_origin(call.request, identity)
        call.actor.require(permission, call.route.name)
        return None

    def _nobody(self, call: Call) -> Response:
        if call.route.is_api or not self.has_sign_in:
            raise Fault(
                401, "not_signed_in", "it is not known who is calling",
                hint="Send `Authorization: Bearer` with a token, or sign in.", headers=BEARER_WANTED,
            )  # fmt: skip
        after = call.request.full_path.rstrip("?") if call.request.method in SAFE else ""
        values = {"after": call.request.root_path.rstrip("/") + after, "problem": None, "typed": ""}
        return call.app.pages.page(call, "sign_in.html", 401, **values)

    def identity_of(self, request: Request) -> Identity | None:
        """Return who makes a request; `None` for nobody."""
        secret = bearer_of(request)
        if secret is not None:
            return self._of_bearer(secret)
        if self._identify is not None:
            return self._identify(request)
        return self._of_session(request)

    def _of_bearer(self, secret: str) -> Identity | None:
        if secret.startswith(people.PREFIX):
            token = people.bearer(self._rota, secret)
            role = self._role_of(token) if token is not None and token.kind == "api" else None
            if token is None or role is None:
                return None
            return Identity(name=f"{token.user} (token {token.label})", role=role, user=token.user)
        return jwt.identity_of(self._rota.settings, secret)

    def _role_of(self, token: Token) -> Role | None:
        """Return what a token may do: no more than its user may at the host. `None`: nothing."""
        role = role_named(token.role)
        if self._standing is None:
            return role
        most = self._standing(token.user)
        return None if most is None else min(role, most)

    def _of_session(self, request: Request) -> Identity | None:
        secret = cookies.secret_of(request)
        token = people.bearer(self._rota, secret) if secret else None
        if secret is None or token is None or token.kind != "session":
            return None
        return Identity(name=token.user, role=role_named(token.role), session=token.id, csrf=csrf_of(secret))

    def _of_link(self, request: Request) -> Identity:
        """Return whose link it is. Raises `Fault`: 401."""
        secret = request.args.get(LINK_FIELD, "")
        token = people.bearer(self._rota, secret) if secret.startswith(people.PREFIX) else None
        if token is None or token.kind != "feed" or self._role_of(token) is None:
            raise Fault(
                401, "not_signed_in", "this link does not hold, or no longer",
                LINK_FIELD, "Make a new one: Timeline, Calendar feed.",
            )  # fmt: skip
        return Identity(name=token.user, role=Role.VIEWER, user=token.user)

    def check_origin(self, request: Request, identity: Identity) -> None:
        """Refuse what another site made the browser send: by its origin, and by what it can not know.

        A browser sends a cookie of ours, or of the host's, by itself; a token never.

        Raises:
            Fault: 403.
        """
        if request.method in SAFE or bearer_of(request) is not None:
            return
        if comes_from_elsewhere(request):
            origin = request.headers.get("Origin", "another site")[:200]
            raise Fault(
                403, "other_origin", f"the request was made by a page of {origin}, not of {request.host}",
                hint="Behind a proxy, let it pass on the host, or set ROTA_WEB_PROXIES.",
            )  # fmt: skip
        if identity.csrf is None:
            return
        given = request.headers.get(CSRF_HEADER) or (
            request.form.get(CSRF_FIELD, "") if request.mimetype != "application/json" else ""
        )
        if not hmac.compare_digest(given.encode("utf-8", "replace"), identity.csrf.encode()):
            raise Fault(
                403, "csrf", "the request does not carry the token of this session",
                CSRF_HEADER, "Load the page again, then repeat it.",
            )  # fmt: skip

    def takes_once(self, token: str) -> bool:
        """Say whether this is the one-time token; it never is again."""
        given = token.encode("utf-8", "replace")
        with self._lock:  # two requests at once are not both the first
            expected = self._one_time_token
            if expected is None or not hmac.compare_digest(given, expected.encode()):
                return False
            self._one_time_token = None
            return True


def bearer_of(request: Request) -> str | None:
    """Return the secret of the header `Authorization: Bearer`; `None` when there is no such header."""
    header = request.headers.get("Authorization", "")
    return header[len(BEARER) :].strip() if header[: len(BEARER)].lower() == BEARER else None


def comes_from_elsewhere(request: Request) -> bool:
    """Say whether a page of another site made the browser send this. Programs do not say where they are."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != request.host
    except ValueError:
        return True
