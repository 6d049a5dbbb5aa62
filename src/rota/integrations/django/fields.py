"""Columns of the store as fields of models: the tables' values as Rota has them everywhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import models

from rota.core.ids import from_us, to_us
from rota.stores.sql.history import FIRST_ID
from rota.stores.sql.texts import as_id


class IdField(models.Field):
    """An id: a text, which PostgreSQL keeps as a uuid."""

    def db_type(self, connection: Any) -> str:
        return "uuid" if connection.vendor == "postgresql" else "text"

    def get_internal_type(self) -> str:
        return "TextField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else str(value)

    def get_prep_value(self, value: Any) -> str | None:
        """Look up what is no id at all as the id of nothing: a uuid column would refuse it."""
        return None if value is None else as_id(str(value)) or FIRST_ID


class InstantField(models.DateTimeField):
    """An instant: aware and in UTC; the column holds microseconds since 1970."""

    def db_type(self, connection: Any) -> str:
        return "bigint" if connection.vendor == "postgresql" else "integer"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> datetime | None:
        return None if value is None else from_us(value)

    def get_prep_value(self, value: Any) -> int | None:
        prepared = super().get_prep_value(value)
        return to_us(prepared) if isinstance(prepared, datetime) else prepared

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> int | None:
        return value if prepared else self.get_prep_value(value)


class JsonField(models.Field):
    """A value that the column holds as JSON text: it is shown, and never searched."""

    def db_type(self, connection: Any) -> str:
        return "text"

    def get_internal_type(self) -> str:
        return "TextField"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """Return the value; the text itself if it was broken by hand: it is shown all the same."""
        try:
            return None if value is None else msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()
