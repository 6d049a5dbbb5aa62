"""Fill the shop's database with rows of random ages: the same rows for the same seed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from itertools import islice
from pathlib import Path

from rota.demo import shop

BATCH = 5_000
# Of each hundred rows. What is left over goes to messages.
SHARES = {"users": 5, "conversations": 10, "submissions": 20, "idempotency_keys": 10, "sessions": 10}
ORPHANED = 1.06  # messages name conversations up to 6% beyond the last: these are gone
# Split by hand: a list of 45 quoted words is not nicer to read.
WORDS = (  # noqa: SIM905
    "order parcel refund invoice colour size delivery address thanks please Monday today broken perfect"
    " sofa lamp table chair blue green oak walnut late early gift voucher card return exchange question"
    " answer photo stock price discount store pickup courier signature neighbour warranty screw manual"
).split()
NAMES = "Ada Ben Chloé Dario Emma Farid Greta Hugo Inès Jonas Kaya Léa Milan Noor Olga Paul".split()  # noqa: SIM905
STATUSES = ("done",) * 23 + ("processing", "new")

INSERTS = {
    "users": "INSERT INTO users (email, name, created_at) VALUES (?, ?, ?)",
    "conversations": "INSERT INTO conversations (user_id, title, updated_at) VALUES (?, ?, ?)",
    "messages": "INSERT INTO messages (conversation_id, body, created_at) VALUES (?, ?, ?)",
    "submissions": "INSERT INTO submissions (user_id, status, content, created_at, updated_at)"
    " VALUES (?, ?, ?, ?, ?)",
    "idempotency_keys": "INSERT INTO idempotency_keys (key, response, expires_at) VALUES (?, ?, ?)",
    "sessions": "INSERT INTO sessions (user_id, token, expires_at) VALUES (?, ?, ?)",
}
Row = tuple[str | int, ...]


def split(rows: int) -> dict[str, int]:
    """Return how many of `rows` go to each table, in the order they are made."""
    parts = {table: rows * share // 100 for table, share in SHARES.items()}
    return {**parts, "messages": rows - sum(parts.values())}


@dataclass
class Maker:
    """Makes rows for a shop with so many users and conversations, as they look at `now`."""

    draw: random.Random
    now: datetime
    users: int
    conversations: int

    def __post_init__(self) -> None:
        # Drawing each word of 150,000 texts would take longer than all the rest.
        self._texts = {length: [self._text(length) for _ in range(300)] for length in (3, 8, 20)}

    def rows(self, table: str) -> Iterator[Row]:
        """Yield rows of `table` without end."""
        make: Callable[[], Row] = getattr(self, f"_{table}")
        while True:
            yield make()

    def _ago(self, days: float, lifetime: float = 0.0) -> str:
        """Return an instant up to `days` before now, more often a recent one, plus a lifetime in days."""
        age = days * self.draw.random() ** 2 - lifetime
        return (self.now - timedelta(days=age)).isoformat(" ", "seconds")

    def _text(self, words: int) -> str:
        return " ".join(self.draw.choices(WORDS, k=words))

    def _user(self) -> int:
        return self.draw.randint(1, self.users)

    def _users(self) -> Row:
        name = self.draw.choice(NAMES)
        return f"{name.lower()}.{self.draw.getrandbits(48):012x}@example.com", name, self._ago(1500)

    def _conversations(self) -> Row:
        return self._user(), self.draw.choice(self._texts[3]).capitalize(), self._ago(400)

    def _messages(self) -> Row:
        conversation = self.draw.randint(1, int(self.conversations * ORPHANED))
        return conversation, self.draw.choice(self._texts[8]), self._ago(400)

    def _submissions(self) -> Row:
        created_at = self._ago(90)
        content = self.draw.choice(self._texts[20])
        return self._user(), self.draw.choice(STATUSES), content, created_at, created_at

    def _idempotency_keys(self) -> Row:
        return f"{self.draw.getrandbits(128):032x}", '{"status": 201}', self._ago(3, lifetime=1)

    def _sessions(self) -> Row:
        return self._user(), f"{self.draw.getrandbits(128):032x}", self._ago(40, lifetime=14)


def build(
    path: Path, rows: int, now: datetime, seed: int = 1, on_rows: Callable[[int], object] = int
) -> None:
    """Make the database `path` with `rows` rows in all, in one transaction.

    It is made beside `path` and put there when it is whole, so `path` is never half a database.

    Args:
        now: Naive, in UTC: from when the ages count.
        on_rows: Called with the number of rows after each batch.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    parts = split(rows)
    maker = Maker(random.Random(seed), now, max(parts["users"], 1), max(parts["conversations"], 1))  # noqa: S311 - no secret
    with closing(sqlite3.connect(part, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # a crash leaves only a `.part`, which is made anew
        db.execute("PRAGMA synchronous = OFF")
        db.execute(f"PRAGMA application_id = {shop.APPLICATION_ID}")
        db.executescript(resources.files("rota.demo").joinpath("shop.sql").read_text("utf-8"))
        with shop.transaction(db):
            for table, count in parts.items():
                for size in batches(count):
                    db.executemany(INSERTS[table], islice(maker.rows(table), size))
                    on_rows(size)
        db.execute("PRAGMA journal_mode = WAL")
    part.replace(path)


def batches(count: int, size: int = BATCH) -> Iterator[int]:
    """Yield sizes of at most `size` that add up to `count`."""
    for start in range(0, count, size):
        yield min(size, count - start)
