"""Send one message in a process of its own: `python -m rota.alerts.sender` reads it from stdin.

Libraries of a hundred services are used there, so what all of them may do is settled beneath them: no
connection to an address that is not of the internet unless its host is allowed, no redirect, no answer that
is larger than it needs to be. The process that started this one ends it when its time is up.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Sequence
from typing import Any

from rota.alerts.channels import allowed, is_public

LARGEST_ANSWER = 1024 * 1024
WORTH_SAYING = logging.WARNING


class Refused(OSError):
    """A connection to an address that is not of the internet."""


class Guard:
    """Refuses connections.

    Args:
        hosts: May be connected to wherever they are.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._allowed = {address for host in allowed(hosts) for address in addresses_of(host)}
        self.refused: list[str] = []

    def install(self) -> None:
        """Watch over every connection of this process, for good."""
        sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            self.check(args[-1])

    def check(self, address: object) -> None:
        """Raise `Refused` unless a connection to `address` is allowed."""
        host = address[0] if isinstance(address, tuple) and address else ""
        found = addresses_of(host) if isinstance(host, str) else ()
        if not found or not all(is_public(one) or one in self._allowed for one in found):
            self.refused.append(str(host) or "a local socket")
            raise Refused(f"{host} is not an address of the internet")


def addresses_of(host: str) -> Sequence[str]:
    """Return the IP addresses of a host; none if it has none, or does not exist."""
    try:
        return (
            [str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, None)] if host else []
        )
    except (OSError, UnicodeError):
        return []


def restrain_requests() -> None:
    """Let the library `requests`, which nearly all services are called by, follow nothing and read little."""
    import requests

    original = requests.Session.request

    def request(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs |= {"allow_redirects": False, "stream": True}
        answer = original(self, method, url, *args, **kwargs)
        read = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        if len(read) > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("the answer is larger than 1 MB")
        # Where `requests` itself keeps what it has read.
        answer._content, answer._content_consumed = read, True
        return answer

    requests.Session.request = request  # type: ignore[method-assign]


class Words(logging.Handler):
    """Keeps what apprise says of a failure."""

    def __init__(self) -> None:
        super().__init__(WORTH_SAYING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def answer(order: dict[str, Any]) -> str:
    """Do what was ordered; return the problem, or an empty text."""
    try:
        import apprise
    except ImportError as error:
        return f"apprise is not installed: {error}"
    words = Words()
    logger = logging.getLogger("apprise")
    logger.addHandler(words)
    logger.propagate = False
    asset = apprise.AppriseAsset(app_id="Rota", app_desc="Rota", secure_logging=True)
    service = apprise.Apprise.instantiate(order["url"], asset=asset)
    if service is None:
        return _joined("apprise does not know this kind of address, or a part of it is missing", words.said)
    if order.get("body") is None:
        return ""
    guard = Guard(order["hosts"])
    restrain_requests()
    guard.install()
    channel = apprise.Apprise(asset=asset)
    channel.add(service)
    done = channel.notify(
        body=order["body"], title=order["title"], notify_type=order["type"], body_format="text"
    )
    if done:
        return ""
    if guard.refused:
        where = ", ".join(dict.fromkeys(guard.refused))
        return f"{where} is not an address of the internet; allow the host by ROTA_ALERT_HOSTS if it is meant"
    return _joined("the service has not taken it", words.said)


def _joined(problem: str, said: Sequence[str]) -> str:
    more = " ".join(next(iter(said), "").split()).rstrip(".")[:300]  # what follows only repeats it
    return f"{problem} ({more})" if more else problem


if __name__ == "__main__":
    json.dump({"problem": answer(json.load(sys.stdin))}, sys.stdout)
