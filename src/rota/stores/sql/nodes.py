"""The verbs about nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rota.core.ids import to_us
from rota.core.records import AuditLine, Node
from rota.stores.sql.database import Cursor, Database, write
from rota.stores.sql.history import add_audit
from rota.stores.sql.rows import NODES
from rota.stores.sql.texts import clean


def join(database: Database, node: Node) -> str | None:
    cleaned = replace(node, id=clean(node.id), rota=clean(node.rota), host=clean(node.host), drain_by=None)
    parameters = {
        "id": cleaned.id,
        "rota": cleaned.rota,
        "seen_us": to_us(node.seen_at),
        "node": NODES.text(cleaned),
    }
    with database.single() as cursor:
        ((drain_by,),) = cursor.rows("join_node", **parameters)
    return None if drain_by is None else str(drain_by)


def drain(database: Database, rota: str, node_id: str, by: str, audit: Sequence[AuditLine]) -> bool:
    def work(cursor: Cursor) -> bool:
        asked = cursor.run("drain_node", rota=clean(rota), id=clean(node_id), by=clean(by))
        if asked:
            add_audit(cursor, audit)
        return bool(asked)

    return write(database, work)


def leave(database: Database, node_id: str) -> None:
    with database.single() as cursor:
        cursor.run("leave_node", id=clean(node_id))


def nodes(database: Database, rota: str) -> list[Node]:
    with database.read() as cursor:
        found = cursor.rows("nodes", rota=clean(rota))
    return [replace(NODES.value(text), drain_by=drain_by) for text, drain_by in found]


def forget_nodes(database: Database, rota: str, seen_before: datetime) -> list[str]:
    def work(cursor: Cursor) -> list[str]:
        return sorted(
            row[0] for row in cursor.rows("forget_nodes", rota=clean(rota), before_us=to_us(seen_before))
        )

    return write(database, work)
