"""The shop's database: where it is, how it is opened, and how many rows it holds."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FOLDER_VARIABLE = "SHOP_FOLDER"
DEFAULT_FOLDER = "rota-demo"
APPLICATION_ID = 0x53484F50  # "SHOP": marks a file as the shop's own

# What the view counts. A submission outlives its content, so both are shown.
COUNTS = {
    "users": "SELECT count(*) FROM users",
    "conversations": "SELECT count(*) FROM conversations",
    "messages": "SELECT count(*) FROM messages",
    "submissions": "SELECT count(*) FROM submissions",
    "with content": "SELECT count(*) FROM submissions WHERE content IS NOT NULL",
    "idempotency keys": "SELECT count(*) FROM idempotency_keys",
    "sessions": "SELECT count(*) FROM sessions",
    "statistics": "SELECT count(*) FROM statistics",
}


def folder() -> Path:
    """Return the folder that holds the shop's files."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


@contextmanager
def connect() -> Iterator[sqlite3.Connection]:
    """Open the shop's database; it must exist.

    Raises:
        sqlite3.OperationalError: There is none.
    """
    address = f"{(folder() / 'shop.db').absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=10, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")
        yield db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def counts() -> dict[str, int]:
    """Return how many rows each table holds, and how many submissions still have their content."""
    with connect() as db:
        return {name: db.execute(statement).fetchone()[0] for name, statement in COUNTS.items()}
