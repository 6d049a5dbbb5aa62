"""The runs around now, one lane per schedule: what was, what is planned, how much that is, what is paused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from rota.core.records import BriefRun, Pause, Run, RunQuery, Schedule, ScheduleQuery
from rota.errors import InvalidValue, RotaError
from rota.operations.lookups import every_run
from rota.operations.schedules import runs_left, spans_to_run, will_run
from rota.operations.strips import half_and_most, last_runs, length

if TYPE_CHECKING:
    from rota.app import Rota

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# By name: how far back, how far ahead, how far the lines of the grid are apart, and the parts of the load.
SPANS: Mapping[str, tuple[timedelta, timedelta, timedelta, timedelta]] = {
    "1h": (HOUR, HOUR / 2, 10 * MINUTE, 2 * MINUTE),
    "6h": (6 * HOUR, 3 * HOUR, HOUR, 10 * MINUTE),
    "24h": (24 * HOUR, 12 * HOUR, 4 * HOUR, HOUR / 2),
    "7d": (7 * DAY, 4 * DAY, DAY, 4 * HOUR),
    "30d": (30 * DAY, 15 * DAY, 5 * DAY, DAY),
}
LANES = 40  # schedules on a page
MOST_RUNS, FEWEST_EACH, MOST_EACH = 1600, 40, 300  # runs that are drawn: in all, and of one lane
MOST_PLANNED = 40  # occurrences of a lane that are drawn one by one
LOOSE = 300  # the latest runs among which those without a schedule are looked for
PAUSES = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One schedule, or one task of runs without a schedule.

    Attributes:
        runs: The latest, oldest first.
        is_cut: There were more in this time.
        planned: Occurrences ahead; empty if they are too many to be drawn one by one.
        ahead: How many there are, the last one at `last`.
        typical: What half of its runs took at most; `None` without any.
        load: How many occurrences begin in each part of the time ahead.
    """

    name: str
    is_schedule: bool = True
    runs: tuple[BriefRun | Run, ...] = ()
    is_cut: bool = False
    planned: tuple[datetime, ...] = ()
    ahead: int = 0
    first: datetime | None = None
    last: datetime | None = None
    typical: timedelta | None = None
    load: tuple[int, ...] = ()
    pause: Pause | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.runs or self.ahead or self.pause)


@dataclass(frozen=True, slots=True)
class Load:
    """What is expected in one part of the time ahead; `busy` is how many runs go on at once, on average."""

    start: datetime
    end: datetime
    runs: int
    busy: float


