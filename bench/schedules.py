"""Schedules of Rota by the thousand, and a look at the runs they make, for the rows about scheduling."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.arena import Arena, Place
from bench.contenders import OURS
from bench.processes import last_words, running
from bench.side.driver import chunks
from rota import Rota, every
from rota.core.reconcile import new_schedule
from rota.core.records import Definition, Schedule, Source
from rota.operations.syncing import sync_plan

STORES = {"postgres": "Rota on PostgreSQL", "sqlite": "Rota on SQLite"}
SCHEDULER = ("-m", "rota.cli", "scheduler", "peer:rota", "--log-level", "error")
AT_ONCE = 20_000  # schedules in one transaction


def schedule(name: str, timetable: str, began: datetime, task: str = "noop") -> Schedule:
    """Return a schedule of the application in `bench/peers/rota` that was made at `began`."""
    args: dict[str, Any] = {"x": 1} if task == "noop" else {}
    return new_schedule(
        "bench", name, Definition(task=task, timetable=timetable, args=args), Source.USER, began
    )


def due_at(instant: datetime, count: int, prefix: str = "due") -> Iterator[Schedule]:
    """Yield schedules that are due at an instant, and every hour from then on."""
    timetable, began = str(every("1h", start=instant)), instant - timedelta(minutes=1)
    for number in range(count):
        yield schedule(f"{prefix}-{number}", timetable, began)


def insert(place: Place, schedules: Iterable[Schedule]) -> None:
    """Store schedules, and put the application in force, so that the next start finds nothing to do."""
    rota = Rota("bench", housekeeping=False, store=place.variables["ROTA_STORE"])
    try:
        for part in chunks(schedules, AT_ONCE):
            assert rota.store.sync(replace(sync_plan(rota), create=tuple(part)))
    finally:
        rota.close()
    command = place.command(("-m", "rota.cli", "sync", "peer:rota"))
    subprocess.run(command, env=place.variables, cwd=place.folder, check=True, stdout=subprocess.DEVNULL)


def in_seconds(seconds: int) -> datetime:
    """Return a whole second that is so far away."""
    return datetime.fromtimestamp(int(time.time()) + seconds, UTC)


class Look:
    """A connection beside Rota's, which sees what is committed."""

    def __init__(self, place: Place) -> None:
        if dsn := place.variables.get("PG_DSN"):
            self._connection: Any = psycopg.connect(dsn, autocommit=True, prepare_threshold=0)
        else:
            self._connection = sqlite3.connect(place.folder / "rota.db", isolation_level=None)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement).fetchall()

    def runs(self) -> int:
        return int(self.rows("SELECT count(*) FROM rota_run")[0][0])

    def nodes(self) -> int:
        return int(self.rows("SELECT count(*) FROM rota_node")[0][0])

    def until(self, enough: Any, seconds: float, place: Place) -> float:
        """Wait until `enough()`, and return when."""
        end = time.time() + seconds
        while not enough():
            if time.time() > end:
                raise RuntimeError(f"not reached within {seconds:g} s: {last_words(place.folder)}")
            time.sleep(0.003)
        return time.time()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def place_of_rota(arena: Arena, store: str) -> Iterator[tuple[Place, Look]]:
    """Yield a migrated, empty place of Rota, and a look into it."""
    with arena.place_of(OURS, store) as place:
        look = Look(place)
        try:
            yield place, look
        finally:
            look.close()


@contextmanager
def scheduler(place: Place) -> Iterator[int]:
    """Run a scheduler process; yield its pid."""
    with running([place.command(SCHEDULER)], place.variables, place.folder) as (process,):
        yield process.pid
