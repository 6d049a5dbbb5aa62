"""What pages and lists ask of the store: over a long past no more than over a short one, and by indexes."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from werkzeug.test import Client

from bench import past
from bench.rows.web import addresses_of
from rota.operations import people
from rota.operations.actor import Role
from rota.stores.postgres.cursor import PostgresCursor
from rota.stores.sqlite.cursor import SqliteCursor
from rota.web import WebApp
from rota.web.auth.cookies import NAME

SMALL, LARGE = (60, 3_000), (240, 20_000)  # schedules, runs
# What a page shows at most is read in so many parts.
READ_IN_PARTS = {"runs": 6}
# Of the table of runs: the others are small here, and are read whole.
WHOLE_TABLE = {
    "postgres": re.compile("Seq Scan on rota_run"),
    "sqlite": re.compile(r"SCAN (rota_run|r|l|n|p|b)( |$)(?!USING)"),
}


class Reader:
    """Somebody who looks at everything, over a past of this size."""

    def __init__(self, url: str, schedules: int, runs: int) -> None:
        self.rota = past.application(url, schedules)
        past.fill(self.rota, schedules, runs, lambda text: None)
        past.settle_down(self.rota)
        self.app = WebApp(self.rota)
        secret, _ = people.open_session(self.rota, "ann", Role.ADMIN, "test")
        self.client = Client(self.app)
        self.client.set_cookie(NAME, secret)
        self.groups = addresses_of(self.rota)

    @property
    def addresses(self) -> list[str]:
        return [address for group in self.groups.values() for address in group]

    def get(self, address: str) -> None:
        self.app.pages.recent.clear()
        response = self.client.get(address)
        assert response.status_code in (200, 503), f"{address}: {response.text}"


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


@pytest.fixture
def reader(kind, request, tmp_path):
    """Make a reader over a store of its own."""
    made: list[Reader] = []
    server = request.getfixturevalue("postgres_server") if kind == "postgres" else None

    def make(size: tuple[int, int]) -> Reader:
        url = f"sqlite:///{tmp_path}/{len(made)}.db"
        if kind == "postgres":
            url = server.create_database()
        made.append(Reader(url, *size))
        return made[-1]

    yield make
    for one in made:
        one.rota.close()
        if server:
            server.drop_database(one.rota.settings.store)


@pytest.fixture
def statements(kind, monkeypatch):
    """The names of the statements that are executed, and the plan of each."""
    executed: list[tuple[str, str]] = []
    cursor = PostgresCursor if kind == "postgres" else SqliteCursor
    rows = cursor.rows

    def explained(self, name, /, **parameters):
        prefix = "EXPLAIN " if kind == "postgres" else "EXPLAIN QUERY PLAN "
        known = self._statements
        self._statements = {name: prefix + known[name]}
        plan = "\n".join(str(row[-1]) for row in rows(self, name, **parameters))
        self._statements = known
        executed.append((name, plan))
        return rows(self, name, **parameters)

    monkeypatch.setattr(cursor, "rows", explained)
    return executed


def test_a_long_past_takes_no_more_statements_and_none_reads_it_all(kind, reader, statements):
    counts = []
    for size in (SMALL, LARGE):
        one = reader(size)
        counts.append([])
        for address in one.addresses:
            statements.clear()
            one.get(address)
            counts[-1].append(Counter(name for name, _ in statements))
            if size == LARGE:
                for name, plan in statements:
                    assert not WHOLE_TABLE[kind].search(plan), f"{address}: {name}:\n{plan}"
    for address, few, many in zip(one.addresses, *counts, strict=True):
        more = {
            name: count for name, count in many.items() if count > max(few[name], READ_IN_PARTS.get(name, 1))
        }
        assert not more, address
    assert max(sum(one.values()) for one in counts[-1]) < 40
