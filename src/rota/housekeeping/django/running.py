"""The run that a housekeeping task is executed by, if there is one: a plain call works as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from django.db import connections

from rota.errors import NoRun
from rota.runners.local.context import RunContext, current_run


def this_run() -> RunContext | None:
    """Return the context of the run whose body calls this; `None` in a plain call."""
    try:
        return current_run()
    except NoRun:
        return None


def name_of_attempt() -> str:
    """Return a text that no other attempt has, fit for the name of a file."""
    run = this_run()
    return uuid4().hex if run is None else f"{run.run_id}-{run.attempt}"


def name_of_run() -> str:
    """Return a text that only the attempts of this run have, fit for the name of a file."""
    run = this_run()
    return uuid4().hex if run is None else run.run_id


@contextmanager
def fresh_connections() -> Iterator[None]:
    """Let Django close connections that are too old or broken, before and after: as around a request."""
    _close_old()
    try:
        yield
    finally:
        _close_old()


def _close_old() -> None:
    for connection in connections.all(initialized_only=True):
        # Django's own `close_old_connections` would also close one within a transaction of the caller's.
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
