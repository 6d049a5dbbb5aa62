"""The web face beside the demo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from rota.errors import InvalidValue, MissingExtra

if TYPE_CHECKING:
    from rota import Rota
    from rota.web import Server

ANY_PORT = 0


@contextmanager
def served(rota: Rota, wanted: bool) -> Iterator[None]:
    """Serve the face meanwhile, and say where it is."""
    server = _server(rota) if wanted else None
    if server is None:
        yield
        return
    once = " (this address works once)" if "token=" in server.url else ""
    click.echo(f"The admin UI is at {server.url}{once}")
    server.start()
    try:
        yield
    finally:
        server.close()


def _server(rota: Rota) -> Server | None:
    try:
        from rota.web import Server
    except MissingExtra:  # the demo does without
        return None
    try:
        return Server(rota)
    except InvalidValue:  # something else listens there
        return Server(rota, port=ANY_PORT)
