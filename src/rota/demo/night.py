"""The past of a new demo: a day and a night, so that there is something to look back on.

Nothing of it is made up: the runtime decides and executes what was due, by a clock that is moved from one due
time to the next. In the morning nobody was there for an hour: what was due then was missed.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rota import Rota
from rota.core.occurrences import compiled, next_occurrence
from rota.core.records import Declared

LENGTH = timedelta(hours=26)
AWAY_FROM, AWAY_FOR = (5, 10), timedelta(minutes=70)  # hour and minute, where the shop is
CALM = timedelta(minutes=10)  # what is due more often begins with the demo: a day of it would take too long


class MovedClock:
    """Tells the time that it was moved to, and goes on from there: so bodies take as long as they do."""

    def __init__(self, start: datetime) -> None:
        self._moved_to, self._mark = start, time.monotonic()

    def now(self) -> datetime:
        return self._moved_to + timedelta(seconds=time.monotonic() - self._mark)

    def move_to(self, at: datetime) -> None:
        """Set the time. It never goes back."""
        if at > self.now():
            self._moved_to, self._mark = at, time.monotonic()


def play(rota: Rota, now: datetime) -> Generator[float, None, None]:
    """Let a day and a night pass in a store that nobody has used yet; in another one, do nothing.

    Args:
        now: When it ends.

    Yields:
        After each due time, how much of it all has passed, from 0 to 1.
    """
    if rota.store.generation(rota.name) is not None:
        return
    clock = MovedClock(now - LENGTH)
    past = Rota(rota.name, timezone=rota.timezone, store=rota.store.url, clock=clock)
    try:
        _declare(past, rota, now)
        past.sync()
        left = time_away(now, rota.timezone)
        while (due := past.store.next_due(past.name)) is not None:
            at = left + AWAY_FOR if left <= due < left + AWAY_FOR else due
            if at >= now:
                break
            clock.move_to(at)
            past.tick()
            yield 1 - (now - at) / LENGTH
    finally:
        past.close()


def _declare(past: Rota, rota: Rota, now: datetime) -> None:
    """Declare in one rota the tasks of another one, and those of its schedules that are calm."""
    for task in rota.registry.tasks.values():
        if task.name not in past.registry.tasks:  # each has a housekeeping of its own
            past.registry.add(task)
    for name, placed in rota.registry.schedules.items():
        if name not in past.registry.schedules and is_calm(placed.declared, now):
            past.registry.add_schedule(placed)


def is_calm(declared: Declared, after: datetime) -> bool:
    """Say whether a schedule is due seldom enough to be played. Pure."""
    timetable, definition = compiled(declared.name, declared.definition), declared.definition
    first = next_occurrence(timetable, definition, after)
    second = None if first is None else next_occurrence(timetable, definition, first)
    return first is not None and (second is None or second - first >= CALM)


def time_away(now: datetime, zone: str) -> datetime:
    """Return when everybody left last, before `now`. Pure."""
    here = now.astimezone(ZoneInfo(zone))
    left = here.replace(hour=AWAY_FROM[0], minute=AWAY_FROM[1], second=0, microsecond=0)
    return left if left < here else left - timedelta(days=1)
