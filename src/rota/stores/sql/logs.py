"""Logs of attempts: appended piece by piece, never more than a megabyte for one attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rota.stores.sql.database import Cursor, Row
from rota.stores.sql.texts import clean

MOST_BYTES = 1_000_000
CUT = "\n[the log ends here: it has reached 1 MB]\n"


def add_logs(cursor: Cursor, pieces: Sequence[tuple[str, int, str]]) -> None:
    """Append `pieces` (run, attempt, text), in this order, of attempts whose lease is held."""
    if not pieces:
        return
    found = cursor.rows("log_sizes", ids=sorted({run_id for run_id, _, _ in pieces}))
    sizes = {(run_id, attempt): int(size) for run_id, attempt, size in found}
    cursor.batch("add_log", list(_fitting(pieces, sizes)))


def _fitting(pieces: Iterable[tuple[str, int, str]], sizes: dict[tuple[str, int], int]) -> Iterable[Row]:
    for run_id, attempt, text in pieces:
        stored = sizes.get((run_id, attempt), 0)
        if stored > MOST_BYTES:
            continue
        encoded = clean(text).encode()
        if stored + len(encoded) > MOST_BYTES:
            # Counted as more than full whatever the marker adds, so that nothing is appended after it.
            kept = encoded[: MOST_BYTES - stored].decode(errors="ignore")
            sizes[run_id, attempt] = MOST_BYTES + 1
            yield run_id, attempt, MOST_BYTES + 1 - stored, kept + CUT
        else:
            sizes[run_id, attempt] = stored + len(encoded)
            yield run_id, attempt, len(encoded), encoded.decode()
