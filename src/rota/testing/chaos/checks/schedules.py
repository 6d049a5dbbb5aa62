"""Occurrences and definitions, transaction by transaction: I1, I2, I3, I6, I7, I8, I9, I17, I22, I23, I24."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rota.core.overriding import FIELDS, value_of
from rota.core.policies import Overlap
from rota.core.records import Definition
from rota.testing.chaos.checks.oracle import Oracle, PauseRow, definition_of, pause_of, wanted
from rota.testing.chaos.checks.state import TOLERANCE, Row, State
from rota.testing.chaos.witness import DECODE, Entry

if TYPE_CHECKING:
    from rota.testing.chaos.world import World

BY_OVERLAP = "overlap: a newer occurrence"
HAND = "hand"  # who edits rows by hand
SILENT = frozenset({"retired", "quarantined", "finished"})


@dataclass(slots=True)
class Fate:
    """What a transaction made of one occurrence: a run, or a record of it with others."""

    kind: str  # run, missed, overlap, paused
    entry: Entry


@dataclass(slots=True)
class Version:
    """One state of a schedule: from the transaction that wrote it to the next.

    Attributes:
        at: When it was committed.
        updated: The instant from which its writer meant it to hold.
    """

    at: int
    updated: int
    row: Row
    definition: Definition | None
    pause: PauseRow | None


@dataclass(slots=True)
class Past:
    """All that became of one schedule."""

    versions: list[Version] = field(default_factory=list)
    fates: dict[int, list[Fate]] = field(default_factory=dict)
    made: int = 0


class ScheduleChecks:
    """Judges each transaction by the schedules as they were before it."""

    def __init__(self, world: World, state: State, oracle: Oracle) -> None:
        self.world, self.state, self.oracle = world, state, oracle
        self.pasts: dict[str, Past] = {}
        self._before: dict[str, Row | None] = {}
        self._overrides: dict[str, dict[str, Row]] = {}
        self._runs: dict[str, list[Entry]] = {}
        self._actions: dict[str, set[str]] = {}
        self._active: dict[str, list[str]] = {}
        self._stopped: dict[str, list[Entry]] = {}
        self._last: Entry | None = None
        self._since: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._fingerprints: set[str] = set()

    def violate(self, code: str, name: str, what: str) -> None:
        number = self._last.number if self._last else 0
        who = self._last.who if self._last else "?"
        self.world.violate(f"{code} schedule {name} (log {number}, {who}): {what}")

    def begin(self, transaction: list[Entry]) -> None:
        """Remember how everything was that this transaction touches."""
        self._before, self._overrides, self._runs, self._actions, self._active = {}, {}, {}, {}, {}
        self._stopped = {}
        self._last = transaction[-1]
        for entry in transaction:
            if entry.table == "schedule":
                self._before.setdefault(entry.subject, self.state.schedules.get(entry.subject))
            elif entry.table == "override":
                self._before.setdefault(
                    entry.subject.partition("/")[0], self.state.schedules.get(entry.subject.partition("/")[0])
                )
            elif entry.table == "audit":
                self._actions.setdefault(entry.subject, set()).add(entry.row["action"])
            elif entry.table == "run" and entry.verb == "+" and entry.row["origin"] == "occurrence":
                self._runs.setdefault(entry.row["schedule_id"], []).append(entry)
            elif entry.table == "run" and entry.verb == "~" and self._is_stopped(entry):
                self._stopped.setdefault(entry.row["schedule_id"], []).append(entry)
            elif entry.table == "generation" and entry.verb == "~":
                self._check_release(entry)
        for schedule_id in {*self._before, *self._runs}:
            self._overrides[schedule_id] = self.state.overrides.get(schedule_id, {})
            self._active[schedule_id] = list(self.state.active.get(schedule_id, ()))

    def _is_stopped(self, entry: Entry) -> bool:
        before = self.state.runs.get(entry.subject)
        return entry.row["cancel_by"] == BY_OVERLAP and before is not None and before["cancel_by"] is None

    def end(self) -> None:
        """Judge the transaction as a whole, after it was applied."""
        entry = self._last
        assert entry is not None
        for schedule_id in sorted({*self._before, *self._runs}):
            old = self._before.get(schedule_id, self.state.schedules.get(schedule_id))
            new = self.state.schedules.get(schedule_id)
            past = self.pasts.setdefault(schedule_id, Past())
            if new is not None and new is not old:
                version = Version(
                    entry.at, new["updated_us"], new, definition_of(new["effective"]), pause_of(new["pause"])
                )
                past.versions.append(version)
            if entry.who != HAND:
                self._explain(schedule_id, old, new)
            self._decide(schedule_id, past, old, new)

    # -- what changed, and who said so
    def _explain(self, schedule_id: str, old: Row | None, new: Row | None) -> None:
        """Every change of a definition, a pause or an override has its line in the audit."""
        row = new or old
        assert row is not None and self._last is not None
        name, at = row["name"], self._last.at
        actions = self._actions.get(name, set())
        if old is None or new is None:
            wanted_line = {"sync: create", "create"} if old is None else {"delete"}
            if not actions & wanted_line:
                self.violate(
                    "I24", name, f"{'made' if old is None else 'deleted'} without a line in the audit"
                )
            if old is None:
                self._check_rename(name)
            return
        if new["cursor_us"] < old["cursor_us"]:
            self.violate("I7", name, "its cursor went back")
        self._explain_definition(name, actions, old, new)
        self._explain_pause(name, actions, old, new, at)
        self._explain_overrides(schedule_id, name, actions, at)
        if old["state"] != new["state"] and new["state"] != "quarantined":
            self._explain_state(name, actions, old["state"], new["state"])

    def _explain_definition(self, name: str, actions: set[str], old: Row, new: Row) -> None:
        if new["declared"] != old["declared"] and not any(
            one.startswith("sync:") or one == "edit" for one in actions
        ):
            self.violate("I24", name, "its declaration changed without a line in the audit")
        if new["effective"] != old["effective"] and not actions:
            self.violate("I24", name, "its definition changed without a line in the audit")
        if new["name"] != old["name"] and not any(one.startswith("sync:") for one in actions):
            self.violate("I24", name, "renamed without a line in the audit")
        if new["effective"] != old["effective"] and new["revision"] <= old["revision"]:
            self.violate("I22", name, "its definition changed without a new revision")

    def _explain_pause(self, name: str, actions: set[str], old: Row, new: Row, at: int) -> None:
        before, after = pause_of(old["pause"]), pause_of(new["pause"])
        if new["pause_start_us"] != (after and after.start_us):
            self.violate("I24", name, f"counts as paused from {new['pause_start_us']} on, but it is {after}")
        if old["pause"] == new["pause"]:
            return
        ended = before is not None and before.until_us is not None and before.until_us <= at + TOLERANCE
        said = actions & ({"pause", "skip"} if new["pause"] is not None else {"resume"})
        if not said and not (ended and new["pause"] is None):
            self.violate("I22", name, "its pause changed, but nobody asked for it")

    def _explain_overrides(self, schedule_id: str, name: str, actions: set[str], at: int) -> None:
        before, after = self._overrides[schedule_id], self.state.overrides.get(schedule_id, {})
        for field_ in sorted({*before, *after}):
            old, new = before.get(field_), after.get(field_)
            if old == new:
                continue
            until = old["until_us"] if old else None
            ended = new is None and until is not None and until <= at + TOLERANCE
            said = actions & ({"override"} if new is not None else {"override", "clear override"})
            if not said and not ended:
                self.violate("I22", name, f"its override of {field_} changed, but nobody asked for it")

    def _explain_state(self, name: str, actions: set[str], old: str, new: str) -> None:
        if new == "retired" and "sync: retire" not in actions:
            self.violate("I22", name, "retired, but no sync said so")
        if old == "retired" and new != "retired" and "sync: restore" not in actions:
            self.violate("I22", name, f"{new} again, but no sync said so")

    def _check_rename(self, name: str) -> None:
        """A schedule that has an earlier name keeps its history."""
        assert self._last is not None
        process = self.world.born.get(self._last.who)
        for one in process.release.declarations if process is not None else ():
            known = {row["name"] for key, row in self.state.schedules.items() if key not in self._before}
            known |= {row["name"] for row in self._before.values() if row is not None}
            if one.name == name and one.was in known:
                self.violate("I22", name, f"made anew, but it was {one.was}")

    def check_effective(self) -> None:
        """What is in force is what is declared, with the overrides in its place."""
        for schedule_id, row in sorted(self.state.schedules.items()):
            declared, effective = definition_of(row["declared"]), definition_of(row["effective"])
            if declared is None or effective is None or row["state"] in ("quarantined", "retired"):
                continue
            overrides = self.state.overrides.get(schedule_id, {})
            for name in FIELDS:
                value = value_of(declared, name)
                if name in overrides:
                    (value,) = DECODE(f"[{overrides[name]['value']}]")
                if value_of(effective, name) != value:
                    self.violate("I22", row["name"], f"{name} is {value_of(effective, name)}, not {value}")

    # -- rolling deploys
    def _check_release(self, entry: Entry) -> None:
        """An old release takes nothing back from a newer one that a live node runs."""
        current, told = self.state.fingerprint, entry.row["fingerprint"]
        process = self.world.born.get(entry.who)
        if (
            told == current
            or process is None
            or (process.node is None and not process.name.startswith("node"))
        ):
            return
        if told not in self._fingerprints:
            return
        for name in self.state.nodes:
            other = self.world.born.get(name)
            if other is None or other is process or other.rota.registry.fingerprint() != current:
                continue
            well = not self.world.ledger.was_troubled(name, entry.at - 2 * self.world.lease_us, entry.at)
            known = self.state.joined[name] < entry.began and other.born_us < entry.at
            if well and known and other.died_us > entry.at and not other.is_draining:
                self.violate("I23", "all", f"{process} undid what {other} declares")

    # -- occurrences
    def _decide(self, schedule_id: str, past: Past, old: Row | None, new: Row | None) -> None:
        """Every occurrence that the cursor passed has one fate, and it is the one that the policies say."""
        runs = self._runs.get(schedule_id, [])
        name = (new or old or {}).get("name", schedule_id)
        if old is None or new is None or old["state"] in SILENT:
            if runs:
                self.violate("I22", name, "fires, but it is not active")
            return
        definition, pause = definition_of(old["effective"]), pause_of(old["pause"])
        if definition is None or not self.oracle.is_readable(old["name"], definition):
            if runs:
                self.violate("I26", name, "fires, but its definition can not be read")
            return
        fates = self._fates(old["name"], definition, runs)
        for instant, found in fates.items():
            past.fates.setdefault(instant, []).extend(found)
        past.made += sum(entry.row["state"] == "pending" for entry in runs)
        if past.made != new["runs_made"]:
            self.violate("I24", name, f"counts {new['runs_made']} runs, but {past.made} were made")
        if (
            definition.max_runs is not None
            and runs
            and new["runs_made"] > max(definition.max_runs, old["runs_made"])
        ):
            self.violate("I2", name, f"made {new['runs_made']} runs of {definition.max_runs}")
        due = self.oracle.occurrences(old["name"], definition, old["cursor_us"], new["cursor_us"])
        full = definition.max_runs is not None and new["runs_made"] >= definition.max_runs
        last = max(fates, default=0)  # of one that has made all its runs, what comes later needs no fate
        for instant in sorted(fates.keys() - set(due)):
            kinds = [fate.kind for fate in fates[instant]]
            self.violate("I2", name, f"{kinds} for {instant}, which is no occurrence that was open")
        for instant in due:
            here = fates.get(instant, [])
            if len(here) != 1 and not (full and not here and instant > last):
                self.violate("I3" if not here else "I1", name, f"{instant} has {len(here)} fates")
            elif here:
                self._check_pause(name, instant, here[0], pause)
        self._check_cancelled(schedule_id, name, fates)
        if runs:
            self._check_policy(name, definition, pause, old, fates, runs)

    def _check_cancelled(self, schedule_id: str, name: str, fates: dict[int, list[Fate]]) -> None:
        """What is cancelled for a newer occurrence makes room for a run, and not for nothing."""
        taken = {instant for instant, found in fates.items() if found[0].kind == "run"}
        for entry in self._stopped.get(schedule_id, ()):
            if not taken - {entry.row["planned_us"]}:
                self.violate(
                    "I17", name, f"{entry.subject} is cancelled for overlap, and nothing takes its place"
                )

    def _fates(self, name: str, definition: Definition, runs: list[Entry]) -> dict[int, list[Fate]]:
        fates: dict[int, list[Fate]] = {}
        for entry in runs:
            row = entry.row
            if row["state"] == "pending":
                fates.setdefault(row["planned_us"], []).append(Fate("run", entry))
                continue
            kind = row["state"] if row["state"] == "missed" else "overlap" if row["blocked_by"] else "paused"
            first = row["planned_us"] if row["window_start_us"] is None else row["window_start_us"]
            covered = self.oracle.occurrences(name, definition, first - 1, row["planned_us"])
            if len(covered) != row["count"]:
                self.violate("I3", name, f"a record of {row['count']} covers {len(covered)} occurrences")
            for one in covered:
                fates.setdefault(one, []).append(Fate(kind, entry))
        return fates

    def _check_pause(self, name: str, due: int, fate: Fate, pause: PauseRow | None) -> None:
        inside = pause is not None and pause.swallows(due)
        if inside != (fate.kind == "paused"):
            self.violate("I8", name, f"{due} is {'inside' if inside else 'outside'} a pause, but {fate.kind}")

    def _check_policy(
        self,
        name: str,
        definition: Definition,
        pause: PauseRow | None,
        old: Row,
        fates: dict[int, list[Fate]],
        runs: list[Entry],
    ) -> None:
        now = runs[0].row["created_us"]
        due = [
            one
            for one in self.oracle.occurrences(old["name"], definition, old["cursor_us"], now)
            if pause is None or not pause.swallows(one)
        ]
        right = wanted(due, definition.catch_up, now)
        for one, found in sorted(fates.items()):
            kind = found[0].kind
            if kind != "paused" and (one in right) != (kind in ("run", "overlap")):
                self.violate("I6", name, f"{one} is {kind}, by {definition.catch_up} at {now}")
        self._check_overlap(name, definition, [one.entry for found in fates.values() for one in found], now)

    def _check_overlap(self, name: str, definition: Definition, made: list[Entry], now: int) -> None:
        runs = [entry for entry in made if entry.row["state"] == "pending"]
        blocked = [entry for entry in made if entry.row["blocked_by"] is not None]
        if definition.overlap is Overlap.SKIP:
            if len(runs) > 1:
                self.violate("I17", name, "made two runs at once")
            newer = [one for one in blocked if self._is_in_the_way(one, runs)]
            if newer:
                self.violate("I6", name, f"skipped for a newer one: {newer[0].subject}")
            if runs and (others := self._surely_active(runs[0], now)):
                self.violate("I17", name, f"made a run beside {others[0]}")
        if definition.overlap in (Overlap.ALLOW, Overlap.QUEUE_ALL) and blocked:
            self.violate("I17", name, "skipped for overlap, which its policy allows")
        if definition.overlap is Overlap.SKIP:
            for entry in blocked:
                if not self._was_active(entry.row["blocked_by"], entry, made):
                    self.violate("I17", name, f"skipped for {entry.row['blocked_by']}, which was not active")

    def _is_in_the_way(self, record: Entry, runs: list[Entry]) -> bool:
        """Say whether a record of an older occurrence names one of these runs."""
        return any(
            one.subject == record.row["blocked_by"] and one.row["planned_us"] > record.row["planned_us"]
            for one in runs
        )

    def _surely_active(self, entry: Entry, now: int) -> list[str]:
        """Return the runs that were active all the time from before the step to the commit."""
        schedule_id = entry.row["schedule_id"]
        ids = self._active.get(schedule_id, [])
        return [one for one in ids if self._since.get(one, entry.number) < entry.began]

    def _was_active(self, run_id: str, entry: Entry, made: list[Entry]) -> bool:
        """Say whether a run was active at some moment since the step began."""
        if any(one.subject == run_id for one in made) or run_id in self._active[entry.row["schedule_id"]]:
            return True
        return self._ended.get(run_id, 0) >= entry.began

    def note(self, entry: Entry) -> None:
        """Remember when runs became active and when they ended."""
        if entry.table == "run":
            if entry.verb == "+":
                self._since[entry.subject] = entry.number
                self._ended.pop(entry.subject, None)  # one that was purged is made anew by a backfill
            elif entry.row["finished_us"] is not None:
                self._ended.setdefault(entry.subject, entry.number)
        elif entry.table == "generation":
            self._fingerprints.add(entry.row["fingerprint"])
