"""Batches whose columns mostly hold one value: it is sent once, and not as an array of copies.

Runs that are enqueued together differ in their ids and arguments, and in nothing else. Of 27 arrays the
server would parse 25 for nothing, which takes longer than to insert the rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rota.stores.postgres.arrays import array_text

_ARRAYS = re.compile(r"unnest\(\s*(%\(c1\)s::[^;]*?\[\])\s*\)\s+AS v \(([^)]*)\)")
_ARRAY = re.compile(r"%\((c\d+)\)s::([a-z ]+)\[\]")


# What needs no parameter at all: most columns of a run that is enqueued hold one of these.
_LITERALS = {None: "NULL", True: "true", False: "false"}
Same = tuple[str, str]  # a parameter, and what stands for it in the statement


def narrowed(statement: str, columns: Sequence[Sequence[Any]]) -> tuple[str, dict[str, Any]]:
    """Return `statement` and its parameters for a batch given as columns, none of them empty."""
    values: dict[str, Any] = {}
    same: list[Same] = []
    for number, column in enumerate(columns, 1):
        name, first = f"c{number}", column[0]
        if column.count(first) != len(column):
            values[name] = array_text(column)
        elif first is None or first is True or first is False:
            same.append((name, _LITERALS[first]))
        else:
            same.append((name, f"%({name})s"))
            values[name] = first
    if len(same) == len(columns) and len(columns[0]) > 1:  # so many rows, and all alike
        name, _ = same.pop()
        values[name] = array_text(columns[-1])
    return _with_scalars(statement, tuple(same)), values


@lru_cache(maxsize=256)
def _with_scalars(statement: str, same: tuple[Same, ...]) -> str:
    """Let the columns `same` of a batch be single values."""
    found = _ARRAYS.search(statement)
    assert found is not None, statement
    names = [name.strip() for name in found[2].split(",")]
    scalars = dict(same)
    chosen, arrays = [], []
    for (parameter, kind), name in zip(_ARRAY.findall(found[1]), names, strict=True):
        if parameter in scalars:
            chosen.append(f"{scalars[parameter]}::{kind} AS {name}")
        else:
            chosen.append(f"u.{parameter} AS {name}")
            arrays.append((parameter, kind))
    rows = ""
    if arrays:
        texts = ", ".join(f"%({parameter})s::{kind}[]" for parameter, kind in arrays)
        rows = f" FROM unnest({texts}) AS u ({', '.join(parameter for parameter, _ in arrays)})"
    return f"{statement[: found.start()]}(SELECT {', '.join(chosen)}{rows}) AS v{statement[found.end() :]}"
