"""Read schedules: lists, everything about one, and when it is due next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from rota.core.occurrences import Span, Stretch, compiled, occurrences_in, outside, span_in
from rota.core.overriding import FIELDS, value_of
from rota.core.records import BriefRun, Run, RunQuery, Schedule, ScheduleQuery, ScheduleState
from rota.errors import InvalidValue, RotaError
from rota.operations.advice import zone_of
from rota.operations.lookups import schedule_named
from rota.operations.masking import masked
from rota.operations.results import FieldView, ScheduleDetail, ScheduleView
from rota.operations.runners import runner_of
from rota.operations.strips import STRIP, last_runs

if TYPE_CHECKING:
    from rota.app import Rota

MOST_UPCOMING = 1000
FAR_AWAY = datetime.fromisoformat("2200-01-01T00:00:00+00:00")


def list_schedules(
    rota: Rota, query: ScheduleQuery | None = None, *, last_runs: bool = True
) -> list[ScheduleView]:
    """Return the schedules that match, by name; up to `query.limit` of them.

    Args:
        last_runs: Look up the latest run of each too.
    """
    found = rota.store.schedules(_asked(rota, query or ScheduleQuery()))
    last = rota.store.last_runs([one.id for one in found]) if last_runs else {}
    return [view(rota, one, last.get(one.id)) for one in found]


def list_with_runs(
    rota: Rota, query: ScheduleQuery, count: int = STRIP
) -> list[tuple[ScheduleView, tuple[BriefRun, ...]]]:
    """Return the schedules that match, each with its last `count` runs, oldest first; two reads in all."""
    found = rota.store.schedules(_asked(rota, query))
    runs = last_runs(rota, found, count)
    return [(view(rota, one), runs[one.id]) for one in found]


def _asked(rota: Rota, query: ScheduleQuery) -> ScheduleQuery:
    return replace(query, rota=rota.name, now=rota.clock.now())


def get_schedule(rota: Rota, name: str, *, runs: int = 10, count: int = 5) -> ScheduleDetail:
    """Return everything about one schedule: its last `runs` runs and next `count` occurrences among it.

    Raises:
        UnknownSchedule: There is none of this name; with names that look like it.
    """
    schedule = schedule_named(rota, name)
    latest = rota.store.runs(RunQuery(rota=rota.name, schedule=name, limit=max(runs, 1)))
    return ScheduleDetail(
        view=view(rota, schedule, latest[0] if latest else None),
        fields=fields_of(schedule),
        upcoming=tuple(_upcoming(schedule, rota.clock.now(), count)),
        runs=tuple(latest[:runs]),
        errors=tuple(rota.store.past_errors(schedule.id)),
        audit=tuple(rota.store.audit(rota.name, name, 20)),
    )


def upcoming(rota: Rota, name: str, count: int = 5, after: datetime | None = None) -> list[datetime]:
    """Return when a schedule will be due next: fewer than `count` when it ends, none while it is silent.

    Args:
        after: Only occurrences after this; default: now.

    Raises:
        UnknownSchedule: There is none of this name.
        InvalidValue: `count` is not from 1 to 1000.
    """
    if not 1 <= count <= MOST_UPCOMING:
        raise InvalidValue("count", count, f"it must be from 1 to {MOST_UPCOMING}")
    now = rota.clock.now()
    return _upcoming(schedule_named(rota, name), max(after, now) if after else now, count)


def view(rota: Rota, schedule: Schedule, last: Run | None = None) -> ScheduleView:
    """Return `schedule` as a list shows it. One that can not be evaluated is shown all the same."""
    words, zone, due, now = schedule.effective.timetable, rota.timezone, None, rota.clock.now()
    try:
        timetable = compiled(schedule.name, schedule.effective)
        words, zone = timetable.describe(), zone_of(timetable) or zone
        due = next(iter(_upcoming(schedule, now, 1)), None)
    except (RotaError, ArithmeticError):  # the reason is in its quarantine
        pass
    is_paused = schedule.pause is not None and schedule.pause.has_begun(now)
    state = "paused" if is_paused and schedule.state is ScheduleState.ACTIVE else str(schedule.state)
    return ScheduleView(
        schedule=schedule,
        state=state,
        words=words,
        zone=zone,
        runner=runner_of(rota, schedule.effective.task),
        next_due=due,
        last=last,
    )


def fields_of(schedule: Schedule) -> tuple[FieldView, ...]:
    """Return every field of a schedule: declared, overridden, effective. Secrets are masked."""
    by_field = {one.field: one for one in schedule.overrides}
    views = []
    for name in FIELDS:
        one = by_field.get(name)
        views.append(
            FieldView(
                field=name,
                declared=_shown(name, value_of(schedule.declared, name)),
                effective=_shown(name, value_of(schedule.effective, name)),
                override=_shown(name, one.value) if one else None,
                overridden=one is not None,
                author=one.author if one else "",
                reason=one.reason if one else "",
                until=one.until if one else None,
            )
        )
    return tuple(views)


def _shown(field: str, value: object) -> object:
    return masked({field: value})[field]


def _upcoming(schedule: Schedule, now: datetime, count: int) -> list[datetime]:
    """Return occurrences that will run: none inside a pause, none beyond `max_runs`."""
    return list(islice(will_run(schedule, now, FAR_AWAY), min(count, runs_left(schedule, count))))


def will_run(schedule: Schedule, now: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the occurrences up to `until` that will run as it stands, whatever `max_runs` says."""
    if stretches := fires_in(schedule, now, until):
        timetable = compiled(schedule.name, schedule.effective)
        for begin, end in stretches:
            yield from occurrences_in(timetable, schedule.effective, begin, end)


def spans_to_run(schedule: Schedule, now: datetime, until: datetime) -> list[Span]:
    """Return the same as spans, one on each side of a pause, counted without walking them."""
    if not (stretches := fires_in(schedule, now, until)):
        return []
    timetable = compiled(schedule.name, schedule.effective)
    found = [span_in(timetable, schedule.effective, begin, end) for begin, end in stretches]
    return [span for span in found if span is not None]


def fires_in(schedule: Schedule, now: datetime, until: datetime) -> list[Stretch]:
    """Return the parts of the time up to `until` in which a schedule will run, as it stands."""
    if schedule.state is not ScheduleState.ACTIVE:
        return []
    parts = outside(schedule.pause, max(now, schedule.cursor), until)
    return [(begin, end) for begin, end in parts if begin < end]


def runs_left(schedule: Schedule, most: int) -> int:
    """Return how many runs a schedule may still make; `most` if nothing limits them."""
    limit = schedule.effective.max_runs
    return most if limit is None else max(limit - schedule.runs_made, 0)
