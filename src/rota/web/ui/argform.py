"""A form for the arguments of a task, made from the JSON Schema of its signature. Pure.

What was not touched is not sent: a masked secret keeps its stored value, a default stays the code's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rota.core.masking import MASK, masked
from rota.core.records import Json
from rota.errors import InvalidArguments

PREFIX, MORE = "arg.", "more"
NUMBERS = {"integer": "a whole number", "number": "a number"}


@dataclass(frozen=True, slots=True)
class Field:
    """One argument.

    Attributes:
        kind: `text`, `integer`, `number`, `boolean`, `choice`, `json` or `secret`.
        shown: What the form shows at first.
        choices: Of a `choice`.
        is_nullable: An empty field is `null`.
    """

    name: str
    kind: str
    shown: str
    is_required: bool = False
    is_nullable: bool = False
    choices: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        return PREFIX + self.name


def fields_of(schema: Mapping[str, Any], stored: Mapping[str, Json]) -> list[Field]:
    """Return the fields for the arguments of a task, as a schedule has them stored."""
    properties, required = schema["properties"], set(schema["required"])
    fields = [_field(name, one, name in required, stored) for name, one in properties.items()]
    others = {name: value for name, value in stored.items() if name not in properties}
    if others or schema.get("additionalProperties"):
        shown = written(masked(others)) if others else ""
        fields.append(Field(MORE, "json", shown, note="Other arguments, as a JSON object."))
    return fields


def values_of(
    task: str, fields: list[Field], given: Mapping[str, str], stored: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the arguments that a form gives.

    Raises:
        InvalidArguments: A text is not what its field takes; names the argument.
    """
    values: dict[str, Json] = {}
    for one in fields:
        typed = given.get(one.key, "false" if one.kind == "boolean" else "").replace("\r\n", "\n")
        if one.name == MORE and one.key == PREFIX + MORE and one.kind == "json" and one.note:
            names = {other.name for other in fields if other is not one}
            others = {name: value for name, value in stored.items() if name not in names}
            values |= others if typed == one.shown else _object(task, typed, others)
        elif typed == one.shown:
            values |= {one.name: stored[one.name]} if one.name in stored else {}
        else:
            values[one.name] = _value(task, one, typed, stored.get(one.name))
    return values


def written(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def unmasked(value: Json, stored: Json) -> Json:
    """Return `value` with each mask replaced by what is stored in its place."""
    if value == MASK:
        return stored
    if isinstance(value, dict):
        old = stored if isinstance(stored, Mapping) else {}
        return {name: unmasked(inner, old.get(name)) for name, inner in value.items()}
    if isinstance(value, list):
        was = stored if isinstance(stored, list | tuple) else []
        return [
            unmasked(inner, was[place] if place < len(was) else None) for place, inner in enumerate(value)
        ]
    return value


def _field(name: str, schema: Mapping[str, Any], is_required: bool, stored: Mapping[str, Json]) -> Field:
    value = stored.get(name, schema.get("default"))
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    is_nullable = len(kinds) < len(schema.get("anyOf", [schema]))
    one = kinds[0] if len(kinds) == 1 else {}
    kind, shown = _kind(one), "" if value is None else str(value)
    choices: tuple[str, ...] = ()
    if masked({name: "x"})[name] == MASK or (isinstance(value, str) and masked(value) != value):
        note = "Kept as it is, unless you type another." if name in stored else ""
        return Field(name, "secret", "", is_required and name not in stored, is_nullable, note=note)
    if kind == "choice":
        choices = tuple(map(str, one["enum"]))
    elif kind == "boolean":
        shown = "true" if value is True else "false"
    elif kind == "json":
        shown = written(masked(value)) if name in stored or "default" in schema else ""
    return Field(name, kind, shown, is_required, is_nullable, choices, one.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema and all(isinstance(one, str) for one in schema["enum"]):
        return "choice"
    kind = schema.get("type")
    if kind == "string":
        return "text"
    return kind if kind in ("integer", "number", "boolean") else "json"


def _value(task: str, one: Field, typed: str, stored: Json) -> Json:
    if not typed.strip() and one.is_nullable:
        return None
    if one.kind == "boolean":
        return typed == "true"
    if one.kind in NUMBERS:
        try:
            return int(typed) if one.kind == "integer" else float(typed)
        except ValueError:
            raise InvalidArguments(task, one.name, typed, f"write {NUMBERS[one.kind]}") from None
    if one.kind == "json":
        try:
            return unmasked(json.loads(typed), stored)
        except (ValueError, RecursionError) as error:
            raise InvalidArguments(task, one.name, typed, f"it is no JSON ({error})") from None
    return typed


def _object(task: str, typed: str, stored: Mapping[str, Json]) -> dict[str, Json]:
    try:
        value = json.loads(typed or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArguments(task, "arguments", typed, f"it is no JSON ({error})") from None
    if not isinstance(value, dict):
        raise InvalidArguments(task, "arguments", typed, "write a JSON object, such as {}")
    return dict(unmasked(value, dict(stored)))
