"""`rota web`: the web face as a process of its own, and beside a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rota.cli.apps import app_command
from rota.cli.memory import leave_alone_what_is_loaded
from rota.cli.nodes import log_options, set_up_log
from rota.cli.stopping import Stop
from rota.errors import InvalidValue

if TYPE_CHECKING:
    from rota.app import Rota


@app_command("web", example="rota web shop.tasks:rota --port 8765")
@click.option("--host", metavar="HOST", help="Where to listen; ROTA_WEB_HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0: any that is free; ROTA_WEB_PORT.")
@log_options
def web(rota: Rota, host: str | None, port: int | None, **log_settings: Any) -> None:
    """Serve the admin UI and the REST API, until SIGTERM or Ctrl-C.

    While nobody may sign in (`rota user add`) it listens on this machine only, and prints an address that
    lets one browser in, once.
    """
    from rota.web import Server

    set_up_log(rota, log_settings)
    asked = Stop()
    server = Server(rota, host, port)
    leave_alone_what_is_loaded()
    server.start()
    greet(server.url)
    asked.wait()
    server.close()


def greet(url: str) -> None:
    """Say where the face is."""
    once = " (this address works once)" if "token=" in url else ""
    click.echo(f"The admin UI is at {url}{once}")


def read_address(text: str) -> tuple[str | None, int]:
    """Read `HOST:PORT`, `:PORT`, `PORT` or `[IPV6]:PORT`.

    Raises:
        InvalidValue: It is none of these.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise InvalidValue("--web", text, "write HOST:PORT, or a port from 0 to 65535")
    return host.strip("[]") or None, int(port)
