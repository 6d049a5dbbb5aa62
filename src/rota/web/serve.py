"""Serving the web face by itself: `rota web`, and the web role of `rota run`."""

from __future__ import annotations

import secrets
import socket
import threading
from typing import TYPE_CHECKING

from waitress.server import create_server

from rota.errors import InvalidValue
from rota.web.app import WebApp
from rota.web.auth.keys import is_loopback

if TYPE_CHECKING:
    from rota.app import Rota

THREADS = 8
BACKLOG = 128


class Server:
    """The web face on an address of its own.

    Closed by default: while nobody can sign in and no program has a token or key it listens on the loopback
    only, and lets in whoever has the one-time token of `url`.

    Raises:
        InvalidValue: It was to listen elsewhere, and nobody could come in; or it can not listen there.
    """

    def __init__(self, rota: Rota, host: str | None = None, port: int | None = None) -> None:
        settings = rota.settings
        host, port = host or settings.web_host, settings.web_port if port is None else port
        has_users = bool(rota.store.users(rota.name))
        is_local = is_loopback(host)
        if not (is_local or has_users or _has_programs(rota)):
            raise InvalidValue(
                "web_host", host, "nobody can sign in, so that only the loopback is served",
                "Add somebody first: `rota user add NAME --role admin`.",
            )  # fmt: skip
        token = secrets.token_urlsafe(24) if is_local and not has_users else None
        self.app = WebApp(rota, one_time_token=token)
        listening = _listening(host, port)
        port = listening.getsockname()[1]
        self._server = create_server(self.app, sockets=[listening], threads=THREADS, ident=None)
        self._thread: threading.Thread | None = None
        self._is_closed = False
        address = f"http://{_shown(host)}:{port}"
        self.url = f"{address}/sign-in?token={token}" if token else f"{address}/"

    def serve(self) -> None:
        """Answer requests until `close`, which another thread calls."""
        self._server.run()
        self._server.task_dispatcher.shutdown()

    def start(self) -> None:
        """Answer requests in a thread, until `close`."""
        self._thread = threading.Thread(target=self.serve, name="rota-web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests; those that are being answered may end."""
        if self._is_closed:
            return
        self._is_closed = True
        # Its sockets belong to the thread that waits for them: there they are closed.
        self._server.trigger.pull_trigger(self._close_all)
        if self._thread is not None:
            self._thread.join()

    def _close_all(self) -> None:
        for one in list(self._server._map.values()):
            one.close()


def _has_programs(rota: Rota) -> bool:
    settings = rota.settings
    return bool(settings.jwt_issuer or any(one.kind == "api" for one in rota.store.tokens(rota.name)))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        problem = f"it can not be listened on: {error.strerror or error}"
        hint = "Stop what listens there, or give another: --port, ROTA_WEB_PORT; 0 takes any that is free."
        raise InvalidValue("address", f"{host}:{port}", problem, hint) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
