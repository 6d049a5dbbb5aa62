"""The store in a database of Django's, through Django's own connection and transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from rota.errors import InvalidValue, MissingExtra

if TYPE_CHECKING:
    from rota.integrations.django.storage.database import DjangoDatabase
    from rota.stores.sql.store import SqlStore

VENDORS = ("postgresql", "sqlite")


def open_store(alias: str) -> SqlStore:
    """Return the store in the database `alias`. Nothing is connected before its first use.

    Raises:
        InvalidValue: Rota does not know this kind of database.
        MissingExtra: Django reaches PostgreSQL by psycopg 2; Rota needs psycopg 3.
    """
    from rota.stores.sql.store import SqlStore

    return SqlStore(open_database(alias))


def open_database(alias: str) -> DjangoDatabase:
    """Return the port to the database `alias`; see `open_store`."""
    vendor = connections[alias].vendor
    if vendor == "sqlite":
        from rota.integrations.django.storage.sqlite import SqliteThroughDjango

        return SqliteThroughDjango(alias)
    if vendor == "postgresql":
        require_psycopg_3()
        from rota.integrations.django.storage.postgres import PostgresThroughDjango

        return PostgresThroughDjango(alias)
    raise InvalidValue(
        f"DATABASES[{alias!r}]",
        vendor,
        "Rota stores in PostgreSQL or SQLite",
        "Name another one by ROTA['DATABASE'].",
    )


def require_psycopg_3() -> None:
    """Raise `MissingExtra` if Django works with psycopg 2."""
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    if not is_psycopg3:
        raise MissingExtra(
            "the PostgreSQL store", "postgres", "Django uses psycopg2; with psycopg 3 installed it uses that"
        )
