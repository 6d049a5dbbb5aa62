"""The path that a proxy in front has taken off: links begin with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Prefix:
    """Puts what `X-Forwarded-Prefix` says before the path under which the application is mounted.

    Werkzeug's own ProxyFix puts it in the place of that path.

    Args:
        hops: How many proxies in front are trusted.
    """

    def __init__(self, app: Any, hops: int) -> None:
        self._app, self._hops = app, hops

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = [one.strip() for one in environ.get("HTTP_X_FORWARDED_PREFIX", "").split(",")]
        prefix = given[-self._hops].rstrip("/") if len(given) >= self._hops else ""
        if prefix.startswith("/") and not prefix.startswith("//"):
            environ = {**environ, "SCRIPT_NAME": prefix + environ.get("SCRIPT_NAME", "")}
        answered: Iterable[bytes] = self._app(environ, start_response)
        return answered
