"""Look into the store for what needs a person. Each look reads what is news, by indexes, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rota.alerts.digest import Ends, Event, Kind, Known, Seen, Trouble
from rota.core.masking import masked
from rota.core.records import BriefRun, Run, RunQuery, RunState, Schedule, ScheduleQuery, ScheduleState
from rota.housekeeping import OWN
from rota.operations.doctor import Finding, Level, doctor
from rota.operations.grouping import AGE, MOST, ErrorGroup, grouped
from rota.operations.lookups import PAGE, every_run

if TYPE_CHECKING:
    from rota.app import Rota

TASK = f"{OWN}alerts"
OVERLAP = timedelta(minutes=10)  # before the last look, for what was settled then and came to the store later
FARTHEST = timedelta(days=1)
LATE = timedelta(minutes=5)
RECENT_RUNS = 20  # of a schedule, among which its last end is looked for
LONGEST = 200  # characters of an error
BACKLOG = "workers"  # what the doctor calls those who let runs wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is looked for.

    Attributes:
        since: When the last look was.
        schedule: The own one: its failures are told by other channels.
        planned_at: When this look was due, if it was due, and on time.
    """

    since: datetime
    now: datetime
    on: Collection[Kind]
    schedule: str | None = None
    planned_at: datetime | None = None

    @property
    def floor(self) -> datetime:
        """What happened later than this is read."""
        return max(self.since - OVERLAP, self.now - FARTHEST)


def seen(rota: Rota, look: Look, known: Mapping[str, Known]) -> Seen:
    """Return what the store says now."""
    troubles = [*_failed(rota, look), *_missed(rota, look), *_expired(rota, look), *_late(look)]
    if {Kind.STOPPED, Kind.STALLED} & set(look.on):
        troubles += filter(None, map(_found, doctor(rota, thorough=False)))
    well, gone = _ends_of(rota, known)
    return Seen(troubles=troubles, well=well, gone=gone)


# -- runs
def _failed(rota: Rota, look: Look) -> Iterator[Trouble]:
    """Yield a trouble for each group of errors, as the page *Errors* has them."""
    if Kind.FAILED not in look.on:
        return
    query = RunQuery(states=(RunState.FAILED,), since=look.now - AGE)
    runs = [run for run in every_run(rota, query, MOST) if run.schedule != look.schedule or not run.schedule]
    for group in grouped(runs):
        fresh = tuple(_event(run) for run in group.runs if _ended(run) > look.floor)
        if fresh:
            yield Trouble(
                key=f"failed {group.fingerprint}",
                kind=Kind.FAILED,
                ends=Ends.SUCCESS if all(run.schedule for run in group.runs) else Ends.ITSELF,
                what=_error_of(group),
                events=tuple(sorted(fresh, key=lambda one: one.at, reverse=True)),
                is_new=len(fresh) == len(group.runs),
            )


def _error_of(group: ErrorGroup) -> str:
    failure = group.latest.failure
    if failure is None:
        return group.latest.reason or "no error is stored"
    first = next(iter(failure.message.splitlines()), "")
    return f"{failure.kind.rpartition('.')[2]}: {masked(first)[:LONGEST]}"


def _event(run: Run) -> Event:
    return Event(at=_ended(run), name=run.schedule or run.task, count=run.count, run=run.id)


def _ended(run: Run) -> datetime:
    return run.finished_at or run.created_at


def _missed(rota: Rota, look: Look) -> Iterator[Trouble]:
    """Yield what nothing was there for: as occurrences, and the gap in the looks themselves."""
    if not {Kind.MISSED, Kind.STALLED} & set(look.on):
        return
    query = RunQuery(states=(RunState.MISSED,), since=look.floor)
    runs = list(every_run(rota, query, MOST))
    for run in runs:
        begin, end = run.window_start or run.planned_at, run.planned_at
        if run.schedule == look.schedule and begin and end and end - begin >= LATE:
            minutes = (end - begin) // timedelta(minutes=1)
            what = f"Nothing was scheduled for {minutes:,} minutes: {run.reason}"
            event = Event(at=run.created_at, name="scheduler", began=begin, run=run.id)
            yield _happened("stalled gap", Kind.STALLED, what, [event])
            break
    others = [run for run in runs if not (run.schedule or "").startswith(OWN)]
    if others:
        events = [
            Event(
                at=run.created_at,
                name=run.schedule or run.task,
                began=run.window_start or run.planned_at,
                count=run.count,
                run=run.id,
            )
            for run in others
        ]
        yield _happened("missed", Kind.MISSED, others[0].reason or "nothing ran", events)


def _expired(rota: Rota, look: Look) -> Iterator[Trouble]:
    if Kind.EXPIRED not in look.on:
        return
    query = RunQuery(states=(RunState.EXPIRED,), since=look.now - AGE)
    runs = [run for run in every_run(rota, query, MOST) if _ended(run) > look.floor]
    if runs:
        what = runs[0].reason or "no worker took it before its start deadline"
        yield _happened("expired", Kind.EXPIRED, what, list(map(_event, runs)))


def _late(look: Look) -> Iterator[Trouble]:
    """Yield that this very look had to wait for a worker."""
    if look.planned_at is not None and look.now - look.planned_at >= LATE:
        minutes = (look.now - look.planned_at) // timedelta(minutes=1)
        what = f"Nothing was run for {minutes:,} minutes: no worker was free to take what was due"
        event = Event(at=look.now, name="worker", began=look.planned_at)
        yield _happened("stalled wait", Kind.STALLED, what, [event])


def _happened(key: str, kind: Kind, what: str, events: list[Event]) -> Trouble:
    events = sorted(events, key=lambda one: one.at, reverse=True)
    return Trouble(key=key, kind=kind, ends=Ends.ITSELF, what=what, events=tuple(events))


# -- states
def _found(one: Finding) -> Trouble | None:
    """Return a finding of the doctor's that something does not run, as a trouble."""
    if one.level is not Level.ERROR and one.subject != BACKLOG:
        return None
    stops = one.about == "schedule" or one.subject.startswith("task ")
    kind = Kind.STOPPED if stops else Kind.STALLED
    what = masked(f"{one.subject}: {one.problem}")[:LONGEST]
    return Trouble(key=f"{kind} {one.subject}", kind=kind, ends=Ends.ABSENCE, what=what)


# -- what was known
def _ends_of(rota: Rota, known: Mapping[str, Known]) -> tuple[dict[str, datetime], frozenset[str]]:
    """Return when the schedules that were known to fail succeeded, if they did so last; and those gone."""
    open_ = [one for one in known.values() if one.over is None and one.ends is Ends.SUCCESS]
    names = list(dict.fromkeys(name for one in open_ for name in one.names))
    found: dict[str, Schedule] = {}
    for start in range(0, len(names), PAGE):
        query = ScheduleQuery(rota=rota.name, names=tuple(names[start : start + PAGE]), limit=PAGE)
        found |= {one.name: one for one in rota.store.schedules(query)}
    alive = {name: one.id for name, one in found.items() if one.state is not ScheduleState.RETIRED}
    latest = rota.store.latest(list(alive.values()), RECENT_RUNS)
    ends = {name: _success(latest.get(schedule_id, [])) for name, schedule_id in alive.items()}
    well = {name: at for name, at in ends.items() if at is not None}
    return well, frozenset(name for name in names if name not in alive)


def _success(runs: list[BriefRun]) -> datetime | None:
    """Return when the last end of these runs was, if it was a success."""
    for run in runs:
        if run.state in (RunState.SUCCEEDED, RunState.FAILED):
            return run.finished_at if run.state is RunState.SUCCEEDED else None
    return None
