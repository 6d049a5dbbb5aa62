"""Opening a SQLite file, and bringing its schema up to date."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from rota.errors import SchemaOutdated
from rota.stores.sql.statements import load_steps, split_script

STEPS = load_steps("rota.stores.sqlite")
CREATE_REGISTER = (
    "CREATE TABLE IF NOT EXISTS rota_schema (step INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
)
TRIES, PAUSE = 100, 0.05
# What is said of the file or the machine, not of a statement.
OUT_OF_REACH = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip


def is_out_of_reach(error: sqlite3.Error) -> bool:
    """Say whether the store can not be used now, in contrast to a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in OUT_OF_REACH  # the rest of the code are details


def configure(path: Path | None, busy_timeout: float) -> sqlite3.Connection:
    """Open a connection that any thread may use, one at a time, and that begins nothing by itself."""
    connection = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    # A commit survives the death of the process at once, that of the machine after the next checkpoint.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -16384")
    # A checkpoint lets one commit wait for the disk, some 5 ms: with the default of 1,000 pages one run of a
    # hundred is late. With a much longer log drains become slower.
    connection.execute("PRAGMA wal_autocheckpoint = 2000")
    return connection


def missing_steps(connection: sqlite3.Connection | None, url: str) -> list[tuple[int, str, str]]:
    """Return the schema steps that have not been applied. Refuses a schema newer than this release."""
    found = 0 if connection is None else _last_step(connection)
    wanted = STEPS[-1][0]
    if found > wanted:
        raise SchemaOutdated(url, found, wanted)
    return [step for step in STEPS if step[0] > found]


def prepare(connection: sqlite3.Connection, url: str) -> list[str]:
    """Apply the missing steps; of several processes at once, one does. Return their names."""
    _write_ahead(connection)
    if not missing_steps(connection, url):
        return []
    connection.execute("BEGIN EXCLUSIVE")
    try:
        steps = missing_steps(connection, url)  # again, now that nobody else can write
        connection.execute(CREATE_REGISTER)
        for number, name, text in steps:
            for statement in split_script(text):
                connection.execute(statement)
            connection.execute("INSERT INTO rota_schema (step, name) VALUES (?, ?)", (number, name))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return [name for _, name, _ in steps]


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. SQLite does not wait for others here, so we do."""
    for _ in range(TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            threading.Event().wait(PAUSE)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _last_step(connection: sqlite3.Connection) -> int:
    ((is_there,),) = connection.execute(
        "SELECT count(*) FROM sqlite_master WHERE name = 'rota_schema'"
    ).fetchall()
    if not is_there:
        return 0
    ((step,),) = connection.execute("SELECT coalesce(max(step), 0) FROM rota_schema").fetchall()
    return int(step)
