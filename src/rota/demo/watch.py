"""Look into the store: what the schedules, the runs and the shop's tables are like now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rota import Rota
from rota.core.records import ENDED, Run, RunQuery, RunState, Schedule, ScheduleQuery, ScheduleState
from rota.core.timetables.written import read_written
from rota.demo import shop
from rota.errors import InvalidValue

RAN = tuple(ENDED - {RunState.SKIPPED, RunState.MISSED})
ACTIVE = (RunState.PENDING, RunState.RUNNING)
LATE = timedelta(seconds=5)
NEVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A schedule as it is shown.

    Attributes:
        timetable: In words.
        period: From one occurrence to the next: what is due often is shown first.
        last: Its latest run that ended.
        active: Its run that has not ended.
    """

    schedule: Schedule
    timetable: str
    period: timedelta
    last: Run | None
    active: Run | None

    def state(self, now: datetime) -> str:
        """Say in one word how it is."""
        schedule, active = self.schedule, self.active
        if schedule.state is not ScheduleState.ACTIVE:
            return "broken" if schedule.state is ScheduleState.QUARANTINED else str(schedule.state)
        if schedule.pause is not None and schedule.pause.has_begun(now):
            return "paused"
        if active is not None and active.state is RunState.RUNNING:
            return "running"
        if active is not None and active.attempt:
            return "retrying"
        if self.last is not None and self.last.state in (RunState.FAILED, RunState.EXPIRED):
            return "failing"
        if schedule.next_due is not None and now - schedule.next_due > LATE:
            return "late"
        return "on time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the view shows, as it was at one instant.

    Attributes:
        active: Runs that have not ended, oldest first.
        before, rows: Rows of each of the shop's tables, at the start and now.
    """

    now: datetime
    lines: tuple[Line, ...]
    active: tuple[Run, ...]
    before: dict[str, int]
    rows: dict[str, int]


@dataclass
class Watch:
    """Looks into one rota's store."""

    rota: Rota
    before: dict[str, int] = field(default_factory=shop.counts)
    _last: dict[str, Run] = field(default_factory=dict)
    _times: dict[tuple[str, str], tuple[str, timedelta]] = field(default_factory=dict)

    def look(self) -> Snapshot:
        """Return how everything is now."""
        store, name, now = self.rota.store, self.rota.name, self.rota.clock.now()
        schedules = [
            one
            for one in store.schedules(ScheduleQuery(rota=name, limit=500))
            if one.state is not ScheduleState.RETIRED
        ]
        active = {run.id: run for run in store.runs(RunQuery(rota=name, states=ACTIVE, limit=200))}
        self._learn(schedules)
        lines = [self._line(one, active, now) for one in schedules]
        return Snapshot(
            now=now,
            lines=tuple(sorted(lines, key=lambda line: (line.period, line.schedule.name))),
            active=tuple(sorted(active.values(), key=lambda run: (run.created_at, run.id))),
            before=self.before,
            rows=shop.counts(),
        )

    def _learn(self, schedules: list[Schedule]) -> None:
        """Remember the latest ended run of each schedule: of all of them at first, then of those that ran."""
        name = self.rota.name
        if not self._last:
            queries = [RunQuery(rota=name, schedule=one.name, states=RAN, limit=1) for one in schedules]
        else:
            queries = [RunQuery(rota=name, states=RAN, limit=60)]
        for query in queries:
            for run in reversed(self.rota.store.runs(query)):
                if run.schedule:
                    self._last[run.schedule] = run

    def _line(self, schedule: Schedule, active: dict[str, Run], now: datetime) -> Line:
        timetable, period = self._timed(schedule, now)
        mine = [active[one.id] for one in schedule.active if one.id in active]
        return Line(
            schedule=schedule,
            timetable=timetable,
            period=period,
            last=self._last.get(schedule.name),
            active=mine[0] if mine else None,
        )

    def _timed(self, schedule: Schedule, now: datetime) -> tuple[str, timedelta]:
        """Return the timetable of a schedule in words, less the rota's own zone, and its period."""
        text = schedule.effective.timetable
        key = (schedule.name, text)
        if key not in self._times:
            try:
                timetable = read_written(text).for_schedule(schedule.name)
                upcoming = timetable.upcoming(now, 2)
                said = timetable.describe().removesuffix(f", {self.rota.timezone}")
            except InvalidValue:  # a quarantined one, which the view shows as such
                said, upcoming = text, []
            period = upcoming[1] - upcoming[0] if len(upcoming) == 2 else NEVER
            self._times[key] = (said, period)
        return self._times[key]
