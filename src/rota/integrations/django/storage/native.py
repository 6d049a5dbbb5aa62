"""The same database without Django: for nodes, which keep connections of their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from rota.errors import InvalidValue

# What Django or psycopg take in Python, and no libpq knows.
NOT_LIBPQ = frozenset({
    "autocommit", "client_encoding", "context", "cursor_factory", "prepare_threshold", "row_factory",
})  # fmt: skip


def native_url(connection: Any) -> str:
    """Return the URL of the stand-alone store over the database of a connection of Django's.

    Raises:
        InvalidValue: The database is in memory, or of a kind that Rota does not know.
    """
    if connection.vendor == "sqlite":
        return _sqlite_url(connection)
    if connection.vendor == "postgresql":
        return _postgres_url(connection)
    raise InvalidValue(
        f"DATABASES[{connection.alias!r}]", connection.vendor, "Rota stores in PostgreSQL or SQLite"
    )


def _sqlite_url(connection: Any) -> str:
    if connection.is_in_memory_db():
        raise InvalidValue(
            f"DATABASES[{connection.alias!r}]",
            str(connection.settings_dict["NAME"]),
            "a node opens the database anew, and would find an empty one in memory",
            "Let it be a file; in tests use rota.integrations.django.testing.run_pending().",
        )
    timeout = connection.settings_dict["OPTIONS"].get("timeout")
    query = "" if timeout is None else f"?busy_timeout={float(timeout):g}"
    return f"sqlite:///{connection.settings_dict['NAME']}{query}"


def _postgres_url(connection: Any) -> str:
    given = connection.get_connection_params()
    role = connection.settings_dict["OPTIONS"].get("assume_role")
    if role:
        given["options"] = f"{given.get('options', '')} -c role={role}".strip()
    most = connection.settings_dict["OPTIONS"].get("pool") or {}
    if isinstance(most, dict) and most.get("max_size"):
        given["max_connections"] = most["max_size"]
    parts = {name: str(value) for name, value in given.items() if name not in NOT_LIBPQ and value is not None}
    place = f"{_netloc(parts)}/{_quoted(parts.pop('dbname', ''))}"
    options = urlencode(parts, quote_via=quote)
    return f"postgresql://{place}{'?' if options else ''}{options}"


def _netloc(parts: dict[str, str]) -> str:
    """Take the parts that stand before the path of a URL: not the folder of a socket, nor several hosts."""
    if "host" not in parts or not set(parts["host"]).isdisjoint("/,:"):
        return ""
    port = f":{parts.pop('port')}" if "port" in parts else ""
    user = _quoted(parts.pop("user", ""))
    password = f":{_quoted(parts.pop('password'))}" if user and "password" in parts else ""
    return f"{user}{password}{'@' if user else ''}{_quoted(parts.pop('host'))}{port}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
