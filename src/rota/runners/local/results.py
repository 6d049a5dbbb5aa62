"""Results as they are stored: JSON text within the caps, or a clear refusal."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from rota.core.records import Json
from rota.errors import ResultRefused

MAX_RESULT = 256 * 1024
MAX_DEPTH = 32


def result_text(task: str, value: Any) -> str | None:
    """Return `value` as JSON text; `None` for `None`.

    Raises:
        ResultRefused: JSON can not say it, or it is larger or deeper than what is stored.
    """
    if value is None:
        return None
    try:
        text = msgspec.json.encode(value)
    except Exception as error:  # also what a property or an encoder of the value's own class raises
        problem = str(error)[:300] if isinstance(error, TypeError | ValueError) else type(error).__name__
        raise ResultRefused(task, f"JSON can not say it ({problem})") from error
    if len(text) > MAX_RESULT:
        raise ResultRefused(task, f"it has {len(text)} bytes of JSON, the most is {MAX_RESULT}")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(msgspec.json.decode(text)) > MAX_DEPTH:
        raise ResultRefused(task, f"it is nested deeper than {MAX_DEPTH}")
    # msgspec writes NaN and the infinities as null: a lie that nobody would notice.
    if b"null" in text and _has_no_number(value):
        raise ResultRefused(task, "it holds NaN or an infinity, which JSON can not say")
    return text.decode()


def _depth(value: Json) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        one, depth = todo.pop()
        if isinstance(one, dict | list):
            deepest = max(deepest, depth)
            todo += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


def _has_no_number(value: Any) -> bool:
    todo = [msgspec.to_builtins(value)]
    while todo:
        one = todo.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return True
        if isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            todo += one
    return False
