"""Copy a SQLite database while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rota.housekeeping.django.running import this_run
from rota.housekeeping.errors import BackupFailed

PAGES = 2_000  # in one step; writers come in between
RESTARTS = 3  # a write of another connection starts the copy anew: then it is made in one step


class _Restarted(Exception):
    """The copy has begun anew too often."""


def copy_sqlite(connection: Any, file: Path, tables: Sequence[str]) -> None:
    """Write a copy of the whole database to `file`, check it, and sync it to the disk.

    Raises:
        BackupFailed: The copy is damaged, and so the database is, too.
    """
    connection.ensure_connection()
    source: sqlite3.Connection = connection.connection
    with closing(sqlite3.connect(file)) as copy:
        # With a write-ahead log the copy hinders nobody. Without one, whoever writes waits for a step.
        if source.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            _tell_cancelled()
            source.backup(copy)
        else:
            try:
                source.backup(copy, pages=PAGES, progress=_Watch(), sleep=0.001)
            except _Restarted:
                source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        found = copy.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise BackupFailed(connection.alias, f"the copy is damaged: {found}")
    with file.open("rb") as written:
        os.fsync(written.fileno())


class _Watch:
    """Sees how far the copy is: what is left grows when it begins anew."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._restarts = 0

    def __call__(self, status: int, left: int, total: int) -> None:
        _tell_cancelled()
        if self._left is not None and left > self._left:
            self._restarts += 1
            if self._restarts > RESTARTS:
                raise _Restarted
        self._left = left
        if (run := this_run()) is not None:
            run.progress(total - left, total, "backup")


def _tell_cancelled() -> None:
    if (run := this_run()) is not None:
        run.raise_if_cancelled()
