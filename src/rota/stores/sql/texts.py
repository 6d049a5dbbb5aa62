"""Texts and JSON that every database stores alike, whatever is in them."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar

import msgspec

from rota.core.records import Json

_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_KEPT = 1000
T = TypeVar("T")


def clean(text: str) -> str:
    """Return `text` with what a database can not store replaced: NUL by U+2400, lone surrogates by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\u2400") if "\0" in text else text
    return _SURROGATE.sub("\ufffd", text).replace("\0", "\u2400")


def clean_or_none(text: str | None) -> str | None:
    return None if text is None else clean(text)


def as_id(text: str) -> str | None:
    """Return an id as it is stored, or `None` when `text` can not be one."""
    lower = text.lower()
    return lower if _UUID.fullmatch(lower) else None


def known_ids(texts: Any) -> list[str]:
    """Return those of `texts` that can be ids, as they are stored, each once and in one order for all."""
    return sorted({found for text in texts if (found := as_id(text)) is not None})


def to_json(value: Json) -> str:
    """Return `value` as JSON. Lone surrogates are kept, as escapes: arguments come back verbatim."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def from_json(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return json.loads(text)  # knows lone surrogates


def object_to_json(value: Any) -> str:
    """Return a mapping as JSON: arguments, which are empty more often than not."""
    return to_json(value) if value else "{}"


def object_from_json(text: str) -> dict[str, Json]:
    if text == "{}":
        return {}
    value = from_json(text)
    if not isinstance(value, dict):
        raise ValueError(f"an object is needed, not {type(value).__name__}")
    return value


class Coder(Generic[T]):
    """One kind of record to JSON and back.

    What has its default, at any depth, is left out: rows are rewritten at each change of state, and
    policies are mostly defaults. Who changes a default must see to the stored values with a schema step.

    Args:
        plain: A value that has all defaults. Without it, everything is written.
    """

    def __init__(self, kind: type[T], plain: T | None = None) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._kind = kind
        self._defaults = None if plain is None else _defaults(plain)

    def text(self, value: T) -> str:
        if self._defaults is None:
            return to_json(value)
        return to_json(_pruned(msgspec.to_builtins(value), self._defaults))

    def value(self, text: str) -> T:
        try:
            return self._decoder.decode(text)
        except msgspec.DecodeError as error:
            if isinstance(error, msgspec.ValidationError):
                raise
            return msgspec.convert(json.loads(text), self._kind)


def _defaults(plain: Any) -> dict[str, Json]:
    required = {
        one.name for one in fields(plain) if one.default is MISSING and one.default_factory is MISSING
    }
    values: dict[str, Json] = msgspec.to_builtins(plain)
    return {name: value for name, value in values.items() if name not in required}


def _pruned(values: dict[str, Json], defaults: dict[str, Json]) -> dict[str, Json]:
    """Return `values` without what `defaults` says too, at any depth."""
    pruned = {}
    for name, value in values.items():
        default = defaults.get(name)
        if value != default or name not in defaults:
            if isinstance(value, dict) and isinstance(default, dict):
                value = _pruned(value, default)
            pruned[name] = value
    return pruned


class KeptCoder(Coder[T]):
    """For records of which there are few different ones, such as policies: each is coded once.

    The values must be immutable. A value is recognised by identity: hashing one costs more than coding it.
    """

    def __init__(self, kind: type[T], plain: T | None = None) -> None:
        super().__init__(kind, plain)
        self._texts: dict[int, tuple[T, str]] = {}
        self._values: dict[str, T] = {}

    def text(self, value: T) -> str:
        kept = self._texts.get(id(value))
        if kept is None:
            # With the value, so that no other one gets its identity.
            kept = value, super().text(value)
            _keep(self._texts, id(value), kept)
        return kept[1]

    def value(self, text: str) -> T:
        kept = self._values.get(text)
        if kept is None:
            kept = super().value(text)
            _keep(self._values, text, kept)
        return kept


def _keep(kept: dict[Any, Any], key: Any, made: Any) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = made
