"""The shop's database as it is built, and the folder it is built in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

from rota.demo import build, shop
from rota.demo.folder import FolderRefused, prepare

NOW = datetime(2026, 11, 20, 12)


def content(path):
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_the_same_seed_makes_the_same_rows(tmp_path):
    for name in ("one", "two"):
        build.build(tmp_path / name, 2_000, NOW, seed=7)
    build.build(tmp_path / "other", 2_000, NOW, seed=8)
    one, two, other = (content(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one != other


@pytest.mark.parametrize("rows", [0, 100, 12_345, 200_000])
def test_the_shares_add_up(rows):
    assert sum(build.split(rows).values()) == rows


def test_as_many_rows_are_built_as_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv(shop.FOLDER_VARIABLE, str(tmp_path))
    told: list[int] = []
    build.build(tmp_path / "shop.db", 12_345, NOW, on_rows=told.append)
    assert sum(told) == 12_345
    counted = shop.counts()
    assert counted.pop("with content") == counted["submissions"]
    assert sum(counted.values()) == 12_345
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db"]


def test_an_interrupted_build_leaves_no_shop(tmp_path):
    def interrupt(_rows):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        build.build(tmp_path / "shop.db", 1_000, NOW, on_rows=interrupt)
    assert not prepare(tmp_path, fresh=False)


def test_there_is_something_to_purge_in_every_table(tmp_path):
    build.build(tmp_path / "shop.db", 2_000, NOW)
    questions = [
        "SELECT count(*) FROM submissions WHERE created_at < '2026-10-21'",
        "SELECT count(*) FROM conversations WHERE updated_at < '2026-05-24'",
        "SELECT count(*) FROM messages WHERE conversation_id NOT IN (SELECT id FROM conversations)",
        "SELECT count(*) FROM idempotency_keys WHERE expires_at < '2026-11-20 12:00'",
        "SELECT count(*) FROM sessions WHERE expires_at < '2026-11-20 12:00'",
        "SELECT count(*) FROM submissions WHERE status = 'processing'",
    ]
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        assert all(db.execute(question).fetchone()[0] > 5 for question in questions)


class TestFolder:
    def test_is_made_with_its_parents(self, tmp_path):
        assert not prepare(tmp_path / "a" / "b", fresh=False)
        assert (tmp_path / "a" / "b").is_dir()

    def test_of_an_earlier_demo_is_taken_up(self, empty_shop):
        assert prepare(empty_shop, fresh=False)

    def test_fresh_deletes_what_an_earlier_demo_left(self, empty_shop):
        (empty_shop / "rota.db").touch()
        assert not prepare(empty_shop, fresh=True)
        assert list(empty_shop.iterdir()) == []

    @pytest.mark.parametrize("fresh", [False, True])
    @pytest.mark.parametrize("name", ["notes.txt", "shop.db", "rota.db"])
    def test_with_a_foreign_file_is_refused_and_left_alone(self, tmp_path, name, fresh):
        (tmp_path / name).write_text("mine")
        with pytest.raises(FolderRefused, match=name):
            prepare(tmp_path, fresh=fresh)
        assert (tmp_path / name).read_text() == "mine"

    def test_another_applications_database_is_foreign(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
            db.execute("CREATE TABLE orders (id)")
        with pytest.raises(FolderRefused, match=r"shop\.db"):
            prepare(tmp_path, fresh=True)

    def test_that_is_a_file_is_refused(self, tmp_path):
        (tmp_path / "it").touch()
        with pytest.raises(FolderRefused, match="it is a file"):
            prepare(tmp_path / "it", fresh=False)
