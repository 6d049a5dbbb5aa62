"""One next occurrence, and one parsed line; see `bench/timetables.py`."""

from __future__ import annotations

import json

from bench import timetables
from bench.arena import Arena
from bench.figures import Figure

PEERS = {"celery": ("Celery", "redis"), "apscheduler3": ("APScheduler 3", "sqlite")}


def measure(arena: Arena) -> list[Figure]:
    lines = timetables.corpus()[:: arena.size(5, 1)]
    figures = []
    for zone in timetables.ZONES:
        for who, took in timetables.measure_next(lines, zone).items():
            figures.append(_figure(f"next occurrence, {zone}", who, took))
        figures += _peers(arena, lines, "cron_next", f"next occurrence, {zone}", zone, timetables.EACH)
    for who, took in timetables.measure_parse(lines).items():
        figures.append(_figure("parse", who, took))
    figures += _peers(arena, lines, "cron_parse", "parse")
    for one in figures:
        arena.say(f"  {one.who}: {one.case}: {one.value or 0:.2f} µs {one.error}")
    return figures


def _figure(case: str, who: str, took: float | None, error: str = "") -> Figure:
    named = who.replace("rota", "Rota")
    return Figure(row="cron", case=case, who=named, value=took, unit="µs", error=error)


def _peers(arena: Arena, lines: list[str], function: str, case: str, *arguments: object) -> list[Figure]:
    figures = []
    for peer, (who, store) in PEERS.items():
        if peer not in arena.peers:
            continue
        try:
            with arena.place_of(peer, store) as place:
                file = place.folder / "lines.json"
                file.write_text(json.dumps(lines))
                figures.append(_figure(case, who, place.call(function, file, *arguments)))
        except Exception as error:
            figures.append(_figure(case, who, None, f"{type(error).__name__}: {error}"))
    return figures
