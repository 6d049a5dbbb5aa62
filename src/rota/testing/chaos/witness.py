"""A log of every change of the tables, written by triggers: it knows nothing of the code under test.

It is part of the transaction that makes the change: what is rolled back leaves no trace.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

RUN = (
    "state", "origin", "attempt", "token", "node", "lease_until_us", "created_us", "run_at_us", "started_us",
    "finished_us", "planned_us", "window_start_us", "count", "schedule_id", "serial", "lane", "lane_limit",
    "priority", "queue", "task", "policy", "cancel_by", "blocked_by", "deadline_us", "outcome", "reason",
    "note", "made_by", "args",
)  # fmt: skip
SCHEDULE = (
    "name", "source", "state", "declared", "effective", "pause", "pause_start_us", "quarantine", "generation",
    "revision", "cursor_us", "next_due_us", "runs_made", "created_us", "updated_us",
)  # fmt: skip
COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "run": ("id", RUN),
    "schedule": ("id", SCHEDULE),
    "override": ("schedule_id || '/' || {0}.field", ("value", "until_us")),
    "attempt": ("run_id", ("number", "node", "started_us", "finished_us", "outcome")),
    "audit": ("subject", ("actor", "via", "action", "at_us")),
    "generation": ("rota", ("number", "fingerprint")),
    "node": ("id", ("seen_us", "node")),
    "log": ("run_id", ("attempt", "text")),
}
EVENTS = {"+": ("INSERT", "NEW"), "~": ("UPDATE", "NEW"), "-": ("DELETE", "OLD")}
DECODE = msgspec.json.Decoder(list[Any]).decode


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the log says of each change beside the change itself.

    Attributes:
        transaction: Its number.
        at: When, in microseconds of the store's clock.
        who: The process.
        began: Number of the log entry at which the step that makes it began: what was logged before, it
            could know.
    """

    transaction: int
    at: int
    who: str
    began: int


@dataclass(slots=True)
class Entry:
    """One change. `verb` is `+`, `~` or `-`; `row` has the columns of `COLUMNS[table]`."""

    number: int
    transaction: int
    at: int
    who: str
    began: int
    table: str
    verb: str
    subject: str
    row: dict[str, Any]


def install(connection: sqlite3.Connection, stamp: Callable[[], Stamp]) -> None:
    """Watch the tables of `connection` from now on."""
    connection.create_function("sim_transaction", 0, lambda: stamp().transaction)
    connection.create_function("sim_at", 0, lambda: stamp().at)
    connection.create_function("sim_who", 0, lambda: stamp().who)
    connection.create_function("sim_began", 0, lambda: stamp().began)
    connection.execute(
        "CREATE TEMP TABLE sim_log (number INTEGER PRIMARY KEY, tx INTEGER, at INTEGER, who TEXT, "
        "began INTEGER, kind TEXT, verb TEXT, subject TEXT, data TEXT)"
    )
    for table, (subject, columns) in COLUMNS.items():
        for verb, (event, side) in EVENTS.items():
            values = ", ".join(f"{side}.{column}" for column in columns)
            connection.execute(
                f"CREATE TEMP TRIGGER sim_{table}_{event} AFTER {event} ON main.rota_{table} BEGIN "  # noqa: S608
                "INSERT INTO sim_log (tx, at, who, began, kind, verb, subject, data) VALUES "
                f"(sim_transaction(), sim_at(), sim_who(), sim_began(), '{table}', '{verb}', "
                f"{side}.{subject.format(side)}, json_array({values})); END"
            )


def last_number(connection: sqlite3.Connection) -> int:
    """Return the number of the last entry."""
    ((number,),) = connection.execute("SELECT coalesce(max(number), 0) FROM sim_log").fetchall()
    return int(number)


def entries(connection: sqlite3.Connection, after: int = 0) -> Iterator[Entry]:
    """Yield the changes in the order in which they were committed."""
    columns = "number, tx, at, who, began, kind, verb, subject, data"
    query = f"SELECT {columns} FROM sim_log WHERE number > ? ORDER BY number"  # noqa: S608 - columns alone
    for number, tx, at, who, began, table, verb, subject, data in connection.execute(query, (after,)):
        row = dict(zip(COLUMNS[table][1], DECODE(data), strict=True))
        yield Entry(number, tx, at, who, began, table, verb, subject, row)
