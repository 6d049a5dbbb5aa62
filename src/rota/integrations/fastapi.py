"""The web face inside a FastAPI or Starlette application, and a node that lives as long as it does."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from rota.errors import MissingExtra
from rota.web import WebApp

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from rota.app import Rota
    from rota.web.identity import Identify

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


def mount(
    app: Starlette, rota: Rota, path: str = "/rota", identify: Identify | None = None, **options: Any
) -> WebApp:
    """Answer the face under a path of the application.

    Args:
        identify: Says who is calling, `None` for nobody: it takes a Werkzeug request, whose `environ` has the
            ASGI scope as `asgi.scope`. Without it users of the store sign in.
        options: Of `WebApp`.
    """
    try:
        from a2wsgi import WSGIMiddleware
    except ImportError as error:
        raise MissingExtra("mounting the face in an ASGI application", "fastapi", str(error)) from error
    face = WebApp(rota, identify, **options)
    app.mount(path, WSGIMiddleware(face))  # type: ignore[arg-type]
    return face


def lifespan(
    rota: Rota, own: Lifespan | None = None, roles: Sequence[str] = ("scheduler", "worker")
) -> Lifespan:
    """Return a lifespan within which a node of the rota is at work, inside the application's own.

    Any number of web workers may each have one: nothing is run twice.

    Args:
        own: The lifespan that the application had.
    """

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Any]:
        async with own(app) if own is not None else nullcontext() as state:
            node = await to_thread(rota.node, roles)
            await to_thread(node.start)
            try:
                yield state
            finally:
                await to_thread(node.stop)

    return both
