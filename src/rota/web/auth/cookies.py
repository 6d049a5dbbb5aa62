"""The cookie of a session, and what pages of the same session know beside it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from werkzeug.wrappers import Request, Response

NAME = "rota_session"


def secret_of(request: Request) -> str | None:
    """Return the secret of the session that a request belongs to."""
    return request.cookies.get(NAME) or None


def csrf_of(secret: str) -> str:
    """Return what an unsafe request of this session has to repeat. The cookie can not be read from it."""
    return blake2b(secret.encode(), digest_size=16, person=b"rota csrf").hexdigest()


def give(request: Request, response: Response, secret: str, age: timedelta) -> None:
    """Let the browser carry a session."""
    response.set_cookie(
        NAME,
        secret,
        max_age=age,
        path=request.root_path or "/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def take_back(request: Request, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        NAME, path=request.root_path or "/", secure=request.is_secure, httponly=True, samesite="Lax"
    )
