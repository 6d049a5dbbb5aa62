"""`OPTIONS` of a back end: what all its tasks have by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from rota.declare.options import TaskOptions, task_options
from rota.errors import InvalidValue

# What a task of Django's says itself: its queue, its priority and, in its docstring, what it is for.
KEYS = (
    "retries",
    "backoff",
    "retry_on",
    "give_up_on",
    "time_limit",
    "hard_time_limit",
    "on_crash",
    "start_deadline",
    "concurrency",
    "executor",
    "memory_limit",
    "tags",
)


def checked_options(given: Mapping[str, Any], **more: Any) -> TaskOptions:
    """Return the options of a task. Raises `InvalidValue` for the first that can not be used."""
    for problem in problems_with(given):
        raise problem
    return task_options(**given, **more)


def problems_with(given: Any) -> Iterator[InvalidValue]:
    """Yield what is wrong with `OPTIONS`."""
    if not isinstance(given, Mapping):
        yield InvalidValue("OPTIONS", given, "it must be a dictionary", 'Write {"retries": 3}.')
        return
    for key in given:
        if key not in KEYS:
            close = get_close_matches(str(key), KEYS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(KEYS)}."
            yield InvalidValue("OPTIONS", key, "there is no such key", hint)
    for key in KEYS:
        try:
            if key in given:
                task_options(**{key: given[key]})
        except InvalidValue as problem:
            yield problem
