"""Rota itself, driven as a user would."""

import time
from collections.abc import Iterable
from typing import Any

from counting import work
from driver import chunks, paced

from rota import Rota, RunContext

rota = Rota("bench", housekeeping=False)


@rota.task
def noop(x: float) -> None:
    work(x)


@rota.task
def lateness(run: RunContext) -> None:
    """Note how long after its due time this run has started."""
    assert run.planned_at is not None
    work(run.planned_at.timestamp())


def prepare() -> None:
    rota.store.migrate()


def reset() -> None:
    """Nothing: each measurement has a database of its own."""


def put(values: Iterable[Any]) -> None:
    for value in values:
        noop.enqueue(x=value)


def put_many(values: Iterable[Any]) -> None:
    for part in chunks(values, 1000):
        noop.enqueue_many({"x": value} for value in part)


def latency_in_one_process(rate: int, seconds: int) -> None:
    """Enqueue steadily in the process whose node runs it."""
    node = rota.node()
    node.start()
    time.sleep(1)
    put(paced(rate, seconds))
    time.sleep(1)
    node.stop()


def purge_rows(count: int, batch: int) -> dict[str, Any]:
    """Purge rows of a Django project while others write; see `django_rows`."""
    from django_rows import measure  # configures Django

    return measure(count, batch)


def write_meanwhile() -> list[float]:
    """The others."""
    from django_rows import write

    return write()
