"""The verbs about those who sign in, and their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rota.core.ids import from_us, to_us
from rota.core.records import AuditLine, Token, User
from rota.stores.sql.database import Cursor, Database, Row, write
from rota.stores.sql.history import add_audit
from rota.stores.sql.rows import instant, us
from rota.stores.sql.texts import clean


def users(database: Database, rota: str) -> list[User]:
    with database.read() as cursor:
        found = cursor.rows("users", rota=clean(rota))
    return [
        User(name=name, role=role, password=password, created_at=from_us(created_us))
        for name, role, password, created_us in found
    ]


def put_user(database: Database, rota: str, user: User, audit: Sequence[AuditLine]) -> None:
    def work(cursor: Cursor) -> None:
        cursor.run(
            "put_user",
            rota=clean(rota),
            name=clean(user.name),
            role=user.role,
            password=user.password,
            created_us=to_us(user.created_at),
        )
        cursor.run("drop_sessions_of", rota=clean(rota), name=clean(user.name))
        cursor.run("lower_tokens_of", rota=clean(rota), name=clean(user.name), role=user.role)
        add_audit(cursor, audit)

    write(database, work)


def drop_user(database: Database, rota: str, name: str, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> bool:
        dropped = cursor.run("drop_user", rota=clean(rota), name=clean(name))
        cursor.run("drop_tokens_of", rota=clean(rota), name=clean(name))
        add_audit(cursor, audit if dropped else ())
        return bool(dropped)

    return write(database, work)


def add_token(database: Database, rota: str, token: Token, audit: Sequence[AuditLine]) -> None:
    def work(cursor: Cursor) -> None:
        cursor.run("drop_old_tokens", rota=clean(rota), now_us=to_us(token.created_at))
        cursor.run(
            "add_token",
            id=token.id,
            rota=clean(rota),
            kind=token.kind,
            owner=clean(token.user),
            role=token.role,
            label=clean(token.label),
            digest=token.digest,
            created_us=to_us(token.created_at),
            expires_us=us(token.expires_at),
            used_us=us(token.used_at),
        )
        add_audit(cursor, audit)

    write(database, work)


def token(database: Database, rota: str, digest: str) -> Token | None:
    with database.read() as cursor:
        found = cursor.rows("token", rota=clean(rota), digest=digest)
    return _token_of(found[0]) if found else None


def tokens(database: Database, rota: str) -> list[Token]:
    with database.read() as cursor:
        return list(map(_token_of, cursor.rows("tokens", rota=clean(rota))))


def use_token(database: Database, token_id: str, at: datetime) -> None:
    with database.single() as cursor:
        cursor.run("use_token", id=token_id, used_us=to_us(at))


def drop_token(database: Database, rota: str, token_id: str, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> bool:
        dropped = cursor.run("drop_token", rota=clean(rota), id=clean(token_id))
        add_audit(cursor, audit if dropped else ())
        return bool(dropped)

    return write(database, work)


def _token_of(row: Row) -> Token:
    token_id, kind, owner, role, label, digest, created_us, expires_us, used_us = row
    return Token(
        id=token_id,
        kind=kind,
        user=owner,
        role=role,
        label=label,
        digest=digest,
        created_at=from_us(created_us),
        expires_at=instant(expires_us),
        used_at=instant(used_us),
    )
