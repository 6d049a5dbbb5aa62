"""Each duty of the shop's housekeeping: what it takes, what it spares, and that it may be repeated."""

from __future__ import annotations

import pytest

from rota.demo import housekeeping, search, shop
from rota.demo.traffic import EACH_TIME, add_traffic

SUBMISSION = """
    INSERT INTO submissions (user_id, status, content, created_at, updated_at)
    VALUES (1, 'done', 'text', datetime('now', ?), datetime('now'))"""
STUCK = """
    INSERT INTO submissions (user_id, status, content, created_at, updated_at)
    VALUES (1, 'processing', 'text', datetime('now'), datetime('now', ?))"""
CONVERSATION = (
    "INSERT INTO conversations (user_id, title, updated_at) VALUES (1, 'chair', datetime('now', ?))"
)
ORPHAN = "INSERT INTO messages (conversation_id, body, created_at) VALUES (99, 'hello', datetime('now', ?))"
KEY = "INSERT INTO idempotency_keys (key, response, expires_at) VALUES (random(), '{}', datetime('now', ?))"
SESSION = "INSERT INTO sessions (user_id, token, expires_at) VALUES (1, random(), datetime('now', ?))"

DUTIES = [
    pytest.param(
        housekeeping.purge_expired_submissions,
        "contents_deleted",
        SUBMISSION,
        ("-31 days", "-29 days"),
        "SELECT count(*) FROM submissions WHERE content IS NOT NULL",
        id="content expires after 30 days",
    ),
    pytest.param(
        housekeeping.mark_stuck_submissions,
        "submissions_marked_failed",
        STUCK,
        ("-61 minutes", "-50 minutes"),
        "SELECT count(*) FROM submissions WHERE status = 'processing'",
        id="an hour in work is stuck",
    ),
    pytest.param(
        housekeeping.delete_old_conversations,
        "conversations_deleted",
        CONVERSATION,
        ("-181 days", "-179 days"),
        "SELECT count(*) FROM conversations",
        id="conversations are kept 180 days",
    ),
    pytest.param(
        housekeeping.remove_orphaned_messages,
        "messages_deleted",
        ORPHAN,
        ("-6 minutes", "+1 minutes"),
        "SELECT count(*) FROM messages",
        id="young orphans are spared",
    ),
    pytest.param(
        housekeeping.drop_idempotency_keys,
        "keys_deleted",
        KEY,
        ("-1 minutes", "+1 hours"),
        "SELECT count(*) FROM idempotency_keys",
        id="keys end",
    ),
    pytest.param(
        housekeeping.expire_sessions,
        "sessions_deleted",
        SESSION,
        ("-1 minutes", "+1 hours"),
        "SELECT count(*) FROM sessions",
        id="sessions end",
    ),
]


def add(statement, ages):
    with shop.connect() as db:
        db.executemany(statement, [(age,) for age in ages])


def ask(question):
    with shop.connect() as db:
        return db.execute(question).fetchone()[0]


@pytest.mark.usefixtures("empty_shop")
@pytest.mark.parametrize(("duty", "counted", "insert", "ages", "left"), DUTIES)
class TestDuties:
    def test_takes_what_is_old_and_spares_what_is_young(self, duty, counted, insert, ages, left):
        old, young = ages
        add(insert, [old, old, old, young, young])
        assert duty() == {counted: 3}
        assert ask(left) == 2

    def test_is_harmless_when_repeated(self, duty, counted, insert, ages, left):
        add(insert, ages)
        duty()
        assert duty() == {counted: 0}
        assert ask(left) == 1

    def test_a_dry_run_counts_and_touches_nothing(self, duty, counted, insert, ages, left):
        add(insert, [ages[0]] * 3)
        assert duty(dry_run=True) == {counted: 3}
        assert ask(left) == 3

    @pytest.mark.parametrize(
        ("limit", "batch_size", "done"),
        [(4, 2, 4), (5, 2, 5), (100, 2, 7), (1, 100, 1), (7, 7, 7)],
    )
    def test_goes_in_batches_up_to_its_limit(
        self, duty, counted, insert, ages, left, limit, batch_size, done
    ):
        add(insert, [ages[0]] * 7)
        assert duty(limit=limit, batch_size=batch_size) == {counted: done}
        assert ask(left) == 7 - done


@pytest.mark.usefixtures("empty_shop")
def test_a_purged_submission_keeps_its_row():
    add(SUBMISSION, ["-31 days"])
    housekeeping.purge_expired_submissions()
    assert (shop.counts()["submissions"], shop.counts()["with content"]) == (1, 0)


@pytest.mark.usefixtures("empty_shop")
def test_messages_of_a_deleted_conversation_are_orphans():
    add(CONVERSATION, ["-181 days"])
    with shop.connect() as db:
        db.execute("INSERT INTO messages VALUES (1, 1, 'hello', datetime('now', '-200 days'))")
    assert housekeeping.remove_orphaned_messages() == {"messages_deleted": 0}
    housekeeping.delete_old_conversations()
    assert housekeeping.remove_orphaned_messages() == {"messages_deleted": 1}


@pytest.mark.usefixtures("empty_shop")
def test_statistics_hold_a_figure_for_each_table():
    add(SESSION, ["+1 hours"] * 3)
    assert housekeeping.write_statistics(dry_run=True) == {"figures_written": len(shop.COUNTS)}
    assert ask("SELECT count(*) FROM statistics") == 0
    housekeeping.write_statistics()
    assert ask("SELECT value FROM statistics WHERE name = 'sessions'") == 3


@pytest.mark.usefixtures("empty_shop")
def test_traffic_adds_rows_to_every_table():
    assert add_traffic(times=3) == 3 * sum(EACH_TIME.values())
    assert [ask(f"SELECT count(*) FROM {table}") for table in EACH_TIME] == [
        3 * count for count in EACH_TIME.values()
    ]


@pytest.mark.usefixtures("empty_shop")
class TestSearchIndex:
    def test_counts_every_word_and_tells_how_far_it_is(self):
        with shop.connect() as db:
            bodies = ["red chair", "Red lamp", "blue chair"]
            db.executemany(
                "INSERT INTO messages VALUES (NULL, 1, ?, datetime('now'))", [(b,) for b in bodies]
            )
        told: list[tuple[int, int, str]] = []
        done = search.rebuild(2, 0, lambda *one: told.append(one), lambda: False)
        assert done == {"messages_indexed": 3, "words": 4}
        assert told[-1] == (3, 3, "4 words")
        with shop.connect() as db:
            index = dict(db.execute("SELECT word, uses FROM search_words"))
        assert index == {"red": 2, "chair": 2, "lamp": 1, "blue": 1}

    def test_keeps_the_old_index_when_cancelled(self):
        with shop.connect() as db:
            db.execute("INSERT INTO search_words VALUES ('oak', 1)")
            db.execute("INSERT INTO messages VALUES (NULL, 1, 'sofa', datetime('now'))")
        assert search.rebuild(2, 0, lambda *one: None, lambda: True) == {}
        assert ask("SELECT group_concat(word) FROM search_words") == "oak"


@pytest.mark.usefixtures("empty_shop")
def test_a_failed_transaction_leaves_nothing():
    with (
        pytest.raises(ZeroDivisionError),
        shop.connect() as db,
        shop.transaction(db),
    ):
        db.execute(SESSION, ("+1 hours",))
        raise ZeroDivisionError
    assert shop.counts()["sessions"] == 0
