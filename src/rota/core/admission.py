"""Decide which pending runs may start now, where overlap or concurrency limits them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pending run that is due. Candidates come in the order in which they should start.

    Attributes:
        serial_key: Its schedule, when no two runs of that may run at once; else `None`.
        lane: Its concurrency key, or `None`.
        lane_limit: How many runs with that key may run at once.
    """

    run_id: str
    serial_key: str | None
    lane: str | None
    lane_limit: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many runs are running now, by schedule and by concurrency key (of those that candidates name)."""

    by_schedule: Mapping[str, int]
    by_lane: Mapping[str, int]


def admit(candidates: Iterable[Candidate], load: Load, limit: int) -> list[str]:
    """Return the ids of the first candidates, at most `limit`, that fit beside what is running."""
    schedules, lanes = Counter(load.by_schedule), Counter(load.by_lane)
    admitted: list[str] = []
    for one in candidates:
        if len(admitted) >= limit:
            break
        if one.serial_key is not None and schedules[one.serial_key] > 0:
            continue
        if one.lane is not None and lanes[one.lane] >= one.lane_limit:
            continue
        admitted.append(one.run_id)
        if one.serial_key is not None:
            schedules[one.serial_key] += 1
        if one.lane is not None:
            lanes[one.lane] += 1
    return admitted
