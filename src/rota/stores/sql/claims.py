"""Claiming: which ready runs one node may start now, under a lease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from zlib import crc32

from rota.core.admission import Candidate, Load, admit
from rota.core.ids import to_us
from rota.core.records import Claimed, ClaimRequest
from rota.stores.sql import rows as rows_
from rota.stores.sql.database import Cursor, Database, Row, write
from rota.stores.sql.texts import clean, to_json

GATES = 1024  # how many locks all claims of all nodes may hold together; keys that share one take turns
ROUNDS = 4  # how often one claim looks behind runs that turned out to wait for one another
PRIORITY = 15  # its place in `claimed_columns`
RUN_AT = 8


def claim(database: Database, request: ClaimRequest) -> list[Claimed]:
    """Claim by priority, then oldest first.

    1. Which kinds of runs (queue, gated or not, priority) are ready: reads only, so that an idle poll
       writes nothing and takes no lock.
    2. One kind that need not wait for others: one statement.
    3. Else, in one transaction, kind by kind; see `_pick`.
    """
    parameters = _parameters(request)
    with database.read() as cursor:
        levels = cursor.rows(
            "ready_levels", rota=parameters["rota"], queues=parameters["queues"], now_us=parameters["now_us"]
        )
    if not levels or request.limit <= 0 or not request.tasks:
        return []
    if len(levels) == 1 and not levels[0][2]:
        with database.single() as cursor:
            found = _claim_free(cursor, parameters, levels[0], request.limit)
    else:
        found = write(database, lambda cursor: _claim_all(cursor, parameters, levels, request.limit))
    found.sort(key=_order)
    return list(map(rows_.claimed_of, found))


def claimed(database: Database, request: ClaimRequest) -> list[Claimed]:
    """Return what a claim has leased whose answer was lost.

    Begin and end of its lease tell: whatever this node holds besides was claimed with others.
    """
    parameters = _parameters(request)
    with database.read() as cursor:
        found = cursor.rows(
            "claimed_by",
            rota=parameters["rota"],
            node=parameters["node"],
            now_us=parameters["now_us"],
            until_us=parameters["until_us"],
        )
    found.sort(key=_order)
    return list(map(rows_.claimed_of, found))


def next_ready(database: Database, rota: str, queues: Sequence[str], now: datetime) -> datetime | None:
    with database.read() as cursor:
        ((value,),) = cursor.rows(
            "next_ready", rota=clean(rota), queues=list(map(clean, queues)), now_us=to_us(now)
        )
    return rows_.instant(value)


def _parameters(request: ClaimRequest) -> dict[str, Any]:
    return {
        "rota": clean(request.rota),
        "queues": list(dict.fromkeys(map(clean, request.queues))),
        "tasks": list(map(clean, request.tasks)),
        "node": clean(request.node),
        "now_us": to_us(request.now),
        "until_us": to_us(request.until),
    }


def _order(row: Row) -> tuple[int, int, str]:
    return -row[PRIORITY], row[RUN_AT], row[0]


def _claim_all(cursor: Cursor, parameters: dict[str, Any], levels: Sequence[Row], limit: int) -> list[Row]:
    found: list[Row] = []
    for _, same_priority in groupby(levels, key=lambda level: level[0]):
        sources = list(same_priority)
        room = limit - len(found)
        if room <= 0:
            break
        if len(sources) == 1 and not sources[0][2]:
            found += _claim_free(cursor, parameters, sources[0], room)
        elif picked := _pick(cursor, parameters, sources, room):
            found += cursor.rows("claim_picked", ids=picked, **parameters)
    return found


def _claim_free(cursor: Cursor, parameters: dict[str, Any], level: Row, limit: int) -> list[Row]:
    return cursor.rows("claim_free", limit=limit, **_kind(parameters, level))


def _kind(parameters: dict[str, Any], level: Row) -> dict[str, Any]:
    priority, queue, gated, from_us = level
    return {**parameters, "queue": queue, "gated": bool(gated), "priority": priority, "from_us": from_us}


@dataclass(slots=True)
class _Busy:
    """What is running, and what this claim is about to add to it."""

    schedules: Counter[str] = field(default_factory=Counter)
    lanes: Counter[str] = field(default_factory=Counter)

    def load(self) -> Load:
        return Load(self.schedules, self.lanes)

    def plus(self, rows: Sequence[Row]) -> _Busy:
        more = _Busy(self.schedules.copy(), self.lanes.copy())
        for _, _, serial_key, lane, _, _ in rows:
            more.schedules.update([serial_key] if serial_key is not None else [])
            more.lanes.update([lane] if lane is not None else [])
        return more


def _pick(cursor: Cursor, parameters: dict[str, Any], sources: Sequence[Row], room: int) -> list[str]:
    """Return the ids of the runs to start, of kinds with the same priority.

    1. Candidates in order, gated and free, without those known to be blocked.
    2. A lock for each schedule and concurrency key among those that seem to fit. Who does not get it
       leaves the run: another node is deciding about the same key.
    3. What is running, read after the locks: no other claim can add to it until this one commits.
    4. The decision, and the update by the caller.
    """
    rows = _candidates(cursor, parameters, sources, room)
    gates = sorted({gate for row in rows for gate in _gates(parameters["rota"], row)})
    if not gates:
        return [row[0] for row in rows]
    taken = {row[0] for row in cursor.rows("take_gates", gates=gates)}
    free = [row for row in rows if taken.issuperset(_gates(parameters["rota"], row))]
    return admit(map(_candidate, free), _running(cursor, parameters).load(), room)


def _candidates(cursor: Cursor, parameters: dict[str, Any], sources: Sequence[Row], room: int) -> list[Row]:
    """Return the first runs that seem to fit beside what is running."""
    running = _running(cursor, parameters)
    seen: dict[str, Row] = {}
    fitting: list[Row] = []
    busy = running
    for _ in range(ROUNDS):
        more = list(_ready(cursor, parameters, sources, busy, room, first=not seen))
        seen.update((row[0], row) for row in more)
        ordered = sorted(seen.values(), key=lambda row: (row[1], row[0]))
        wanted = set(admit(map(_candidate, ordered), running.load(), room))
        fitting = [row for row in ordered if row[0] in wanted]
        if len(fitting) >= room or len(more) < room:
            break
        busy = running.plus(fitting)
    return fitting


def _ready(
    cursor: Cursor, parameters: dict[str, Any], sources: Sequence[Row], busy: _Busy, room: int, *, first: bool
) -> Iterator[Row]:
    for level in sources:
        if first or level[2]:  # free runs hide nothing behind them: once is enough
            yield from cursor.rows(
                "ready_runs",
                limit=room,
                busy_schedules=sorted(busy.schedules),
                busy_lanes=to_json(busy.lanes),
                **_kind(parameters, level),
            )


def _running(cursor: Cursor, parameters: dict[str, Any]) -> _Busy:
    busy = _Busy()
    for schedule_id, lane, count in cursor.rows("load", rota=parameters["rota"]):
        if schedule_id is not None:
            busy.schedules[schedule_id] += count
        if lane is not None:
            busy.lanes[lane] += count
    return busy


def _candidate(row: Row) -> Candidate:
    return Candidate(run_id=row[0], serial_key=row[2], lane=row[3], lane_limit=row[4])


def _gates(rota: str, row: Row) -> list[int]:
    """Return the numbers of the locks that a run's schedule and concurrency key stand behind."""
    keys = [f"serial\0{row[2]}"] if row[2] is not None else []
    keys += [f"lane\0{rota}\0{row[3]}"] if row[3] is not None else []
    return [crc32(key.encode()) % GATES for key in keys]
