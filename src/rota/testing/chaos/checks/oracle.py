"""Occurrences by brute force, and what the catch-up policy says of each: the documentation put into code."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import msgspec

from rota.core.ids import from_us, to_us
from rota.core.policies import CatchUp, CatchUpRule
from rota.core.records import Definition
from rota.core.timetables.written import read_written
from rota.errors import RotaError
from rota.stores.sql.rows import DEFINITIONS

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PauseRow:
    """A pause as it is stored."""

    start_us: int
    until_us: int | None

    def swallows(self, instant_us: int) -> bool:
        return self.start_us <= instant_us and (self.until_us is None or instant_us < self.until_us)


def definition_of(text: str) -> Definition | None:
    """Return a stored definition; `None` if it can not be read."""
    try:
        return DEFINITIONS.value(text)
    except (ValueError, TypeError):
        return None


def pause_of(text: str | None) -> PauseRow | None:
    if text is None:
        return None
    told = msgspec.json.decode(text)
    until = told.get("until")
    return PauseRow(_us(told["start"]), None if until is None else _us(until))


def _us(text: str) -> int:
    from datetime import datetime

    return to_us(datetime.fromisoformat(text))


class Oracle:
    """Enumerates the occurrences of definitions within the span of one simulation."""

    def __init__(self, from_us_: int, until_us: int) -> None:
        self._from_us, self._until_us = from_us_, until_us
        self._all = lru_cache(maxsize=None)(self._enumerate)

    def occurrences(self, name: str, definition: Definition, after_us: int, until_us: int) -> list[int]:
        """Return the occurrences in `(after, until]`, within `start` and `end`."""
        found = self._all(definition.timetable, name)
        if definition.start is not None:
            after_us = max(after_us, to_us(definition.start) - 1)
        if definition.end is not None:
            until_us = min(until_us, to_us(definition.end))
        return list(found[bisect_right(found, after_us) : bisect_right(found, until_us)])

    def is_one(self, name: str, definition: Definition, at_us: int) -> bool:
        found = self._all(definition.timetable, name)
        place = bisect_left(found, at_us)
        return place < len(found) and found[place] == at_us

    def is_readable(self, name: str, definition: Definition | None) -> bool:
        if definition is None:
            return False
        try:
            self._all(definition.timetable, name)
        except RotaError:
            return False
        return True

    def _enumerate(self, text: str, name: str) -> list[int]:
        timetable = read_written(text).for_schedule(name)
        found: list[int] = []
        due = timetable.next_after(from_us(self._from_us))
        while due is not None and (due_us := to_us(due)) <= self._until_us:
            found.append(due_us)
            due = timetable.next_after(due)
        return found


def wanted(due: list[int], policy: CatchUp, now_us: int) -> set[int]:
    """Return which of the occurrences that have come due are to run."""
    window, grace = policy.window // MICROSECOND, policy.grace // MICROSECOND
    young = [one for one in due if now_us - one <= window]
    on_time = [one for one in young if now_us - one <= grace]
    if policy.rule is CatchUpRule.ALL:
        return set(young)
    if policy.rule is CatchUpRule.LATEST:
        return set(on_time or young[-1:])
    return set(on_time)
