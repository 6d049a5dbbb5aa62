"""Look for what is wrong, or will be, and say what to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from rota.core.localtime import zone_named
from rota.core.occurrences import compiled
from rota.core.records import Counts, Node, Schedule, ScheduleQuery, ScheduleState
from rota.errors import RotaError, SchemaOutdated, StoreUnavailable
from rota.operations.advice import zone_of
from rota.operations.lookups import every_schedule, live_nodes
from rota.operations.shapes import utc
from rota.operations.why_run import said

if TYPE_CHECKING:
    from rota.app import Rota

CLOCK_TOLERANCE = timedelta(seconds=2)
WAITED_TOO_LONG = timedelta(minutes=5)
LONG_PAUSE = timedelta(days=7)
LOOKED_AT = 2000  # pending runs of each queue
NAMED = 5  # subjects listed in one finding
MOST_ODD = 100  # schedules of which something is said


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    INFO = "info"  # worth knowing
    WARNING = "warning"  # will hurt one day
    ERROR = "error"  # something does not run


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the doctor saw.

    Attributes:
        subject: What it is about: `store`, `nodes`, a schedule, a queue.
        remedy: What to do, mostly a command; `""` when there is nothing to do.
        about: What kind of thing `subject` names, for links: `schedule`, `node`, `queue`, `task`; or `""`.
        run: The run that shows it.
    """

    level: Level
    subject: str
    problem: str
    remedy: str = ""
    about: str = ""
    run: str = ""


def doctor(rota: Rota, *, thorough: bool = True, counts: Counts | None = None) -> list[Finding]:
    """Return what was found, worst first; one finding of level `ok` when all is well. Reads only.

    Args:
        counts: What the store counts, if the caller has asked it already.
        thorough: Read every schedule, to see whether its zone is still known; otherwise that is seen when a
            tick has come to it, and has set it aside. And let apprise read the addresses of alerts.
    """
    found = list(_store(rota))
    if not any(one.level is Level.ERROR for one in found):
        nodes = live_nodes(rota)
        found += [*_zone(rota), *_nodes(rota, nodes), *_generations(rota, nodes)]
        found += [*_schedules(rota), *_tasks(rota, counts), *_pending(rota, nodes)]
        if thorough:
            found += [*_broken_zones(rota), *_alerts(rota)]
    order = [Level.ERROR, Level.WARNING, Level.INFO, Level.OK]
    return sorted(found, key=lambda one: order.index(one.level)) or [
        Finding(Level.OK, "rota", "all is well: the store, the nodes, the schedules and the queues")
    ]


def _store(rota: Rota) -> Iterator[Finding]:
    try:
        missing = rota.store.migrate(dry_run=True)
        rota.store.clock()
    except StoreUnavailable as error:
        remedy = (
            "Is the database up, and ROTA_STORE right? `rota doctor --settings` shows where it comes from."
        )
        yield Finding(Level.ERROR, "store", str(error), remedy)
        return
    except SchemaOutdated as error:
        yield Finding(Level.ERROR, "store", str(error), "`rota migrate`, or upgrade Rota on this node.")
        return
    if missing and not rota.store.url.startswith("sqlite"):  # which applies them at its first use
        problem = f"schema steps are missing: {', '.join(missing)}"
        yield Finding(Level.ERROR, "store", problem, "Run `rota migrate`.")


def _zone(rota: Rota) -> Iterator[Finding]:
    try:
        zone_named(rota.timezone)
    except RotaError as error:
        yield Finding(Level.ERROR, "timezone", str(error), "Correct ROTA_TIMEZONE, or the rota's timezone=.")


def _nodes(rota: Rota, nodes: list[Node]) -> Iterator[Finding]:
    for role, command in (("scheduler", "rota scheduler"), ("worker", "rota worker")):
        if not any(role in node.roles for node in nodes):
            what = "nothing that is scheduled becomes a run" if role == "scheduler" else "no run is executed"
            problem = f"no live {role}: {what}"
            yield Finding(Level.ERROR, "nodes", problem, f"Start one: `{command}`, or `rota run` for both.")
    for node in nodes:
        if abs(node.clock_offset) > CLOCK_TOLERANCE:
            ahead = "behind" if node.clock_offset > timedelta(0) else "ahead of"
            problem = (
                f"its clock is {said(abs(node.clock_offset))} {ahead} the store's; Rota goes by the store's"
            )
            yield Finding(Level.WARNING, f"node {node.id}", problem, "Synchronise the machine's clock (NTP).")
    hosts = sorted({node.host for node in nodes})
    if len(hosts) > 1 and rota.store.url.startswith("sqlite"):
        problem = f"nodes of several hosts ({_some(hosts)}) use SQLite, which is safe on one host only"
        yield Finding(Level.ERROR, "store", problem, "Use PostgreSQL: ROTA_STORE=postgresql://...")


def _generations(rota: Rota, nodes: list[Node]) -> Iterator[Finding]:
    generation = rota.store.generation(rota.name)
    if generation is None:
        yield Finding(
            Level.WARNING, "sync", "nothing is in the store yet", "Run `rota sync`, or start a node."
        )
        return
    if generation.fingerprint != rota.registry.fingerprint():
        problem = f"this code declares something else than what is in force (generation {generation.number})"
        yield Finding(Level.WARNING, "sync", problem, "See it: `rota plan`. Put it in force: `rota sync`.")
    old = [node.id for node in nodes if node.generation < generation.number]
    if old:
        problem = f"{len(old)} nodes run an older release: {_some(old)}"
        yield Finding(Level.INFO, "nodes", problem, "Restart them when the deploy is through.")


