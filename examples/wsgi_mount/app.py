"""A shop that is a plain WSGI application. Its operators see the rota under /ops, and sign in there."""

from __future__ import annotations

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from rota import Rota, daily
from rota.web import WebApp

rota = Rota("shop")


@rota.scheduled(daily("02:00"))
def clear_carts():
    """Remove carts that nobody has touched for a month."""


def shop(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b"The shop. Look at <a href='/ops/'>the rota</a>."]


application = DispatcherMiddleware(shop, {"/ops": WebApp(rota)})
