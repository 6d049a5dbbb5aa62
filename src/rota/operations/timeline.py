"""The runs around now, one lane per schedule: what was, and what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rota.core.records import Run, RunQuery, RunState
from rota.errors import InvalidValue
from rota.operations.ahead import Planned, ahead
from rota.operations.lookups import every_run

if TYPE_CHECKING:
    from rota.app import Rota

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# By name: how far back, how far ahead, and how far the lines of the grid are apart.
SPANS: Mapping[str, tuple[timedelta, timedelta, timedelta]] = {
    "1h": (HOUR, HOUR / 2, 10 * MINUTE),
    "6h": (6 * HOUR, 3 * HOUR, HOUR),
    "24h": (24 * HOUR, 12 * HOUR, 4 * HOUR),
}
MOST_RUNS, MOST_LANES, MOST_PLANNED = 3000, 50, 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One schedule, or one task of runs without a schedule.

    Attributes:
        typical: The median duration of its runs; `None` without any.
    """

    name: str
    is_schedule: bool
    runs: tuple[Run, ...]
    planned: tuple[datetime, ...]
    typical: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All lanes between two instants.

    Attributes:
        now: To the minute, so that the same picture is drawn for a minute.
        ticks: Where the lines of the grid are; the first is `start`, the last `end`.
        hidden: Lanes that are not shown, as there are too many.
        is_cut: There were more runs than are looked at: the oldest are missing.
    """

    start: datetime
    end: datetime
    now: datetime
    ticks: tuple[datetime, ...]
    lanes: tuple[Lane, ...]
    hidden: int
    is_cut: bool


def timeline(rota: Rota, span: str = "6h") -> Timeline:
    """Return the runs around now. Raises `InvalidValue` for a span that there is not."""
    if span not in SPANS:
        raise InvalidValue("span", span, f"choose one of {', '.join(SPANS)}")
    back, forth, step = SPANS[span]
    now = rota.clock.now().replace(second=0, microsecond=0)
    start, end = floored(now - back, step), floored(now + forth, step) + step
    runs = list(every_run(rota, RunQuery(since=start), MOST_RUNS))
    lanes = lanes_of(runs, ahead(rota, end))
    return Timeline(
        start=start,
        end=end,
        now=now,
        ticks=tuple(start + step * count for count in range((end - start) // step + 1)),
        lanes=lanes[:MOST_LANES],
        hidden=max(len(lanes) - MOST_LANES, 0),
        is_cut=len(runs) == MOST_RUNS,
    )


def floored(at: datetime, step: timedelta) -> datetime:
    """Return the last multiple of `step`, counted from 1970, that is not after `at`. Pure."""
    return at - (at - EPOCH) % step


def lanes_of(runs: Iterable[Run], planned: Iterable[Planned]) -> tuple[Lane, ...]:
    """Return the lanes by name, schedules before tasks. Pure."""
    own: dict[tuple[bool, str], list[Run]] = {}
    due: dict[tuple[bool, str], list[datetime]] = {}
    for run in runs:
        own.setdefault((run.schedule is None, run.schedule or run.task), []).append(run)
    for one in planned:
        due.setdefault((False, one.schedule), []).append(one.at)
    return tuple(
        Lane(
            name=name,
            is_schedule=not is_task,
            runs=tuple(reversed(own.get((is_task, name), ()))),
            planned=tuple(due.get((is_task, name), ()))[:MOST_PLANNED],
            typical=typical(own.get((is_task, name), ())),
        )
        for is_task, name in sorted(own.keys() | due.keys())
    )


def typical(runs: Sequence[Run]) -> timedelta | None:
    """Return the median duration of those that succeeded. Pure."""
    spans = [
        run.finished_at - run.started_at
        for run in runs
        if run.state is RunState.SUCCEEDED and run.started_at and run.finished_at
    ]
    return sorted(spans)[len(spans) // 2] if spans else None