def _schedules(rota: Rota) -> Iterator[Finding]:
    now = rota.clock.now()
    for one in rota.store.odd(rota.name, MOST_ODD):
        if one.state is ScheduleState.QUARANTINED:
            remedy = "Mend it in the code or clear the override, then `rota sync`."
            yield Finding(
                Level.ERROR,
                one.name,
                f"it is quarantined, and does not fire: {one.quarantine}",
                remedy,
                "schedule",
            )
            continue
        if one.state is ScheduleState.FINISHED:
            yield Finding(
                Level.INFO,
                one.name,
                "it has finished: no occurrence is left",
                "Remove it from the code.",
                "schedule",
            )
        if one.pause is not None and now - one.pause.start > LONG_PAUSE:
            problem = f"it is paused since {utc(one.pause.start)} by {one.pause.by}"
            yield Finding(Level.WARNING, one.name, problem, f"`rota resume {quoted(one.name)}`", "schedule")
        if one.overrides:
            fields = ", ".join(f"{each.field} (by {each.author})" for each in one.overrides)
            remedy = f"`rota override {quoted(one.name)} --clear` returns to what the code declares."
            yield Finding(Level.INFO, one.name, f"overrides are in force: {fields}", remedy, "schedule")


def _tasks(rota: Rota, counts: Counts | None) -> Iterator[Finding]:
    needed = counts or rota.store.counts(rota.name, rota.clock.now())
    for task, count in needed.tasks.items():
        if task in rota.registry.tasks:
            continue
        query = ScheduleQuery(rota=rota.name, task=task, limit=NAMED + 1)
        names = [one.name for one in rota.store.schedules(query) if one.state is not ScheduleState.RETIRED]
        problem = f"no loaded module declares it, but {count} schedules need it: {_some(names, count)}"
        yield Finding(
            Level.ERROR, f"task {task}", problem, "Import the module that declares it, or `rota sync`."
        )


def _broken_zones(rota: Rota) -> Iterator[Finding]:
    for one in every_schedule(rota, ScheduleQuery()):
        if one.state not in (ScheduleState.RETIRED, ScheduleState.QUARANTINED):
            yield from _broken_zone(one)


def _broken_zone(one: Schedule) -> Iterator[Finding]:
    try:
        zone = zone_of(compiled(one.name, one.effective))
        if zone is not None:
            zone_named(zone)
    except RotaError as error:
        yield Finding(
            Level.ERROR, one.name, str(error), "Correct the timetable, then `rota sync`.", "schedule"
        )


def _alerts(rota: Rota) -> Iterator[Finding]:
    from rota.operations.alerting import check_addresses

    for one in check_addresses(rota):
        if one.problem:
            subject = f"alerts to {one.channel}"
            yield Finding(Level.ERROR, subject, one.problem, "Correct ROTA_ALERTS, then `rota alerts test`.")


def _pending(rota: Rota, nodes: list[Node]) -> Iterator[Finding]:
    now = rota.clock.now()
    served = {queue for node in nodes if "worker" in node.roles for queue in node.queues}
    unserved: dict[str, int] = {}
    unknown: dict[str, int] = {}
    waiting = 0
    for one in rota.store.backlog(rota.name, now - WAITED_TOO_LONG, LOOKED_AT):
        if one.queue not in served:
            unserved[one.queue] = unserved.get(one.queue, 0) + one.count
        if one.task not in rota.registry.tasks:
            unknown[one.task] = unknown.get(one.task, 0) + one.count
        waiting += one.late
    if served:  # otherwise the missing worker is the finding
        for queue, count in unserved.items():
            remedy = f"`rota worker --queues {quoted(queue)}`"
            yield Finding(
                Level.ERROR, f"queue {queue}", f"no live worker serves it; {_many(count)} wait", remedy
            )
        for queue in rota.registry.queues():
            if queue not in served and queue not in unserved and queue != "default":
                remedy = f"`rota worker --queues {quoted(queue)}`"
                yield Finding(Level.WARNING, f"queue {queue}", "no live worker serves it", remedy)
    for task, count in unknown.items():
        problem = f"no loaded module declares it; {_many(count)} wait for it"
        yield Finding(
            Level.ERROR, f"task {task}", problem, "Deploy the code that declares it, or cancel the runs."
        )
    if waiting:
        problem = f"{_many(waiting)} are ready for more than {said(WAITED_TOO_LONG)}, and have not started"
        yield Finding(
            Level.WARNING, "workers", problem, "See them: `rota runs --state pending`. Add a worker."
        )


def quoted(name: str) -> str:
    """Write a name as a shell reads it back."""
    return shlex.quote(name)


def _many(count: int) -> str:
    return f"{count:,} runs" if count < LOOKED_AT else f"{LOOKED_AT:,} runs or more"


def _some(names: list[str], count: int | None = None) -> str:
    more = (len(names) if count is None else count) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
