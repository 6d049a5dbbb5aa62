"""The web face inside a Flask application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from rota.web import Identity, WebApp

if TYPE_CHECKING:
    from flask import Flask

    from rota.app import Rota


def mount(
    app: Flask,
    rota: Rota,
    path: str = "/rota",
    identify: Callable[[], Identity | None] | None = None,
    **options: Any,
) -> WebApp:
    """Answer the face under a path of a Flask application.

    Args:
        path: Begins with a slash.
        identify: Says who is calling, `None` for nobody. It is called within the request of Flask, so that
            `flask.session` and what extensions make of it can be used. Without it users of the store sign in.
        options: Of `WebApp`.
    """

    def within(request: Request) -> Identity | None:
        assert identify is not None
        with app.request_context(request.environ):
            return identify()

    face = WebApp(rota, within if identify is not None else None, **options)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {path.rstrip("/"): face})  # type: ignore[method-assign]
    return face
