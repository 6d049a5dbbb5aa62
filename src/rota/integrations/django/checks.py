"""What `manage.py check` says of Rota. Nothing here connects to a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections

from rota.core.localtime import zone_named
from rota.errors import MissingExtra, RotaError
from rota.integrations.django.app import DjangoRota, the_rota
from rota.integrations.django.autostart import is_test
from rota.integrations.django.conf import given, problem_with
from rota.integrations.django.storage import VENDORS, require_psycopg_3

TAG = "rota"
POOLER_PORT = "6432"  # PgBouncer's


@register(TAG)
def check_rota(**_: Any) -> list[CheckMessage]:
    """Return all that is wrong with the settings, the declarations and the database."""
    rota = the_rota()
    return [*_settings(), *_declarations(rota), *_database(rota), *_zones(rota), *_autostart(rota)]


def _settings() -> Iterator[CheckMessage]:
    for key in given():
        problem = problem_with(key)
        if problem is not None:
            yield Error(f"ROTA: {key!r}: {problem.expected}.", hint=problem.hint or None, id="rota.E001")


def _declarations(rota: DjangoRota) -> Iterator[CheckMessage]:
    """Duplicate names, timetables that can not be read, and whatever else was refused."""
    for module, error in rota.registry.broken.items():
        yield Error(
            f"{module}: {error}",
            hint="Until it is mended no node of this release starts, so that nothing is retired.",
            id="rota.E002",
        )


def _database(rota: DjangoRota) -> Iterator[CheckMessage]:
    alias = rota.database
    if alias not in connections:
        hint = f"There are: {', '.join(connections)}."
        yield Error(f'ROTA["DATABASE"]: there is no database {alias!r}.', hint=hint, id="rota.E003")
        return
    connection = connections[alias]
    if connection.vendor not in VENDORS:
        yield Error(
            f"DATABASES[{alias!r}]: Rota stores in PostgreSQL or SQLite, and not in {connection.vendor}.",
            hint='Name another database by ROTA["DATABASE"].',
            id="rota.E003",
        )
    elif connection.vendor == "sqlite":
        yield from _sqlite(alias, connection)
    else:
        yield from _postgres(alias, connection)


def _sqlite(alias: str, connection: Any) -> Iterator[CheckMessage]:
    if "transaction_mode" not in connection.settings_dict["OPTIONS"]:
        yield Warning(
            f"DATABASES[{alias!r}]: a transaction that reads and then enqueues may end with"
            " 'database is locked' while a node writes.",
            hint='Write "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20}.',
            id="rota.W001",
        )
    if not settings.DEBUG and given().get("AUTOSTART"):
        yield Warning(
            f"DATABASES[{alias!r}]: each server process is a node, and all of them share one SQLite file.",
            hint="That works on one machine with a local disk; for more machines use PostgreSQL.",
            id="rota.W002",
        )


def _postgres(alias: str, connection: Any) -> Iterator[CheckMessage]:
    try:
        require_psycopg_3()
    except MissingExtra as error:
        yield Error(f"DATABASES[{alias!r}]: {error}", id="rota.E004")
    facts = connection.settings_dict
    # Who pools transactions has to set the first one, and mostly uses the second.
    if facts.get("DISABLE_SERVER_SIDE_CURSORS") or str(facts.get("PORT")) == POOLER_PORT:
        yield Warning(
            f"DATABASES[{alias!r}] looks like a pooler of transactions: no notification arrives through one,"
            " and nodes poll.",
            hint='All works, ROTA["TICK_INTERVAL"] late at most.',
            id="rota.W003",
        )


def _zones(rota: DjangoRota) -> Iterator[CheckMessage]:
    zone = given().get("TIMEZONE") or settings.TIME_ZONE
    try:
        zone_named(zone)
    except RotaError as error:
        yield Error(f"TIME_ZONE: {error}", id="rota.E005")
        return
    if "TIMEZONE" not in given() and settings.TIME_ZONE == "America/Chicago":
        yield Warning(
            "Timetables without a zone follow America/Chicago, which is what Django takes when TIME_ZONE is"
            " not set.",
            hint='Set TIME_ZONE, or ROTA = {"TIMEZONE": "UTC"}.',
            id="rota.W004",
        )
    if not settings.USE_TZ:
        yield Warning(
            "USE_TZ is False: the instants that Rota hands to a task are aware, and can not be compared to"
            " those of your models.",
            hint="Set USE_TZ = True.",
            id="rota.W005",
        )


def _autostart(rota: DjangoRota) -> Iterator[CheckMessage]:
    if not given().get("AUTOSTART") or rota.database not in connections or is_test():
        return  # in a test nothing is started, and SQLite is in memory as a rule
    connection = connections[rota.database]
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        yield Error(
            'ROTA["AUTOSTART"]: the database is in memory, where a node can not find it.',
            hint="Let it be a file.",
            id="rota.E006",
        )
