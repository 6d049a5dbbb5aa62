"""The shop's housekeeping: what is too old goes, in batches, so that customers never wait for it.

Each function returns what it did as numbers, touches nothing with `dry_run`, and is harmless when called
twice: all that it needs to know is in the rows.
"""

from __future__ import annotations

from rota.demo import shop

Numbers = dict[str, int]


def purge_expired_submissions(
    days: int = 30, limit: int = 400, batch_size: int = 100, dry_run: bool = False
) -> Numbers:
    """Delete the content of submissions older than `days`. The rows stay, for the books."""
    find = """
        SELECT id FROM submissions WHERE content IS NOT NULL AND created_at < datetime('now', ?)
        ORDER BY created_at LIMIT ?"""
    act = "UPDATE submissions SET content = NULL WHERE id = ?"
    return {"contents_deleted": _sweep(find, f"-{days} days", act, limit, batch_size, dry_run)}


def delete_old_conversations(
    days: int = 180, limit: int = 150, batch_size: int = 50, dry_run: bool = False
) -> Numbers:
    """Delete conversations in which nothing was said for `days`."""
    find = "SELECT id FROM conversations WHERE updated_at < datetime('now', ?) ORDER BY updated_at LIMIT ?"
    act = "DELETE FROM conversations WHERE id = ?"
    return {"conversations_deleted": _sweep(find, f"-{days} days", act, limit, batch_size, dry_run)}


def remove_orphaned_messages(
    minutes: int = 5, limit: int = 500, batch_size: int = 100, dry_run: bool = False
) -> Numbers:
    """Remove messages whose conversation is gone. The youngest are spared: theirs may be on its way."""
    find = """
        SELECT id FROM messages WHERE created_at < datetime('now', ?)
        AND NOT EXISTS (SELECT 1 FROM conversations WHERE id = conversation_id) LIMIT ?"""
    act = "DELETE FROM messages WHERE id = ?"
    return {"messages_deleted": _sweep(find, f"-{minutes} minutes", act, limit, batch_size, dry_run)}


def drop_idempotency_keys(
    hours: int = 0, limit: int = 300, batch_size: int = 100, dry_run: bool = False
) -> Numbers:
    """Drop idempotency keys that ended more than `hours` ago: nobody repeats these requests."""
    find = "SELECT id FROM idempotency_keys WHERE expires_at < datetime('now', ?) ORDER BY expires_at LIMIT ?"
    act = "DELETE FROM idempotency_keys WHERE id = ?"
    return {"keys_deleted": _sweep(find, f"-{hours} hours", act, limit, batch_size, dry_run)}


def expire_sessions(
    minutes: int = 0, limit: int = 250, batch_size: int = 125, dry_run: bool = False
) -> Numbers:
    """Sign out the sessions that ended more than `minutes` ago."""
    find = "SELECT id FROM sessions WHERE expires_at < datetime('now', ?) ORDER BY expires_at LIMIT ?"
    act = "DELETE FROM sessions WHERE id = ?"
    return {"sessions_deleted": _sweep(find, f"-{minutes} minutes", act, limit, batch_size, dry_run)}


def mark_stuck_submissions(
    minutes: int = 60, limit: int = 40, batch_size: int = 20, dry_run: bool = False
) -> Numbers:
    """Mark submissions as failed that have been in work for `minutes`: whoever worked on them is gone."""
    find = """
        SELECT id FROM submissions WHERE status = 'processing' AND updated_at < datetime('now', ?)
        ORDER BY updated_at LIMIT ?"""
    act = "UPDATE submissions SET status = 'failed', updated_at = datetime('now') WHERE id = ?"
    return {"submissions_marked_failed": _sweep(find, f"-{minutes} minutes", act, limit, batch_size, dry_run)}


def write_statistics(dry_run: bool = False) -> Numbers:
    """Write down how many rows each table holds."""
    figures = shop.counts()
    if not dry_run:
        with shop.connect() as db, shop.transaction(db):
            db.executemany(
                "INSERT INTO statistics (written_at, name, value) VALUES (datetime('now'), ?, ?)",
                figures.items(),
            )
    return {"figures_written": len(figures)}


def _sweep(find: str, age: str, act: str, limit: int, batch_size: int, dry_run: bool) -> int:
    """Apply `act` to the rows that `find` names, in transactions of `batch_size`; return to how many."""
    with shop.connect() as db:
        if dry_run:
            return len(db.execute(find, (age, limit)).fetchall())
        done = 0
        while done < limit:
            with shop.transaction(db):
                found = db.execute(find, (age, min(batch_size, limit - done))).fetchall()
                db.executemany(act, found)
            done += len(found)
            if len(found) < batch_size:
                break
        return done
