"""Runs, leases and attempts: I1, I4, I6, I7, I10 to I17, I19, I20, I23, I27."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rota.core.policies import Backoff, Crash, Growth, RunPolicy
from rota.core.records import Outcome
from rota.stores.sql.rows import POLICIES
from rota.testing.chaos.checks.state import FINAL, TOLERANCE, Row, State
from rota.testing.chaos.witness import Entry

if TYPE_CHECKING:
    from rota.testing.chaos.ledger import Execution
    from rota.testing.chaos.world import World

BEGINNINGS = frozenset({"pending", "skipped", "missed"})
ENDS = frozenset({"succeeded", "failed", "cancelled", "pending"})
FIRST_KEY = 1_000_000  # arguments from this number on stand for an idempotency key
MOST_CRASHES = 3


class RunChecks:
    """Judges each change of a run by the row before it and by what was really executed."""

    def __init__(self, world: World, state: State) -> None:
        self.world, self.state, self.ledger = world, state, world.ledger
        self.deleted: set[str] = set()
        self._attempts: dict[str, Row] = {}
        self._claimed: list[Entry] = []

    def violate(self, entry: Entry, code: str, what: str) -> None:
        self.world.violate(f"{code} run {entry.subject} (log {entry.number}, {entry.who}): {what}")

    def begin(self, transaction: list[Entry]) -> None:
        """Look at a transaction before its entries are judged one by one."""
        self._attempts = {
            entry.subject: entry.row
            for entry in transaction
            if entry.table == "attempt" and entry.verb == "+"
        }
        self._claimed = []

    def see(self, entry: Entry) -> None:
        """Judge one change, before it is applied to the state."""
        if entry.table == "log" and entry.verb == "+":
            self._log(entry)
        if entry.table != "run":
            return
        before = self.state.runs.get(entry.subject)
        if entry.verb == "+":
            self._made(entry)
        elif before is None:
            self.violate(entry, "I12", "changed, but it does not exist")
        elif entry.verb == "-":
            self.deleted.add(entry.subject)
            if before["state"] not in FINAL:
                self.violate(entry, "I16", f"deleted while {before['state']}")
        else:
            self._changed(entry, before)

    def end(self) -> None:
        """Look at the transaction as a whole, after it was applied."""
        for entry in self._claimed:
            self._check_order(entry)

    # -- made
    def _made(self, entry: Entry) -> None:
        row = entry.row
        if row["state"] not in BEGINNINGS:
            self.violate(entry, "I12", f"made as {row['state']}")
        if entry.subject in self.state.runs:
            self.violate(entry, "I1", "made twice")
        if entry.subject in self.deleted and row["origin"] == "occurrence":
            self.violate(entry, "I7", "made again after it was purged")
        if row["attempt"] or row["token"]:
            self.violate(entry, "I13", "made with an attempt")
        if (
            row["origin"] == "occurrence"
            and row["state"] == "pending"
            and row["run_at_us"] < row["planned_us"]
        ):
            self.violate(entry, "I4", "may start before its instant")
        self._check_twin(entry)

    def _check_twin(self, entry: Entry) -> None:
        row = entry.row
        number = json.loads(row["args"]).get("number", 0)
        if number >= FIRST_KEY and row["origin"] == "enqueue":
            for other in self.state.runs.values():
                if other["args"] == row["args"] and other["origin"] == "enqueue":
                    self.violate(entry, "I16", f"one key made two runs: {row['args']}")

    # -- changed
    def _changed(self, entry: Entry, before: Row) -> None:
        row = entry.row
        if before["state"] in FINAL:
            if row != before:
                self.violate(entry, "I12", f"changed from {before['state']} to {row['state']} after its end")
            return
        for name in ("planned_us", "schedule_id", "created_us", "origin", "task"):
            if row[name] != before[name]:
                self.violate(entry, "I12", f"{name} changed")
        match before["state"], row["state"]:
            case "pending", "running":
                self._claim(entry, before)
            case "pending", "cancelled":
                if row["cancel_by"] is None:
                    self.violate(entry, "I12", "cancelled by nobody")
            case "pending", "expired":
                deadline = before["deadline_us"]
                if deadline is None or before["run_at_us"] + deadline > entry.at + TOLERANCE:
                    self.violate(entry, "I12", "expired before its start deadline")
            case "running", "running":
                self._renewed(entry, before)
            case "running", state if state in ENDS:
                self._settled(entry, before)
            case old, new:
                self.violate(entry, "I12", f"went from {old} to {new}")
        self._check_times(entry)

    def _check_times(self, entry: Entry) -> None:
        created, started, finished = (entry.row[f"{name}_us"] for name in ("created", "started", "finished"))
        if started is not None and started < created - TOLERANCE:
            self.violate(entry, "I12", "started before it was created")
        if finished is not None and finished < max(created - TOLERANCE, started or 0):
            self.violate(entry, "I12", "finished before it started")

    # -- claimed
    def _claim(self, entry: Entry, before: Row) -> None:
        row, state = entry.row, self.state
        self._claimed.append(entry)
        if (row["token"], row["attempt"]) != (before["token"] + 1, before["attempt"] + 1):
            self.violate(entry, "I11", "claimed without a new token and a new attempt")
        if row["node"] != entry.who:
            self.violate(entry, "I10", f"leased to {row['node']}")
        ready = max(before["run_at_us"], before["planned_us"] or 0)
        if entry.at < ready - TOLERANCE:
            self.violate(entry, "I4", f"started {(ready - entry.at) / 1e6} s before it may")
        deadline = before["deadline_us"]
        # By the instant that its node read: it may have been held up since.
        if deadline is not None and row["started_us"] >= before["run_at_us"] + deadline:
            self.violate(entry, "I12", "started after its start deadline")
        if before["cancel_by"] is not None:
            self.violate(entry, "I20", "claimed after it was cancelled")
        process = self.world.born.get(entry.who)
        if process is None or row["task"] not in process.rota.registry.tasks:
            self.violate(entry, "I23", f"{entry.who} does not know task {row['task']}")
        policy = POLICIES.value(row["policy"])
        if row["attempt"] > max(policy.retry.attempts, MOST_CRASHES):
            self.violate(entry, "I13", f"attempt {row['attempt']} of {policy.retry.attempts}")
        # One that need not wait, claimed at the same moment, may as well have started just after it.
        free = {one.subject for one in self._claimed if not one.row["serial"]}
        beside = state.running(state.active.get(row["schedule_id"], ()))
        if row["serial"] and not free.issuperset(beside):
            self.violate(entry, "I17", "started beside another run of its schedule")
        if (
            row["lane"] is not None
            and len(state.running(state.lanes.get(row["lane"], ()))) >= row["lane_limit"]
        ):
            self.violate(entry, "I17", f"more than {row['lane_limit']} in lane {row['lane']}")

    def _check_order(self, entry: Entry) -> None:
        """Older runs of the same kind start first."""
        row, runs = entry.row, self.state.runs
        for other_id in self.state.active.get(row["schedule_id"] or "", ()):
            other = runs[other_id]
            same = all(
                other[name] == row[name]
                for name in ("queue", "priority", "lane", "lane_limit", "serial", "task")
            )
            if other["state"] != "pending" or not same or other["deadline_us"] is not None:
                continue
            if (
                other["run_at_us"] < runs[entry.subject]["run_at_us"]
                and other["run_at_us"] <= row["started_us"]
            ):
                self.violate(entry, "I6", f"started before the older {other_id}")

    # -- held
    def _renewed(self, entry: Entry, before: Row) -> None:
        row = entry.row
        if (row["token"], row["attempt"], row["node"]) != (
            before["token"],
            before["attempt"],
            before["node"],
        ):
            self.violate(entry, "I11", "token, attempt or node changed while it was running")
        if row["lease_until_us"] != before["lease_until_us"]:
            if entry.who != before["node"]:
                self.violate(entry, "I11", f"its lease was renewed, but {before['node']} holds it")
            if row["lease_until_us"] < before["lease_until_us"]:
                self.violate(entry, "I10", "its lease was shortened")
        if row["note"] != before["note"] and row["note"] != str(row["token"]):
            self.violate(entry, "I11", f"token {row['token']}, but progress of {row['note']}")

    def _log(self, entry: Entry) -> None:
        run = self.state.runs.get(entry.subject)
        if run is not None and not entry.row["text"].startswith(f"{run['token']} "):
            self.violate(entry, "I11", f"token {run['token']}, but the log of {entry.row['text']!r}")

    # -- settled
    def _execution(self, entry: Entry, before: Row) -> Execution | None:
        """Return the body that the token before this change stands for."""
        since = before["created_us"] - TOLERANCE
        return self.ledger.execution(entry.subject, before["token"], before["node"], since, entry.at)

    def _settled(self, entry: Entry, before: Row) -> None:
        row = entry.row
        made = self._execution(entry, before)
        ended = made.ended if made is not None else None
        by_holder = entry.who == before["node"]
        kept = self._attempts.get(entry.subject)
        outcome = (
            (kept["outcome"] if kept is not None else "released")
            if row["outcome"] is None
            else row["outcome"]
        )
        if row["token"] != before["token"]:
            self.violate(entry, "I11", "settled with another token")
        if outcome == "released":
            if row["attempt"] != before["attempt"] - 1:
                self.violate(entry, "I13", "given back, but the attempt counts")
            if made is not None or not by_holder:
                self.violate(entry, "I13", "given back after its body had begun")
            return
        if row["attempt"] != before["attempt"]:
            self.violate(entry, "I13", f"attempt {before['attempt']} became {row['attempt']}")
        if kept is not None and kept["number"] != before["attempt"]:
            self.violate(entry, "I13", f"attempt {before['attempt']} is kept as {kept['number']}")
        told = by_holder and ended is not None and str(ended) == outcome
        withdrawn = by_holder and made is None and outcome == "cancelled" and before["cancel_by"] is not None
        if not told and not withdrawn:
            self._taken(entry, before, outcome)
        self._check_sequel(entry, before, outcome, kept)

    def _taken(self, entry: Entry, before: Row, outcome: str) -> None:
        """Judge an end that the node which holds the run has not told."""
        if outcome == "succeeded":
            self.violate(entry, "I15", "succeeded, but its body has not ended so")
            return
        if before["lease_until_us"] > entry.at + TOLERANCE:
            self.violate(entry, "I11", f"settled as {outcome} while {before['node']} holds it")
        elif outcome != "lost":
            self.violate(entry, "I11", f"settled as {outcome} by {entry.who}, which does not know")
        elif not self.ledger.was_troubled(
            before["node"], before["lease_until_us"] - self.world.lease_us, before["lease_until_us"]
        ):
            self.violate(entry, "I27", f"taken from {before['node']}, which nothing has happened to")

    def _check_sequel(self, entry: Entry, before: Row, outcome: str, kept: Row | None) -> None:
        """Judge what follows an attempt: another one, or the end."""
        row, policy = entry.row, POLICIES.value(before["policy"])
        retry = self._is_retried(entry, before, policy, outcome)
        if before["cancel_by"] is not None:
            if row["state"] == "pending":
                self.violate(entry, "I20", "tried again after it was cancelled")
        elif (row["state"] == "pending") != retry:
            self.violate(entry, "I13", f"{outcome} in attempt {before['attempt']}, and now {row['state']}")
        if row["state"] == "pending" and outcome == "failed" and kept is not None:
            self._check_wait(entry, before, policy, row["run_at_us"] - kept["finished_us"])

    def _is_retried(self, entry: Entry, before: Row, policy: RunPolicy, outcome: str) -> bool:
        if outcome == "lost":
            most = max(policy.retry.attempts, MOST_CRASHES)
            return policy.on_crash is Crash.RETRY and before["attempt"] < most
        made = self._execution(entry, before)
        if outcome == Outcome.FAILED and made is not None:
            return before["attempt"] < policy.retry.attempts and not made.does.final
        return False

    def _check_wait(self, entry: Entry, before: Row, policy: RunPolicy, wait_us: int) -> None:
        made = self._execution(entry, before)
        if made is not None and made.does.retry_after is not None:
            low = high = made.does.retry_after.total_seconds()
        else:
            high = longest(policy.retry.backoff, before["attempt"])
            low = high * (1 - policy.retry.backoff.jitter)
        if not low - 0.001 <= wait_us / 1e6 <= high + 0.001:
            self.violate(entry, "I19", f"tried again after {wait_us / 1e6} s, not {low} to {high}")


def longest(backoff: Backoff, retry: int) -> float:
    """Return the longest wait before retry number `retry`, in seconds, as the documentation has it."""
    first, ceiling = backoff.first.total_seconds(), backoff.ceiling.total_seconds()
    growth = {
        Growth.FIXED: 1.0,
        Growth.LINEAR: float(retry),
        Growth.EXPONENTIAL: backoff.factor ** (retry - 1),
    }
    return min(first * growth[backoff.growth], ceiling)
