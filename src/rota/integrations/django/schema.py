"""The migration operation that applies a step of the store's own schema, and what a flush leaves behind."""

from __future__ import annotations

import re
from typing import Any

from django.db import connections, router
from django.db.migrations.operations.base import Operation

from rota.errors import InvalidValue
from rota.stores.sql.statements import load_steps, split_script
from rota.stores.sqlite.files import CREATE_REGISTER

PACKAGES = {"sqlite": "rota.stores.sqlite", "postgresql": "rota.stores.postgres"}
FIRST = {"sqlite": (CREATE_REGISTER,), "postgresql": ()}  # there it is part of the first step
REGISTER = "INSERT INTO rota_schema (step, name) VALUES ({}, '{}')"
_CREATES = re.compile(r"CREATE TABLE (rota_\w+)")
# Tables of one database's machinery, which have no model: they follow `rota_run`.
FOLLOWERS = ("rota_pending", "rota_taken", "rota_load", "rota_tally")


class ApplySchema(Operation):
    """Run the very DDL that the stand-alone store runs, and register the step as it does.

    So a database made under Django opens with the command line, and the other way round: a step that was
    applied already, by whomever, is left as it is.

    Args:
        step: Its number, as in `stores/*/schema`.
    """

    reduces_to_sql = True
    reversible = True
    atomic = True

    def __init__(self, step: int) -> None:
        self.step = step

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"step": self.step}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: the models are said beside it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not _is_ours(app_label, schema_editor):
            return
        vendor, asked_for_sql = schema_editor.connection.vendor, schema_editor.collect_sql
        if not asked_for_sql and self.step in _applied(schema_editor.connection):
            return
        name, statements = _step(vendor, self.step)
        for statement in (*FIRST[vendor], *statements, REGISTER.format(self.step, name)):
            schema_editor.execute(statement, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop all tables: the first step is the only one yet that can be taken back."""
        if not _is_ours(app_label, schema_editor):
            return
        _, statements = _step(schema_editor.connection.vendor, self.step)
        tables = _CREATES.findall(";".join(statements))
        for table in (*reversed(tables), "rota_schema"):
            schema_editor.execute(f"DROP TABLE IF EXISTS {table}", params=None)

    def describe(self) -> str:
        return f"Apply step {self.step} of the schema of Rota"

    @property
    def migration_name_fragment(self) -> str:
        return f"schema_{self.step:04}"


def empty_followers(alias: str) -> None:
    """Let the tables without a model follow a flush, which empties only those that have one."""
    connection = connections[alias]
    if connection.vendor not in PACKAGES:
        return
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        if "rota_run" not in there:
            return
        for table in there.intersection(FOLLOWERS):
            cursor.execute(f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM rota_run)")  # noqa: S608


def _is_ours(app_label: str, schema_editor: Any) -> bool:
    """Say whether Rota's tables belong into this database: its kind is known, and no router says no."""
    connection = schema_editor.connection
    return bool(router.allow_migrate(connection.alias, app_label)) and connection.vendor in PACKAGES


def _applied(connection: Any) -> set[int]:
    with connection.cursor() as cursor:
        if "rota_schema" not in connection.introspection.table_names(cursor):
            return set()
        cursor.execute("SELECT step FROM rota_schema")
        return {step for (step,) in cursor.fetchall()}


def _step(vendor: str, wanted: int) -> tuple[str, list[str]]:
    """Return the name of a step, and its statements one by one."""
    for number, name, text in load_steps(PACKAGES[vendor]):
        if number == wanted:
            return name, [one.strip().removesuffix(";") for one in split_script(text)]
    raise InvalidValue("step", wanted, f"there is no such step for {vendor}")
