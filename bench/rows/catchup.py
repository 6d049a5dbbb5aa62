"""Nothing ran for 30 days: what it takes a scheduler to decide 1,000 every-minute schedules."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from bench.arena import Arena
from bench.figures import Figure
from bench.processes import memory_mb
from bench.schedules import STORES, insert, place_of_rota, schedule, scheduler

OFF = timedelta(days=30)


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(100, 1_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(lambda s=store, w=who: _measure(arena, s, w, count), _failed(who))
    ]


def _failed(who: str) -> Figure:
    return Figure(row="catchup", case="time", who=who, value=None, unit="s")


def _measure(arena: Arena, store: str, who: str, count: int) -> list[Figure]:
    with place_of_rota(arena, store) as (place, look):
        with scheduler(place) as pid:
            look.until(look.nodes, 20, place)
            time.sleep(1)
            idle = memory_mb(pid)
        began = datetime.now(UTC) - OFF
        insert(place, (schedule(f"minutely-{number}", "* * * * *", began) for number in range(count)))
        behind = f"SELECT count(*) FROM rota_schedule WHERE cursor_us < {int((time.time() - 120) * 1e6)}"
        begin = time.time()
        with scheduler(place) as pid:
            took = look.until(lambda: not look.rows(behind)[0][0], 120, place) - begin
            most = memory_mb(pid, "VmHWM")
        note = f"{count:,} schedules, {look.runs():,} rows of history"
    return [
        Figure(row="catchup", case="time", who=who, value=took, unit="s", note=f"{note}, start included"),
        Figure(
            row="catchup", case="memory beyond an idle node", who=who, value=most - idle, unit="MB", note=note
        ),
    ]
