"""Find schedules and runs by what people type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.records import Node, Run, RunQuery, Schedule, ScheduleQuery
from rota.errors import InvalidValue, UnknownRun, UnknownSchedule

if TYPE_CHECKING:
    from rota.app import Rota

PAGE = 500
SEARCHED_RUNS = 2000
SHORTEST_TAIL = 6
FULL_ID = 36


def schedules_named(rota: Rota, names: Sequence[str]) -> list[Schedule]:
    """Return the schedules of these names, in this order.

    Raises:
        UnknownSchedule: One does not exist; with names that look like it.
    """
    found: dict[str, Schedule] = {}
    for start in range(0, len(names), PAGE):
        query = ScheduleQuery(rota=rota.name, names=tuple(names[start : start + PAGE]), limit=PAGE)
        found |= {one.name: one for one in rota.store.schedules(query)}
    for name in names:
        if name not in found:
            raise _unknown(rota, name)
    return [found[name] for name in names]


def schedule_named(rota: Rota, name: str) -> Schedule:
    """Return the schedule of that name. Raises `UnknownSchedule`."""
    return schedules_named(rota, [name])[0]


def _unknown(rota: Rota, name: str) -> UnknownSchedule:
    stored = [one.name for one in rota.store.schedules(ScheduleQuery(rota=rota.name, limit=PAGE))]
    if not stored:
        return UnknownSchedule(
            name, list(rota.registry.schedules), "Nothing is in the store yet: run `rota sync`."
        )
    if name in rota.registry.schedules:
        return UnknownSchedule(name, (), "The code declares it; `rota sync` puts it in force.")
    return UnknownSchedule(name, [*stored, *rota.registry.schedules], "`rota list` shows them.")


def every_schedule(rota: Rota, query: ScheduleQuery) -> Iterator[Schedule]:
    """Yield all schedules that match `query`, page by page, by name."""
    query = replace(query, rota=rota.name, now=rota.clock.now(), limit=PAGE)
    while True:
        page = rota.store.schedules(query)
        yield from page
        if len(page) < PAGE:
            return
        query = replace(query, after=page[-1].name)


def names_matching(rota: Rota, query: ScheduleQuery, most: int) -> list[str]:
    """Return the names of all schedules that match.

    Raises:
        InvalidValue: There are more than `most`.
    """
    names = [one.name for one in islice(every_schedule(rota, replace(query, after=None)), most + 1)]
    if len(names) > most:
        raise InvalidValue("schedules", f"more than {most}", "they are too many at a time", "Filter further.")
    return names


def every_run(rota: Rota, query: RunQuery, most: int) -> Iterator[Run]:
    """Yield up to `most` runs that match `query`, newest first, page by page."""
    query = replace(query, rota=rota.name, limit=min(PAGE, most))
    while most > 0:
        page = rota.store.runs(query)
        yield from page[:most]
        most -= len(page)
        if len(page) < query.limit:
            return
        query = replace(query, before=(page[-1].created_at, page[-1].id))


def run_like(rota: Rota, text: str) -> Run:
    """Return the run with this id, or the only one of the latest 2,000 whose id ends so.

    The end of an id tells runs apart; its beginning is the time, which many runs share.

    Raises:
        UnknownRun: There is none.
        InvalidValue: Several end so, or fewer than 6 characters are given.
    """
    wanted = text.strip().lower()
    if len(wanted) >= FULL_ID:
        run = rota.store.run(wanted)
        if run is None or run.rota != rota.name:
            raise UnknownRun(text, (), "History may have been purged; `rota runs` lists what there is.")
        return run
    if len(wanted) < SHORTEST_TAIL:
        raise InvalidValue("run", text, f"give the id, or at least its last {SHORTEST_TAIL} characters")
    latest = every_run(rota, RunQuery(), SEARCHED_RUNS)
    found = [run for run in latest if run.id.endswith(wanted)]
    if not found:
        raise UnknownRun(text, (), f"None of the latest {SEARCHED_RUNS} ids ends so; `rota runs` lists them.")
    if len(found) > 1:
        raise InvalidValue("run", text, f"{len(found)} ids end so", "Give more of it.")
    return found[0]


def live_nodes(rota: Rota) -> list[Node]:
    """Return the nodes that have shown themselves within two leases."""
    return [node for node, state in nodes_by_state(rota) if state != "lost"]


def nodes_by_state(rota: Rota) -> list[tuple[Node, str]]:
    """Return the nodes that the store holds, by id, each with `live`, `draining` or `lost`."""
    now = rota.clock.now()
    patience = max(rota.settings.lease * 2, timedelta(seconds=10))
    found = sorted(rota.store.nodes(rota.name), key=lambda one: one.id)
    return [(one, "lost" if now - one.seen_at > patience else _word(one)) for one in found]


def _word(node: Node) -> str:
    return "draining" if node.draining or node.drain_by is not None else "live"
