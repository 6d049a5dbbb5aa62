"""Purge history by retention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from rota.core.timetables import cron
from rota.housekeeping import OWN
from rota.runners.local.context import RunContext

if TYPE_CHECKING:
    from rota.app import Rota

BATCH = 1000  # runs in one transaction: short enough that nobody waits for it


def purged_batches(rota: Rota, age: timedelta, keep: int) -> Iterator[int]:
    """Delete ended runs older than `age`, but the last `keep` of each schedule; yield the size of batches."""
    before = rota.clock.now() - age
    while deleted := rota.store.purge(rota.name, before, keep, BATCH):
        yield deleted


def declare_purge(rota: Rota) -> None:
    """Declare the hourly purge of ended runs that the settings `retention` and `keep_runs` no longer keep."""

    def purge_history(run: RunContext) -> dict[str, int]:
        """Delete ended runs older than the retention, but never the last ones of a schedule."""
        history = rota.settings.history
        purged = 0
        for deleted in purged_batches(rota, history.age, history.keep):
            purged += deleted
            run.progress(purged, note=f"{purged} runs purged")
            run.raise_if_cancelled()
        return {"purged": purged}

    task = rota.task(name=f"{OWN}purge-history", retries=0, tags=["rota"])(purge_history)
    rota.schedule(task, cron("H * * * *", timezone="UTC"))
