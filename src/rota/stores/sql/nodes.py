"""The verbs about nodes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rota.core.ids import to_us
from rota.core.records import Node
from rota.stores.sql.database import Cursor, Database, write
from rota.stores.sql.rows import NODES
from rota.stores.sql.texts import clean


def join(database: Database, node: Node) -> None:
    cleaned = replace(node, id=clean(node.id), rota=clean(node.rota), host=clean(node.host))
    parameters = {
        "id": cleaned.id,
        "rota": cleaned.rota,
        "seen_us": to_us(node.seen_at),
        "node": NODES.text(cleaned),
    }
    with database.single() as cursor:
        cursor.run("join_node", **parameters)


def leave(database: Database, node_id: str) -> None:
    with database.single() as cursor:
        cursor.run("leave_node", id=clean(node_id))


def nodes(database: Database, rota: str) -> list[Node]:
    with database.read() as cursor:
        return [NODES.value(text) for (text,) in cursor.rows("nodes", rota=clean(rota))]


def forget_nodes(database: Database, rota: str, seen_before: datetime) -> list[str]:
    def work(cursor: Cursor) -> list[str]:
        return sorted(
            row[0] for row in cursor.rows("forget_nodes", rota=clean(rota), before_us=to_us(seen_before))
        )

    return write(database, work)
