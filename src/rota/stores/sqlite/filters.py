"""Filters that are left out of a statement when nothing is asked of them.

`(:task IS NULL OR s.task = :task)` holds for a query with and without a task. PostgreSQL plans with the
values at hand; SQLite plans once for all of them, and so would use no index for such a condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

# A parameter is `:task`, or `%(task)s` where Django executes the statement.
_FILTER = re.compile(r"(?<=WHERE |. AND )\((?::|%\()(\w+)(?:\)s)? IS NULL OR (.+)\)$", re.MULTILINE)


@lru_cache(maxsize=256)
def filters(statement: str) -> tuple[str, ...]:
    """Return the parameters by which the lines of a statement filter when they are given."""
    return tuple(dict.fromkeys(found[1] for found in _FILTER.finditer(statement)))


def asked(statement: str, parameters: Mapping[str, Any]) -> str:
    """Return `statement` with those of its filters alone for which `parameters` has a value."""
    unasked = tuple(name for name in filters(statement) if parameters[name] is None)
    return _chosen(statement, unasked)


@lru_cache(maxsize=256)
def _chosen(statement: str, unasked: tuple[str, ...]) -> str:
    return _FILTER.sub(lambda found: "true" if found[1] in unasked else f"({found[2]})", statement)
