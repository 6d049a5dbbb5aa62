"""The rota of the system tests: five schedules that are due often, and bodies that leave a mark."""

import os
import time
from datetime import datetime
from pathlib import Path

from rota import Rota, RunContext, cron, every, failpoints

rota = Rota("clockwork", housekeeping=False)
MARKS = Path(os.environ.get("CLOCKWORK_MARKS", os.devnull))


def mark(run: RunContext) -> None:
    """Append one line: a single write to a file opened for appending is not torn."""
    with MARKS.open("a") as marks:
        marks.write(f"{run.run_id} {run.attempt} {os.getpid()}\n")
    failpoints.hit("body")


@rota.scheduled(every("1s"), overlap="allow", catch_up="all")
def second(run: RunContext) -> None:
    mark(run)


@rota.scheduled(every("2s"), catch_up="all")
def short(run: RunContext) -> None:
    mark(run)


@rota.scheduled(cron("*/3 * * * * *"), overlap="queue_all", catch_up="all")
def queued(run: RunContext) -> None:
    mark(run)
    time.sleep(0.5)


@rota.scheduled(every("5s"), overlap="queue_one")
def slow(run: RunContext) -> None:
    mark(run)
    time.sleep(1.5)


@rota.scheduled(every("7s"), retries=2, backoff="1s")
def flaky(run: RunContext) -> None:
    mark(run)
    if run.attempt == 1:
        raise ConnectionError("the first attempt fails")


@rota.task
def purge(before: datetime) -> int:
    """Purge what ended before, in batches of 20, and keep nothing."""
    purged = 0
    while deleted := rota.store.purge(rota.name, before, 0, 20):
        purged += deleted
    return purged


@rota.task
def noted(run: RunContext) -> None:
    mark(run)
