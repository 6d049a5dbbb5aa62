"""Batches that SQLite takes and answers in one call.

Python's driver gives up the interpreter before each row, and has to get it back after: where bodies run in
other threads, a claim of 500 runs waits for them 500 times. One call works through the batch while they run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rota.stores.sql.database import Row

_ROWS = msgspec.json.Decoder(list[tuple[Any, ...]])
_SHARED = (2, 3, 6, 7, 8)  # what most settlements of a batch have in common: state, outcome, result ...


def claimed(
    cursor: Any, statements: Mapping[str, str], name: str, parameters: Mapping[str, Any]
) -> list[Row]:
    """Choose runs, lease them, and return them: three calls, within one transaction."""
    begun = not cursor.connection.in_transaction
    if begun:
        cursor.execute("BEGIN IMMEDIATE")
    ((chosen,),) = cursor.execute(statements[f"{name}_choose"], parameters).fetchall()
    rows: list[Row] = []
    if chosen != "[]":
        cursor.execute(statements[name], {**parameters, "chosen": chosen})
        ((text,),) = cursor.execute(statements[f"{name}_answer"], {"chosen": chosen}).fetchall()
        rows = _ROWS.decode(text)
    if begun:
        cursor.execute("COMMIT")
    return rows


def alike(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Return the parameters of `settle_alike` for the rows of `settle_final`, if they are alike enough."""
    shared = [rows[0][place] for place in _SHARED]
    if any([row[place] for place in _SHARED] != shared for row in rows):
        return None
    packed = [
        f"{run_id}{started:020d}{finished:020d}{token}" for run_id, token, _, _, started, finished, *_ in rows
    ]
    state, outcome, result, failure, reason = shared
    return {
        "packed": msgspec.json.encode(packed).decode(),
        "state": state,
        "outcome": outcome,
        "result": result,
        "failure": failure,
        "reason": reason,
    }
