"""Back a database up: by schedule, or before something is deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import DatabaseError, connections

from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.errors import InvalidValue
from rota.housekeeping.django.archive import sync_folder
from rota.housekeeping.django.backup_postgres import dump_postgres
from rota.housekeeping.django.backup_sqlite import copy_sqlite
from rota.housekeeping.django.making import made
from rota.housekeeping.django.rows import AnyModel, Rows
from rota.housekeeping.django.running import fresh_connections, name_of_run
from rota.housekeeping.errors import BackupFailed

Write = Callable[[Any, Path, Sequence[str]], None]
WRITERS: dict[str, tuple[str, Write]] = {
    "sqlite": ("sqlite3", copy_sqlite),
    "postgresql": ("dump", dump_postgres),
}


def backup(
    to: str | Path,
    *,
    keep: int = 7,
    database: str = "default",
    tables: Sequence[AnyModel] = (),
    name: str | None = None,
) -> ReadyTask:
    """Return a task that writes a backup: to be scheduled, or to come `before` another.

    SQLite: a copy by its online backup, checked. PostgreSQL: `pg_dump` in its custom format, checked by
    reading its contents. The file gets its name when it is whole and on the disk. A run that is tried again
    keeps the backup of its first attempt: it is the one from before.

    Args:
        to: Folder; made when it is missing, for this user alone.
        keep: So many of the newest backups of this task stay; older ones are deleted once a new one is
            whole. From 1 to 10,000.
        database: Alias.
        tables: Models whose tables are backed up, on PostgreSQL; default, and on SQLite: all.
        name: Of the task; default: `backup-default`.

    Raises:
        InvalidValue: A value can not be used; the message names it.

    Example:
        >>> rota.schedule(backup("backups", keep=14), daily("01:00"))
    """
    if isinstance(keep, bool) or not isinstance(keep, int) or not 1 <= keep <= 10_000:
        raise InvalidValue("keep", keep, "it must be a whole number from 1 to 10000")
    if not isinstance(to, str | Path) or not str(to) or "://" in str(to):
        raise InvalidValue("to", to, "it must be a folder of this machine")
    if isinstance(tables, str):
        raise InvalidValue("tables", tables, "it must be a list of models")
    name = f"backup-{database}" if name is None else name
    prefix = re.sub(r"[^\w.]+", "-", name)

    def back_up(dry_run: bool = False) -> dict[str, Any]:
        if dry_run:
            return {"would_write_to": str(to), "dry_run": True}
        with fresh_connections():
            return _write(Path(to), prefix, keep, database, tables)

    return made(name, f"Back up database {database}.", back_up, caller_place(0))


def _write(folder: Path, prefix: str, keep: int, database: str, tables: Sequence[AnyModel]) -> dict[str, Any]:
    connection = connections[database]
    if connection.vendor not in WRITERS:
        raise BackupFailed(database, f"{connection.vendor} is not known how to be backed up")
    ending, write = WRITERS[connection.vendor]
    began, run = monotonic(), name_of_run()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        existing = sorted(folder.glob(f"{prefix}-*-{run}.{ending}"))
        if existing:
            return _answer(existing[-1], began, removed=0)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        final = folder / f"{prefix}-{stamp}-{run}.{ending}"
        part = final.with_name(f"{final.name}.part")
        try:
            part.touch(mode=0o600)
            write(connection, part, [Rows(model=one).model_class()._meta.db_table for one in tables])
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(folder)
        return _answer(final, began, _prune(folder, prefix, ending, keep))
    except (OSError, DatabaseError) as error:
        raise BackupFailed(database, f"{type(error).__name__}: {error}") from error


def _answer(file: Path, began: float, removed: int) -> dict[str, Any]:
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "seconds": round(monotonic() - began, 2),
        "removed": removed,
    }


def _prune(folder: Path, prefix: str, ending: str, keep: int) -> int:
    """Delete all but the newest backups of this name; return how many."""
    ours = re.compile(rf"{re.escape(prefix)}-\d{{8}}T\d{{6}}Z-[0-9a-f-]+\.{ending}")
    found = sorted((one for one in folder.iterdir() if ours.fullmatch(one.name)), reverse=True)
    for old in found[keep:]:
        old.unlink(missing_ok=True)
    return len(found[keep:])
