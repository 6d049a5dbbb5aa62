"""How a rota stands, in one sentence, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.ids import occurrence_id
from rota.core.records import Run, RunQuery, RunState, Schedule
from rota.operations.ahead import HOUR, Coming, Planned, coming, soonest
from rota.operations.doctor import Finding, Level, doctor, quoted
from rota.operations.history import RECENT, Overview, list_runs
from rota.operations.history import overview as counted
from rota.operations.shapes import utc
from rota.operations.why_run import said

if TYPE_CHECKING:
    from rota.app import Rota

MOST_RUNNING, MOST_AHEAD = 20, 10
LATE = timedelta(seconds=60)
ENDS_SOON = timedelta(hours=24)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MOST_MISSED, MOST_SCHEDULES = 30, 10  # records that are looked at, and schedules of which something is said


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a rota stands.

    Attributes:
        sentence: All of it, for somebody who has one glance.
        attention: What is wrong, worst first.
        coming: The next schedules that are due within an hour, up to 10; `coming_more`: how many more.
        running: The latest runs that are running, up to 20.
    """

    sentence: str
    attention: tuple[Finding, ...]
    overview: Overview
    coming: tuple[Coming, ...]
    coming_more: int
    running: tuple[Run, ...]


def standing(rota: Rota) -> Standing:
    """Return how the rota stands now. Reads only."""
    overview = counted(rota)
    seen = doctor(rota, thorough=False, counts=overview.counts)
    found = [one for one in seen if one.level in (Level.ERROR, Level.WARNING)]
    found += [*_failing(overview.failing), *_missed(rota, overview.now)]
    found += [*_late(overview), *_ending(rota, overview.now)]
    found.sort(key=lambda one: one.level is not Level.ERROR)
    upcoming, more = coming(rota, overview.now + HOUR, MOST_AHEAD)
    following = upcoming[0] if upcoming else soonest(rota)
    return Standing(
        sentence=in_one_sentence(overview, len(found), following),
        attention=tuple(found),
        overview=overview,
        coming=tuple(upcoming),
        coming_more=more,
        running=tuple(list_runs(rota, RunQuery(states=(RunState.RUNNING,), limit=MOST_RUNNING))),
    )


def in_one_sentence(overview: Overview, wrong: int, following: Coming | Planned | None) -> str:
    """Say how it stands: `All 42 schedules are on time. Next: Nightly backup in 12 minutes.`"""
    total = overview.counts.schedules.get("active", 0)
    if wrong:
        return f"{wrong} {'thing needs' if wrong == 1 else 'things need'} attention."
    if not total:
        return "There are no schedules yet."
    begin = f"All {total:,} schedules are on time." if total > 1 else "The one schedule is on time."
    if following is None:
        return begin
    return f"{begin} Next: {following.schedule} in {_until(following.at, overview.now)}."


def _until(at: datetime, now: datetime) -> str:
    """Say how long it is to the minute: a page that is asked for again is mostly the same."""
    minutes = (at - now) // MINUTE
    return said(minutes * MINUTE) if minutes > 0 else "less than a minute"


def _failing(runs: Sequence[Run]) -> Iterator[Finding]:
    for run in runs:
        error = (
            f"{run.failure.kind}: {run.failure.message[:200]}" if run.failure else run.reason or "no error"
        )
        problem = f"its last run failed after {run.attempt} attempts: {error}"
        if run.attempt == 1:
            problem = f"its last run failed: {error}"
        remedy = f"Once it is mended: `rota retry {run.id}`"
        yield Finding(Level.ERROR, run.schedule or run.task, problem, remedy, "schedule", run.id)


def _missed(rota: Rota, now: datetime) -> Iterator[Finding]:
    """Say of each schedule what it missed, if nobody has run it since, and how to run just that."""
    asked = RunQuery(states=(RunState.MISSED,), since=now - RECENT, limit=MOST_MISSED)
    found = {_occurrence_of(run): run for run in list_runs(rota, asked)}  # the latest first
    by_schedule: dict[str, list[Run]] = {}
    made_up_for = rota.store.known_runs(list(found))
    for occurrence, run in found.items():
        if run.schedule is not None and occurrence not in made_up_for:
            by_schedule.setdefault(run.schedule, []).append(run)
    for schedule, runs in islice(by_schedule.items(), MOST_SCHEDULES):
        latest, missed = runs[0], sum(run.count for run in runs)
        number = f"{missed} occurrence was" if missed == 1 else f"{missed:,} occurrences were"
        last = max(run.planned_at or run.created_at for run in runs)
        first = min(run.window_start or last for run in runs)
        problem = f"{number} missed in the last 24 hours, at last at {utc(last)}: {latest.reason}"
        span = f"--from {utc(first)} --to {utc(last + SECOND)}"
        remedy = f"To run them: `rota backfill {quoted(schedule)} {span}`"
        yield Finding(Level.WARNING, schedule, problem, remedy, "schedule", latest.id)


def _occurrence_of(record: Run) -> str:
    """Return the id that the run of the last occurrence of a record has, if somebody has made it."""
    return occurrence_id(record.schedule_id or "", record.planned_at or record.created_at)


def _late(overview: Overview) -> Iterator[Finding]:
    late = overview.now - overview.next_due if overview.next_due is not None else timedelta(0)
    if late > LATE:
        problem = f"the earliest schedule has been due since {utc(overview.next_due)}, and is not decided"
        yield Finding(
            Level.ERROR, "scheduler", problem, "Start one: `rota scheduler`, or `rota run` for both."
        )


def _ending(rota: Rota, now: datetime) -> Iterator[Finding]:
    for schedule in rota.store.ending(rota.name, now + ENDS_SOON, 100):
        yield from _endings_of(schedule, now + ENDS_SOON)


def _endings_of(schedule: Schedule, until: datetime) -> Iterator[Finding]:
    for one in schedule.overrides:
        if one.until is not None and one.until <= until:
            end = utc(one.until.replace(microsecond=0))
            problem = f"its override of {one.field} (by {one.author}) ends at {end}"
            remedy = "Then what the code declares is in force again."
            yield Finding(Level.WARNING, schedule.name, problem, remedy, "schedule")
