"""What customers do meanwhile: new rows, some of them of an age at which housekeeping will want them soon."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import islice

from rota.demo import shop
from rota.demo.build import INSERTS, Maker

EACH_TIME = {
    "users": 2,
    "conversations": 4,
    "messages": 24,
    "submissions": 16,
    "idempotency_keys": 8,
    "sessions": 6,
}


def add_traffic(times: int = 1) -> int:
    """Add the rows of so many moments of traffic; return how many."""
    with shop.connect() as db, shop.transaction(db):
        users = db.execute("SELECT ifnull(max(id), 1) FROM users").fetchone()[0]
        conversations = db.execute("SELECT ifnull(max(id), 1) FROM conversations").fetchone()[0]
        maker = Maker(random.SystemRandom(), datetime.now(UTC).replace(tzinfo=None), users, conversations)
        for table, count in EACH_TIME.items():
            db.executemany(INSERTS[table], islice(maker.rows(table), count * times))
    return sum(EACH_TIME.values()) * times
