"""The caps on what may be stored, and the masking of what must not be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rota.errors import InvalidValue

MAX_NAME = 200
MAX_PAYLOAD = 256 * 1024
MAX_DEPTH = 32
MAX_TAGS = 20
SCALARS = (str, int, bool, type(None))


def checked_name(field: str, name: object) -> str:
    """Return `name` if it may name a task, a schedule, a queue or a tag.

    Raises:
        InvalidValue: It is no text, is empty, has more than 200 characters, or holds characters that
            can not be printed or stored.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(field, name, "it must be a text with at least one visible character")
    if len(name) > MAX_NAME:
        raise InvalidValue(field, name, f"it has {len(name)} characters; the most is {MAX_NAME}")
    if not name.isprintable() or name != name.strip():
        raise InvalidValue(field, name, "it holds control characters, or white space at an end")
    return name


def checked_payload(what: str, args: Mapping[str, Any]) -> None:
    """Refuse what JSON can not say, or the store shall not hold.

    Raises:
        InvalidValue: NaN or an infinity, nesting deeper than 32, or more than 256 KB of JSON.
    """
    if all(type(value) in SCALARS for value in args.values()):
        size = sum(len(value) for value in args.values() if type(value) is str)
        if size * 6 < MAX_PAYLOAD:  # a character takes at most six bytes of JSON
            for name, value in args.items():
                _check_text(name, value)
            return
    for name, value in args.items():
        _check(name, value, 1)
    import msgspec  # on first use: `import rota` does without it

    size = len(msgspec.json.encode(args))
    if size > MAX_PAYLOAD:
        raise InvalidValue(
            what,
            f"{size} bytes of JSON",
            f"the most is {MAX_PAYLOAD}",
            "Store the data elsewhere, and pass where it is.",
        )


def _check(path: str, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidValue(path, "...", f"it is nested deeper than {MAX_DEPTH}")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValue(path, value, "JSON has no such number")
    if isinstance(value, str):
        _check_text(path, value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _check_text(path, key)
            _check(f"{path}.{key}", inner, depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _check(f"{path}[{index}]", inner, depth + 1)


def _check_text(path: str, value: Any) -> None:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValue(path, value, "it holds a lone surrogate, which is not text") from None
