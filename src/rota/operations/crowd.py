"""Who else is due in the same minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.occurrences import TICK, compiled, firing_in
from rota.core.records import DueSchedule
from rota.errors import RotaError

if TYPE_CHECKING:
    from rota.app import Rota

LOOKED_AT = 500  # schedules
FEW = 5  # others, who are no crowd
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many other schedules are due in the minute of `at`; `is_more`: of more than were looked at."""

    at: datetime
    others: int
    is_more: bool


def crowd_at(rota: Rota, at: datetime, name: str | None = None) -> Crowd:
    """Count the schedules that are due in the minute of `at`, but not the one called `name`.

    Whatever is due then has to be looked at by then: only these are read, 500 at most.
    """
    begin = at.replace(second=0, microsecond=0)
    found = rota.store.due(rota.name, begin + MINUTE - TICK, LOOKED_AT)
    others = sum(one.name != name and _is_due(one, begin) for one in found)
    return Crowd(begin, others, len(found) == LOOKED_AT)


def _is_due(one: DueSchedule, begin: datetime) -> bool:
    after, until = max(begin - TICK, one.cursor), begin + MINUTE - TICK
    try:
        timetable = compiled(one.name, one.definition)
        return any(firing_in(timetable, one.definition, one.pause, after, until))
    except (RotaError, ArithmeticError):  # the doctor says why, and its quarantine
        return False
