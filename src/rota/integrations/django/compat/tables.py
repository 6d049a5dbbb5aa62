"""Read the rows of home-made `ScheduledTask` and `RetryTask` tables. Nothing is written to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from rota.errors import InvalidValue

SCHEDULED, RETRIES = "scheduled", "retries"
# How Django names the tables of models that are called ScheduledTask and RetryTask, and how people do.
ENDINGS = {SCHEDULED: ("scheduledtask", "scheduled_task"), RETRIES: ("retrytask", "retry_task")}
ARGUMENTS = ("function_parameters", "parameters", "function_kwargs", "kwargs", "arguments")
NEEDED = {
    SCHEDULED: ("id", "function_path", "status", "next_run_time", "schedule_type"),
    RETRIES: ("id", "function_path", "status", "next_run_time", "retry_count", "max_retries"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRow:
    """A row of the table of scheduled tasks. `fields` are those of `ScheduledTaskConfig` that are set."""

    id: str
    function_path: str
    status: str
    next_run_time: datetime | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRow:
    """A row of the table of retries."""

    id: str
    function_path: str
    tag: str
    status: str
    next_run_time: datetime | None
    retry_count: int
    max_retries: int
    retry_delay_minutes: float
    arguments: Mapping[str, Any]


def table_named(alias: str, kind: str, given: str | None) -> str | None:
    """Return the name of the table of that kind; without one given, the only one whose name ends like it.

    Raises:
        InvalidValue: Several could be meant.
    """
    if given is not None:
        return given
    connection = connections[alias]
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    found = [name for name in names if name.lower().endswith(ENDINGS[kind])]
    if len(found) > 1:
        raise InvalidValue(f"--{kind}", ", ".join(found), "several could be meant", "Name one of them.")
    return found[0] if found else None


def scheduled_rows(alias: str, table: str) -> list[ScheduledRow]:
    """Return the rows of a table of scheduled tasks, by id. Raises `InvalidValue` if columns are missing."""
    return [
        ScheduledRow(
            id=str(row["id"]),
            function_path=row["function_path"],
            status=row["status"],
            next_run_time=_instant(row["next_run_time"]),
            fields={
                name: value
                for name, value in row.items()
                if name.startswith("schedule_") and value is not None
            },
        )
        for row in _rows(alias, table, NEEDED[SCHEDULED])
    ]


def retry_rows(alias: str, table: str, default_delay: float) -> list[RetryRow]:
    """Return the rows of the table of retries, by id. Raises `InvalidValue` if columns are missing."""
    rows = _rows(alias, table, NEEDED[RETRIES])
    column = next((name for name in ARGUMENTS if rows and name in rows[0]), None)
    if rows and column is None:
        raise InvalidValue(table, ", ".join(rows[0]), f"one column must be named {' or '.join(ARGUMENTS)}")
    return [
        RetryRow(
            id=str(row["id"]),
            function_path=row["function_path"],
            tag=row.get("tag") or "",
            status=row["status"],
            next_run_time=_instant(row["next_run_time"]),
            retry_count=row["retry_count"],
            max_retries=row["max_retries"],
            retry_delay_minutes=row.get("retry_delay_minutes") or default_delay,
            arguments=_json(row[column or ""]),
        )
        for row in rows
    ]


def _rows(alias: str, table: str, needed: Sequence[str]) -> list[dict[str, Any]]:
    connection = connections[alias]
    # `common.scheduled_task` is a table in a schema. Quoted, names are names and nothing else.
    name = ".".join(connection.ops.quote_name(part) for part in table.split("."))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {name}")  # noqa: S608 - see above
        columns = [column[0] for column in cursor.description]
        missing = [one for one in needed if one not in columns]
        if missing:
            raise InvalidValue(table, ", ".join(columns), f"these columns are missing: {', '.join(missing)}")
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: str(row["id"]).zfill(20))


def _instant(value: object) -> datetime | None:
    """Return an aware datetime. One without a zone is in UTC, as Django stores it."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _json(value: object) -> Mapping[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, Mapping) else {}
