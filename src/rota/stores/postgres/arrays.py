"""Lists as PostgreSQL reads them: the text of an array.

psycopg would dump each element by itself; over thirty columns and a thousand rows that takes longer than
the statement. The statement says the type of each array, so that a text is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def array_text(values: Sequence[Any]) -> str:
    """Return the array literal of `values`: numbers, booleans, texts and `None`."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return _texts(values)
    if str in kinds:
        return _mixed(values)
    if kinds <= {int}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {type(None)}:
        return f"{{{','.join(['NULL'] * len(values))}}}"
    return _mixed(values)


def _texts(values: Sequence[str]) -> str:
    joined = '","'.join(values)
    if "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):
        return f'{{"{joined}"}}'
    return _mixed(values)


def _mixed(values: Sequence[Any]) -> str:
    # Most columns hold few different values: each is written once.
    literals = {value: _literal(value) for value in set(values)}
    return f"{{{','.join([literals[value] for value in values])}}}"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
