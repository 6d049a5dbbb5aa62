"""Connections of Django's in the threads of a worker: what a request does for them, a run does here."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections


def close_stale() -> None:
    """Close connections of this thread that are broken or too old, but none inside `atomic()`, as in a test.

    Django's `close_old_connections` would close that as well: it does not expect a transaction between two
    requests.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def tended(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call` between two looks at Django's connections.

    Those that are broken, or older than `CONN_MAX_AGE`, are closed: before, as the server may have gone in
    the meantime; and after, as a worker may wait for hours until the next run.
    """
    if hasattr(call, "_rota_tended"):
        return call
    made = _tended_coroutine(call) if inspect.iscoroutinefunction(call) else _tended_function(call)
    made._rota_tended = True  # type: ignore[attr-defined]
    return made


def _tended_function(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def function(*args: Any, **kwargs: Any) -> Any:
        close_stale()
        try:
            return call(*args, **kwargs)
        finally:
            close_stale()

    return function


def _tended_coroutine(call: Callable[..., Any]) -> Callable[..., Any]:
    # The connections of coroutines are those of the thread that `sync_to_async` uses.
    close = sync_to_async(close_stale)

    @functools.wraps(call)
    async def function(*args: Any, **kwargs: Any) -> Any:
        await close()
        try:
            return await call(*args, **kwargs)
        finally:
            await close()

    return function
