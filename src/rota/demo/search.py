"""The shop's search index: how often each word is used in messages."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable

from rota.demo import shop

Progress = Callable[[int, int, str], object]


def rebuild(
    slices: int, pause: float, on_progress: Progress, cancelled: Callable[[], bool]
) -> dict[str, int]:
    """Count the words of all messages anew, slice by slice.

    Args:
        pause: Seconds of rest after each slice, so that customers keep the database to themselves.
        on_progress: Called with the messages read, how many there are, and a few words.
        cancelled: Asked after each slice; the old index stays when it says `True`.
    """
    uses: Counter[str] = Counter()
    read = 0
    with shop.connect() as db:
        total, last = db.execute("SELECT count(*), ifnull(max(id), 0) FROM messages").fetchone()
        size = last // slices + 1
        for start in range(0, last + 1, size):
            bodies = _bodies(db, start, start + size)
            uses.update(word for body in bodies for word in body.lower().split())
            read += len(bodies)
            on_progress(read, total, f"{len(uses)} words")
            if cancelled():
                return {}
            time.sleep(pause)
        with shop.transaction(db):
            db.execute("DELETE FROM search_words")
            db.executemany("INSERT INTO search_words (word, uses) VALUES (?, ?)", uses.items())
    return {"messages_indexed": read, "words": len(uses)}


def _bodies(db: sqlite3.Connection, start: int, end: int) -> list[str]:
    rows = db.execute("SELECT body FROM messages WHERE id >= ? AND id < ?", (start, end))
    return [body for (body,) in rows]
