"""The public keys of others (JWKS), fetched rarely, and never because a stranger asks for it often."""

from __future__ import annotations

import json
import logging
import threading
import time
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from rota.errors import InvalidValue

log = logging.getLogger("rota.web")
KEPT, RETRIED = 300.0, 10.0  # seconds: how long keys hold, and between two fetches at least
PATIENCE, LARGEST = 5.0, 1024 * 1024


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Keys:
    """The keys found at one address.

    A key that is not known is looked for anew at most every ten seconds: tokens with invented key names
    can not make this process call somebody else's all day. Of an address that does not answer the last keys
    go on to hold.

    Raises:
        InvalidValue: The address is neither https nor on this machine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise InvalidValue("jwt_keys_url", url, "it must begin with https://")
        self._url = url
        self._lock = threading.Lock()
        self._keys: dict[str | None, Any] = {}
        self._tried = self._got = float("-inf")

    def key(self, name: str | None) -> Any:
        """Return the key of that name; `None` if there is none."""
        with self._lock:
            now = time.monotonic()
            is_old = now - self._got > KEPT
            if (is_old or name not in self._keys) and now - self._tried > RETRIED:
                self._tried = now
                self._fetch(now)
            return self._keys.get(name)

    def _fetch(self, now: float) -> None:
        from jwt import PyJWKSet, PyJWTError

        try:
            # The scheme was checked, and a redirect is not followed to another.
            with build_opener(_NoRedirects).open(self._url, timeout=PATIENCE) as answer:
                found = PyJWKSet.from_dict(json.loads(answer.read(LARGEST)))
        except (OSError, HTTPException, ValueError, TypeError, AttributeError, PyJWTError) as error:
            log.warning("keys could not be fetched", extra={"url": self._url, "problem": str(error)})
            return
        self._keys = {one.key_id: one.key for one in found.keys if one.public_key_use in ("sig", None)}
        self._got = now


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
