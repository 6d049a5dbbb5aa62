"""Old rows of a Django project purged, by `rota.housekeeping.django.purge`, while another process writes."""

from __future__ import annotations

from dataclasses import replace

from bench.arena import Arena
from bench.contenders import OURS
from bench.figures import Figure, quantile
from bench.schedules import STORES

BATCH = 500  # the default of `purge`


def measure(arena: Arena) -> list[Figure]:
    count = arena.size(20_000, 1_000_000)
    return [
        figure
        for store, who in STORES.items()
        for figure in arena.attempt(lambda s=store, w=who: _measure(arena, s, w, count), _empty(who))
    ]


def _empty(who: str) -> Figure:
    return Figure(row="housekeeping", case="purge", who=who, value=None, unit="rows/s", more_is_better=True)


def _measure(arena: Arena, store: str, who: str, count: int) -> list[Figure]:
    with arena.place_of(OURS, store) as place:
        told = place.call("purge_rows", count, BATCH, timeout=1800)
    writes = told["written"]
    least = replace(_empty(who), unit="ms", more_is_better=False)
    return [
        replace(
            _empty(who),
            value=told["deleted"] / told["seconds"],
            note=f"{told['deleted']:,} of {count:,} rows, {BATCH} in a transaction",
        ),
        replace(least, case="longest transaction", value=told["longest_ms"]),
        replace(
            least,
            case="a write of others, p99",
            value=quantile(writes, 0.99),
            note=f"{len(writes):,} writes; the slowest: {max(writes):.3g} ms",
        ),
        replace(least, case="memory grown", value=told["grown_mb"], unit="MB"),
    ]
