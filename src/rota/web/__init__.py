"""The web face: REST API and admin UI of one rota, as a WSGI application.

from rota.web import WebApp
application = WebApp(rota)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.errors import MissingExtra

if TYPE_CHECKING:
    from rota.operations.actor import Role as Role
    from rota.web.app import WebApp as WebApp
    from rota.web.identity import Identity as Identity
    from rota.web.serve import Server as Server

_NAMES = {
    "WebApp": "rota.web.app",
    "Role": "rota.operations.actor",
    "Identity": "rota.web.identity",
    "Server": "rota.web.serve",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_NAMES[name]), name)
    except ImportError as error:
        raise MissingExtra("the web face", "web", str(error)) from error
