"""The whole web face of Rota as one view: Django's session, user and transaction, Rota's own answers."""

from __future__ import annotations

import secrets
from functools import cache
from io import BytesIO
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.signals import setting_changed
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from werkzeug.wrappers import Request

from rota.integrations.django.access import role_of, standing_of
from rota.integrations.django.app import the_rota
from rota.web import Identity, WebApp
from rota.web.routing import is_of_programs

ASKED = "rota.django.request"  # where the environ has Django's request
CSRF = "rota_csrf"  # in Django's session
UNAUTHORIZED = 401


# The face decides itself who may do what. Its forms and scripts carry a token of its own, which Django's
# session keeps: Django's token is another in each page, so that a page in which nothing has changed would
# never be a 304. And programs with a bearer token have no cookie that another site could make use of.
@login_not_required
@csrf_exempt
def face(request: HttpRequest, path: str) -> HttpResponse:
    """Answer with Rota's admin UI and REST API."""
    app = _app()
    _see_this_transaction(app)
    response = _answered(app, _environ(request, path))
    if response.status_code == UNAUTHORIZED and not is_of_programs(f"/{path}"):
        if request.user.is_authenticated:
            raise PermissionDenied(
                "Rota takes a member of the staff with the permission to view schedules and runs."
            )
        if _is_navigation(request):
            return redirect_to_login(request.get_full_path())
    return response


@cache
def _app() -> WebApp:
    return WebApp(the_rota(), _identify, standing=standing_of)


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "ROTA":
        _app.cache_clear()


setting_changed.connect(_forget, dispatch_uid="rota web")


def _identify(request: Request) -> Identity | None:
    asked = request.environ[ASKED]
    role = role_of(asked.user)
    if role is None:
        return None
    if CSRF not in asked.session:
        asked.session[CSRF] = secrets.token_hex(16)
    return Identity(name=asked.user.get_username(), role=role, csrf=asked.session[CSRF])


def _is_navigation(request: HttpRequest) -> bool:
    """Say whether a person looks for a page, not a page for news of itself."""
    return request.method in ("GET", "HEAD") and "X-Rota-Live" not in request.headers


def _environ(request: HttpRequest, path: str) -> dict[str, Any]:
    """Return what a WSGI server would have told the face, had it been mounted there.

    Host and scheme are those that Django has checked, by ALLOWED_HOSTS and SECURE_PROXY_SSL_HEADER.
    """
    body = request.body
    prefix = request.path.removesuffix(path).rstrip("/")
    texts = {name: value for name, value in request.META.items() if isinstance(value, str)}
    return {
        **texts,
        "HTTP_HOST": request.get_host(),
        "SCRIPT_NAME": _as_wsgi(prefix),
        "PATH_INFO": _as_wsgi(f"/{path}"),
        "QUERY_STRING": request.META.get("QUERY_STRING", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
        ASKED: request,
    }


def _as_wsgi(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def _answered(app: WebApp, environ: dict[str, Any]) -> HttpResponse:
    told: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        told[:] = [int(status.partition(" ")[0]), headers]

    chunks = app(environ, start_response)
    response = HttpResponse(b"".join(chunks))
    del response.headers["Content-Type"]  # Django's guess
    response.status_code, headers = told
    for name, value in headers:
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        else:
            response.headers[name] = value
    return response


def _see_this_transaction(app: WebApp) -> None:
    """Draw pages anew in a transaction that began before the request, as in a test: it alone has its rows."""
    connection = connections[the_rota().database]
    if connection.in_atomic_block and not connection.settings_dict["ATOMIC_REQUESTS"]:
        app.pages.recent.clear()
