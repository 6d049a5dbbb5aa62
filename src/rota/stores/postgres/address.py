"""Where a PostgreSQL database is, and how to connect to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from rota.errors import InvalidValue

MOST_CONNECTIONS = 10
# A server that does not answer is given up after about 20 s, also when a firewall swallows its packets.
SETTINGS = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 4,
    "tcp_user_timeout": 15_000,
}


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says.

    Attributes:
        dsn: What libpq is given.
        shown: The URL without its password.
        most_connections: At most so many at a time in each process.
    """

    dsn: str
    shown: str
    most_connections: int

    @classmethod
    def of(cls, url: str) -> Address:
        """Read `postgresql://...`; the option `max_connections` is ours, all others are libpq's."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        most = _count(options.pop("max_connections", str(MOST_CONNECTIONS)))
        dsn = urlunsplit(parts._replace(scheme="postgresql", query=urlencode(options, quote_via=quote)))
        hidden = {name: value for name, value in options.items() if "password" not in name}
        user, at, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}{at}{host}"
        shown = urlunsplit(parts._replace(scheme="postgresql", netloc=netloc, query=urlencode(hidden)))
        return cls(dsn, shown, most)

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection that begins nothing by itself and prepares nothing."""
        given: dict[str, Any] = dict(psycopg.conninfo.conninfo_to_dict(self.dsn))
        settings = {name: value for name, value in SETTINGS.items() if name not in given}
        given.setdefault("application_name", "rota")
        return psycopg.connect(**{**settings, **given}, autocommit=True, prepare_threshold=None)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise InvalidValue("max_connections", text, "write a number from 1 to 1000")
    return int(text)
