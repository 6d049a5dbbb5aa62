"""Where a PostgreSQL database is, and how to connect to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from rota.errors import InvalidValue

MOST_CONNECTIONS = 10
# A plan is kept while the tables grow: one that was made for empty ones must not read the whole of them.
# Where there is no other way, that now seems so costly that the server would compile it, for half a second.
# `plan_cache_mode` is left alone: "force_generic_plan" would hold for what is not prepared, too, and a list
# whose filters are parameters that may be NULL is then planned as if each of them narrowed it.
FOR_PREPARED = "SET enable_seqscan = off; SET jit = off"
NEVER_BY_ITSELF = 1 << 30  # executions after which psycopg prepares what nobody told it to
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
        """Open a connection that begins nothing by itself, and prepares only what it is told to.

        What is prepared gets a generic plan when that seems as good as one for the values at hand. It does
        not survive a pooler between the transactions, such as PgBouncer: behind one nothing is prepared.
        """
        given: dict[str, Any] = dict(psycopg.conninfo.conninfo_to_dict(self.dsn))
        settings = {name: value for name, value in SETTINGS.items() if name not in given}
        given.setdefault("application_name", "rota")
        connection = psycopg.connect(**{**settings, **given}, autocommit=True, prepare_threshold=None)
        if _is_direct(connection):
            connection.execute(FOR_PREPARED)
            connection.prepare_threshold = NEVER_BY_ITSELF
        return connection


def _is_direct(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the server at the other end is PostgreSQL itself.

    It announces its process at the start; a pooler, which has many servers, announces a number of its own.
    """
    (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (None,)
    return pid == connection.info.backend_pid


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise InvalidValue("max_connections", text, "write a number from 1 to 1000")
    return int(text)
