"""Why did this run, run late, or not run? Answered from stored facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rota.core.ids import occurrence_id, record_id
from rota.core.occurrences import TICK, compiled, last_in, next_occurrence
from rota.core.records import AuditLine, Run, RunQuery, RunState, Schedule, ScheduleState
from rota.errors import InvalidValue, RotaError
from rota.operations.lookups import every_run, live_nodes, schedule_named
from rota.operations.results import Explanation
from rota.operations.shapes import utc
from rota.operations.why_run import run_facts, run_sentence, said

if TYPE_CHECKING:
    from rota.app import Rota

SEARCHED_RECORDS = 5000
_NO_FACTS: Mapping[str, object] = {}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
DEFINING = ("sync: update", "sync: restore", "override", "clear override", "override ended", "edit")


def why(rota: Rota, name: str, at: datetime) -> Explanation:
    """Explain what became of the occurrence of a schedule at `at`.

    Raises:
        UnknownSchedule: There is none of this name.
        InvalidValue: `at` has no zone.
    """
    if at.tzinfo is None:
        raise InvalidValue("at", at, "it has no zone", "End it with Z or an offset such as +01:00.")
    return _Case(rota, schedule_named(rota, name), at.astimezone(UTC)).explain()


class _Case:
    """The facts about one instant of one schedule, and the questions asked of them in turn."""

    def __init__(self, rota: Rota, schedule: Schedule, at: datetime) -> None:
        self._rota, self._schedule, self._at = rota, schedule, at
        self._now = rota.clock.now()
        self._previous = self._next = None
        self._is_due = False
        self._problem = ""
        definition = schedule.effective
        try:
            timetable = compiled(schedule.name, definition)
            self._is_due = next_occurrence(timetable, definition, at - TICK) == at
            self._previous = last_in(timetable, definition, LONG_AGO, at - TICK)
            self._next = next_occurrence(timetable, definition, at)
        except (RotaError, ArithmeticError) as error:
            self._problem = str(error)

    def explain(self) -> Explanation:
        run = self._rota.store.run(occurrence_id(self._schedule.id, self._at)) or self._record()
        if run is not None:
            return self._of_run(run)
        verdict, sentence = self._without_run()
        return self._answer(verdict, sentence)

    def _answer(
        self, verdict: str, sentence: str, run: Run | None = None, known: Mapping[str, object] = _NO_FACTS
    ) -> Explanation:
        facts = dict(known)
        changes = self._changes_since()
        if changes and verdict not in ("planned", "before"):
            last = changes[-1]
            facts["definition_changed"] = [f"{utc(one.at)} {one.action} by {one.actor}" for one in changes]
            if verdict == "no_occurrence":
                sentence += (
                    f" That is the definition in force now; the one of then was replaced at {utc(last.at)}"
                    f" ({last.action}, by {last.actor})."
                )
        return Explanation(
            schedule=self._schedule.name,
            at=self._at,
            verdict=verdict,
            sentence=sentence,
            facts=facts,
            run=run,
            previous=self._previous,
            next=self._next,
        )

    # -- there is a run, or a record of a non-run
    def _record(self) -> Run | None:
        """Return the record of the gap, pause or overlap that holds this instant."""
        store, own, at = self._rota.store, self._schedule.id, self._at
        for state in (RunState.SKIPPED, RunState.MISSED):
            if run := store.run(record_id(own, at, state)):
                return run
        query = RunQuery(schedule=self._schedule.name, states=(RunState.SKIPPED, RunState.MISSED), since=at)
        for run in every_run(self._rota, query, SEARCHED_RECORDS):
            if (
                self._is_due
                and run.window_start
                and run.planned_at
                and run.window_start <= at <= run.planned_at
            ):
                return run
        return None

    def _of_run(self, run: Run) -> Explanation:
        attempts = self._rota.store.attempts(run.id)
        others = self._runs_around(run)
        unserved = run.state is RunState.PENDING and not self._is_served(run)
        verdict, sentence = run_sentence(run, attempts, others, self._now, unserved=unserved)
        return self._answer(verdict, sentence, run, run_facts(run, attempts))

    def _runs_around(self, run: Run) -> Sequence[Run]:
        """Return earlier runs of the schedule that may have been in the way of this one."""
        if not run.serial and run.lane is None:
            return ()
        query = RunQuery(schedule=self._schedule.name, until=run.created_at, limit=20)
        return [one for one in every_run(self._rota, query, 20) if one.id != run.id]

    def _is_served(self, run: Run) -> bool:
        return any("worker" in node.roles and run.queue in node.queues for node in live_nodes(self._rota))

    # -- there is none
    def _without_run(self) -> tuple[str, str]:
        schedule, at, now = self._schedule, self._at, self._now
        pause = schedule.pause
        if self._problem or schedule.state is ScheduleState.QUARANTINED:
            why = schedule.quarantine or self._problem
            return "quarantined", f"It can not be evaluated, and does not fire: {why}"
        if not self._is_due:
            return "no_occurrence", f"Nothing was due at {utc(at)}: {self._nearest()}."
        if at > now:
            return self._future()
        if at <= schedule.created_at:
            return "before", f"The schedule did not exist yet: it was made at {utc(schedule.created_at)}."
        if pause is not None and pause.holds(at):
            return "paused", f"It is paused since {utc(pause.start)} by {pause.by}{_because(pause.reason)}."
        if schedule.state is ScheduleState.RETIRED:
            return "retired", f"It is retired{self._when('sync: retire')}: the code no longer declares it."
        if self._has_made_all():
            return "finished", f"It had made all of its {schedule.effective.max_runs} runs (max_runs) before."
        if schedule.cursor < at:
            return "due", self._undecided()
        if at < now - self._rota.settings.retention:
            kept = self._rota.settings.history
            return "purged", (
                f"Its record is gone: history is kept for {said(kept.age)}, and of each schedule"
                f" the last {kept.keep} runs."
            )
        return "unknown", (
            "It was due by the definition in force now, but the schedule was silent then, or had another"
            " definition; the audit lists its changes."
        )

    def _future(self) -> tuple[str, str]:
        schedule, at, pause = self._schedule, self._at, self._schedule.pause
        if schedule.state is ScheduleState.RETIRED:
            return "retired", f"It will not run{self._when('sync: retire')}: the code no longer declares it."
        if schedule.state is ScheduleState.FINISHED:
            return "finished", "It will not run: the schedule has no occurrence left."
        if pause is not None and pause.holds(at):
            until = f"until {utc(pause.until)}" if pause.until else "until it is resumed"
            begin = "" if pause.has_begun(self._now) else f"from {utc(pause.start)} "
            return "paused", f"It will not run: paused by {pause.by} {begin}{until}{_because(pause.reason)}."
        return "planned", f"It lies in the future, and is planned: due in {said(at - self._now)}."

    def _has_made_all(self) -> bool:
        most = self._schedule.effective.max_runs
        return most is not None and self._schedule.runs_made >= most

    def _undecided(self) -> str:
        schedulers = [node for node in live_nodes(self._rota) if "scheduler" in node.roles]
        if schedulers:
            return "It is due, and the scheduler has not decided about it yet."
        since = utc(self._schedule.cursor)
        return (
            f"It is due, but no scheduler is running: all up to {since} is decided, nothing after it."
            " Start one: `rota run`."
        )

    def _nearest(self) -> str:
        parts = [
            f"the occurrence before is {utc(self._previous)}" if self._previous else "there is none before"
        ]
        parts.append(f"the next is {utc(self._next)}" if self._next else "there is none after")
        return ", ".join(parts)

    def _changes_since(self) -> list[AuditLine]:
        """Return the changes of the definition after this instant, newest first."""
        lines = self._rota.store.audit(self._rota.name, self._schedule.name, 200)
        return [line for line in lines if line.at > self._at and line.action in DEFINING]

    def _when(self, action: str) -> str:
        lines = self._rota.store.audit(self._rota.name, self._schedule.name, 200)
        found = next((line for line in lines if line.action == action), None)
        return f" since {utc(found.at)}, by {found.actor}" if found else ""


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""
