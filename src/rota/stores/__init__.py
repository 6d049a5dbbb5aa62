"""The stores: where the durable state is, and the only place where races are settled."""

from __future__ import annotations

from rota.errors import InvalidValue, MissingExtra
from rota.ports import Store


def open_store(url: str) -> Store:
    """Return the store at `url`. Nothing is connected or created before its first use.

    `sqlite:///relative.db`, `sqlite:////absolute/path.db`, `sqlite:///:memory:`,
    `postgresql://user:password@host:port/database?max_connections=10`.

    Raises:
        InvalidValue: the URL names no store that Rota knows.
        MissingExtra: the driver of this store is not installed.
    """
    from rota.stores.sql.store import SqlStore  # here, so that `import rota` does not pay for it

    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        from rota.stores.sqlite.database import SqliteDatabase

        return SqlStore(SqliteDatabase.of(url))
    if scheme in ("postgresql", "postgres") and rest:
        try:
            from rota.stores.postgres.database import PostgresDatabase
        except ImportError as error:
            raise MissingExtra("the PostgreSQL store", "postgres", str(error)) from error
        return SqlStore(PostgresDatabase.of(url))
    raise InvalidValue(
        "store", _without_password(url), "write sqlite:///file.db or postgresql://user@host/database"
    )


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}{at}{tail}" if at else url