@dataclass(frozen=True, slots=True)
class Window:
    """Schedules that are paused together: by one person, from one instant until another, for one reason."""

    pause: Pause
    names: tuple[str, ...]
    is_planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A page of lanes between two instants.

    Attributes:
        now: To the minute, so that the same picture is drawn for a minute.
        ticks: Where the lines of the grid are; the first is `start`, the last `end`.
        load: What is expected of the lanes.
        windows: Pauses that lie in this time, and all that are planned; of all schedules.
        idle: Schedules of this page that have nothing in this time.
        more: The name after which the next page begins; `None` on the last.
    """

    start: datetime
    end: datetime
    now: datetime
    ticks: tuple[datetime, ...]
    lanes: tuple[Lane, ...]
    load: tuple[Load, ...]
    windows: tuple[Window, ...]
    idle: int
    more: str | None


def timeline(rota: Rota, span: str = "6h", query: ScheduleQuery | None = None) -> Timeline:
    """Return a page of lanes around now. Raises `InvalidValue` for a span that there is not.

    Args:
        query: Of which schedules, by name; a page of them.
    """
    if span not in SPANS:
        raise InvalidValue("span", span, f"choose one of {', '.join(SPANS)}")
    back, forth, step, part = SPANS[span]
    exactly = rota.clock.now()
    now = exactly.replace(second=0, microsecond=0)
    start, end = floored(now - back, step), floored(now + forth, step) + step
    query = replace(query or ScheduleQuery(), rota=rota.name, limit=LANES + 1)
    found = rota.store.schedules(query)
    shown = found[:LANES]
    each = max(FEWEST_EACH, min(MOST_EACH, MOST_RUNS // max(len(shown), 1)))
    runs = last_runs(rota, shown, each)
    full = floored(now, part) + part
    edges = (now, *(full + part * count for count in range((end - full) // part + 1)))
    whole = [lane_of(one, runs[one.id], start, edges, is_cut=len(runs[one.id]) == each) for one in shown]
    lanes = [lane for lane in whole if not lane.is_empty]
    is_all = query.after is None and len(found) <= LANES and not (query.text or query.tag)
    loose = loose_lanes(every_run(rota, RunQuery(since=start), LOOSE)) if is_all else ()
    return Timeline(
        start=start,
        end=end,
        now=now,
        ticks=tuple(start + step * count for count in range((end - start) // step + 1)),
        lanes=(*lanes, *loose),
        load=load_of(lanes, edges),
        windows=windows_of(rota.store.schedules(_paused(rota)), start, exactly),
        idle=len(whole) - len(lanes),
        more=shown[-1].name if len(found) > LANES else None,
    )


def _paused(rota: Rota) -> ScheduleQuery:
    """Return the query of all that have a pause, planned ones too: it names no instant."""
    return ScheduleQuery(rota=rota.name, state="paused", limit=PAUSES)


def floored(at: datetime, step: timedelta) -> datetime:
    """Return the last multiple of `step`, counted from 1970, that is not after `at`. Pure."""
    return at - (at - EPOCH) % step


def lane_of(
    one: Schedule, runs: Sequence[BriefRun], start: datetime, edges: Sequence[datetime], *, is_cut: bool
) -> Lane:
    """Return the lane of a schedule from its last runs, oldest first. Pure.

    Args:
        edges: Of the parts of the time ahead: the first is now, the last the end.
        is_cut: There may be more runs, which are older.
    """
    median = half_and_most(map(length, runs))
    drawn = tuple(run for run in runs if _end_of(run, edges[0]) >= start)
    lane = Lane(
        name=one.name,
        runs=drawn,
        is_cut=is_cut and len(drawn) == len(runs),
        typical=median[0] if median else None,
        pause=one.pause if one.pause is not None and one.pause.start < edges[-1] else None,
    )
    now, until = edges[0], edges[-1]
    try:
        spans = spans_to_run(one, now, until)
        count = sum(span.count for span in spans)
        if not (left := min(count, runs_left(one, count))):
            return lane
        lane = replace(lane, ahead=left, first=spans[0].first, load=_loads(one, edges))
        if count > MOST_PLANNED:
            return replace(lane, last=spans[-1].last)
        planned = tuple(islice(will_run(one, now, until), left))
        return replace(lane, last=planned[-1], planned=planned)
    except (RotaError, ArithmeticError):  # the doctor says why, and its quarantine
        return lane


def _end_of(run: BriefRun, now: datetime) -> datetime:
    """Return where a run ends on the timeline; one that never began stands where it was due."""
    return (run.finished_at or now) if run.started_at else run.planned_at or run.created_at


def _loads(one: Schedule, edges: Sequence[datetime]) -> tuple[int, ...]:
    """Return how many occurrences will run between each two edges."""
    left, found = runs_left(one, 1 << 30), []
    for begin, end in pairwise(edges):
        found.append(min(sum(span.count for span in spans_to_run(one, begin, end)), left))
        left -= found[-1]
    return tuple(found)


def loose_lanes(runs: Iterable[Run]) -> tuple[Lane, ...]:
    """Return a lane for each task of runs without a schedule. `runs` are newest first. Pure."""
    own: dict[str, list[Run]] = {}
    for run in runs:
        if run.schedule is None:
            own.setdefault(run.task, []).append(run)
    return tuple(Lane(name=task, is_schedule=False, runs=tuple(own[task][::-1])) for task in sorted(own))


def load_of(lanes: Sequence[Lane], edges: Sequence[datetime]) -> tuple[Load, ...]:
    """Return what is expected of all lanes in each part of the time ahead. Pure."""
    return tuple(
        Load(
            start=begin,
            end=end,
            runs=sum(lane.load[part] for lane in lanes if lane.load),
            busy=sum(
                (lane.typical or timedelta(0)) / (end - begin) * lane.load[part]
                for lane in lanes
                if lane.load
            ),
        )
        for part, (begin, end) in enumerate(pairwise(edges))
    )


def windows_of(schedules: Iterable[Schedule], start: datetime, now: datetime) -> tuple[Window, ...]:
    """Return the pauses that end after `start`, those made together as one; the first to end first. Pure.

    Those that are planned are among them, however far ahead.
    """
    own: dict[Pause, list[str]] = {}
    for one in schedules:
        if one.pause is not None and (one.pause.until is None or one.pause.until > start):
            own.setdefault(one.pause, []).append(one.name)
    found = [Window(pause, tuple(names), not pause.has_begun(now)) for pause, names in own.items()]
    return tuple(sorted(found, key=lambda one: (one.pause.until is None, one.pause.until or one.pause.start)))
