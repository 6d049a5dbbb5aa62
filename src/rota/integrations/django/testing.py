"""For tests of projects: with Django's `TestCase` and with pytest-django alike.

Inside a test, `task.enqueue()` stores a run in the test's transaction, where nothing executes it. So either
look at what was enqueued (`captured_runs`), or execute it here (`run_pending`, `tick`), or never store it
(`eager`). All of it happens in the test's thread, and is rolled back with the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rota.integrations.django.app import the_rota
from rota.testing.clock import VirtualClock

if TYPE_CHECKING:
    from rota.core.records import Run
    from rota.runtime.onepass import Pass


def eager() -> AbstractContextManager[None]:
    """Let `enqueue()` call the task at once, and store nothing; what it raises comes out."""
    return the_rota().eager()


@contextmanager
def captured_runs(*, execute: bool = False) -> Iterator[list[Run]]:
    """Return a list that holds, after the block, the runs that were enqueued in it, oldest first.

        with captured_runs() as runs:
            self.client.post("/orders", ...)
        assert [run.task for run in runs] == ["confirm"]

    Args:
        execute: Execute what is pending at the end of the block. The runs are as they are after it.
    """
    from rota.integrations.django import models

    rota = the_rota()
    stored = models.Run.objects.using(rota.database)
    before = set(stored.values_list("id", flat=True))
    runs: list[Run] = []
    yield runs
    if execute:
        run_pending()
    ids = [
        one for one in stored.order_by("created_at", "id").values_list("id", flat=True) if one not in before
    ]
    runs += [run for run in map(rota.store.run, ids) if run is not None]


def run_pending() -> Pass:
    """Execute the runs that are pending, and what these enqueue; return how many ended in which way."""
    return the_rota().pass_here(("worker",))


def tick() -> Pass:
    """Do the same, after deciding what is due: as `manage.py rota tick` does, at the time of `clock_at`."""
    return the_rota().pass_here(("scheduler", "worker"))


@contextmanager
def clock_at(start: str | datetime) -> Iterator[VirtualClock]:
    """Let the rota live at another time, which moves only when the clock is told to.

        with clock_at("2026-03-02 12:00") as clock:
            tick()                              # puts the schedules in force
            clock.move_to("2026-03-03 02:00")
            assert tick().ended["succeeded"] == 1

    Args:
        start: ISO text, UTC without an offset, or aware datetime.
    """
    rota = the_rota()
    clock = VirtualClock(start)
    rota.follow(clock)
    try:
        yield clock
    finally:
        rota.follow(None)
