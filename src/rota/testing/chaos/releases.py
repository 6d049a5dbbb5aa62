"""Releases of an application: what each declares, and how the next one differs from it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from rota.app import Rota
from rota.core.policies import CatchUp, CatchUpRule
from rota.core.records import Definition
from rota.ports import Clock, Store
from rota.settings import Settings

ROTA = "app"
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo")
QUEUES = ("default", "default", "default", "slow")
LANES = (None, None, None, ("mail", 1), ("api", 2))


@dataclass(frozen=True, slots=True)
class Declaration:
    """One schedule of a release, and its task."""

    name: str
    task: str
    timetable: str
    options: Mapping[str, Any]
    was: str | None = None


@dataclass(frozen=True)
class Release:
    """What one version of the application declares.

    Attributes:
        tasks: Options of each task, by name.
    """

    name: str
    settings: Settings
    tasks: Mapping[str, Mapping[str, Any]]
    declarations: tuple[Declaration, ...]

    def build(self, store: Store, clock: Clock) -> Rota:
        """Return the rota as a process that runs this release declares it."""
        rota = Rota(ROTA, clock=clock, housekeeping=False)
        rota.settings, rota.store = self.settings, store
        for name, options in self.tasks.items():
            rota.task(name=name, **options)(_body)
        for one in self.declarations:
            rota.schedule(one.task, one.timetable, name=one.name, was=one.was, **one.options)
        return rota

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """What is declared, by name of the schedule."""
        rota = Rota(ROTA, housekeeping=False)
        rota.settings = self.settings
        for name, options in self.tasks.items():
            rota.task(name=name, **options)(_body)
        for one in self.declarations:
            rota.schedule(one.task, one.timetable, name=one.name, was=one.was, **one.options)
        return {one.name: one.definition for one in rota.registry.declared()}


def _body(number: int = 0) -> None:
    """Do nothing: the simulation decides how it ends."""


def first_release(chance: random.Random, settings: Settings, start: datetime, count: int) -> Release:
    """Return a release with `count` schedules."""
    tasks = {f"task-{index}": task_options(chance) for index in range(max(count * 2 // 3, 1))}
    names = [f"schedule-{index}" for index in range(count)]
    made = tuple(declaration(chance, name, list(tasks), start) for name in names)
    return Release("v1", settings, tasks, made)


def next_release(chance: random.Random, before: Release, number: int, start: datetime) -> Release:
    """Return a release that adds, drops, renames and changes some of what `before` declares."""
    tasks = dict(before.tasks)
    tasks[f"task-new-{number}"] = task_options(chance)
    if len(tasks) > 2 and chance.random() < 0.4:
        tasks.pop(chance.choice(list(tasks)))
    kept: list[Declaration] = []
    for one in before.declarations:
        one = replace(one, was=None, task=one.task if one.task in tasks else chance.choice(list(tasks)))
        drawn = chance.random()
        if drawn < 0.15:
            continue
        if drawn < 0.25:
            one = replace(one, name=f"{one.name}-v{number}", was=one.name)
        elif drawn < 0.5:
            changed = declaration(chance, one.name, list(tasks), start)
            one = replace(one, timetable=changed.timetable)
            if drawn < 0.4:
                one = replace(one, options=changed.options)
        kept.append(one)
    kept.append(declaration(chance, f"schedule-new-{number}", list(tasks), start))
    return Release(f"v{number}", before.settings, tasks, tuple(kept))


def task_options(chance: random.Random) -> dict[str, Any]:
    options: dict[str, Any] = {"queue": chance.choice(QUEUES), "priority": chance.choice((0, 0, 0, 5, -5))}
    options["retries"] = chance.choice((0, 0, 1, 2, 3))
    options["backoff"] = chance.choice(("fixed", "linear", "exponential", "30s", "7m"))
    if chance.random() < 0.25:
        options["on_crash"] = "fail"
    if chance.random() < 0.2:
        options["start_deadline"] = chance.choice(("5m", "30m", "2h"))
    if (lane := chance.choice(LANES)) is not None:
        options["concurrency"] = lane
    return options


def declaration(chance: random.Random, name: str, tasks: list[str], start: datetime) -> Declaration:
    options: dict[str, Any] = {
        "overlap": chance.choice(("skip", "skip", "queue_one", "queue_all", "allow", "cancel_running")),
        "catch_up": catch_up(chance),
    }
    if chance.random() < 0.2:
        options["jitter"] = chance.choice(("10s", "2m", "20m"))
    if chance.random() < 0.15:
        options["max_runs"] = chance.randint(1, 12)
    if chance.random() < 0.1:
        options["start"] = start + timedelta(minutes=chance.randint(30, 400))
    if chance.random() < 0.1:
        options["end"] = start + timedelta(minutes=chance.randint(400, 1200))
    return Declaration(name, chance.choice(tasks), timetable(chance, start), options)


def catch_up(chance: random.Random) -> CatchUp:
    window = timedelta(hours=chance.choice((0.1, 0.3, 1, 3, 24)))
    grace = timedelta(seconds=chance.choice((0, 5, 60, 60, 900)))
    return CatchUp(chance.choice(list(CatchUpRule)), window, grace)


def timetable(chance: random.Random, start: datetime) -> str:
    """Return a timetable that is due from several times an hour to once."""
    zone = chance.choice(ZONES)
    hour, minute = chance.randrange(24), chance.randrange(60)
    once = (start + timedelta(minutes=chance.randint(5, 900))).astimezone(UTC)
    return chance.choice(
        (
            f"every {chance.choice((2, 5, 7, 11, 15, 20, 45, 90, 240))} minutes",
            f"*/{chance.choice((3, 5, 10, 15, 20))} * * * *",
            f"{minute} * * * *",
            f"{minute} */{chance.choice((2, 3, 4))} * * *",
            f"H H(0-{chance.randrange(1, 23)}) * * *",
            f"{chance.randrange(0, 60, 5)},{chance.randrange(60)} {hour}-23 * * *",
            f"{minute} {hour} * * * in {zone}",
            f"daily {hour:02}:{minute:02} in {zone}",
            f"daily 02:30 in {zone}",
            f"{once:%Y-%m-%dT%H:%M:00Z}",
        )
    )
