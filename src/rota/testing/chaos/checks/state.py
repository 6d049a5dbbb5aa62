"""The tables as they were at each moment, rebuilt from the witness's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rota.testing.chaos.witness import Entry

Row = dict[str, Any]
TOLERANCE = 100_000  # microseconds by which the clocks of two nodes may differ
FINAL = frozenset({"succeeded", "failed", "cancelled", "skipped", "missed", "expired"})


@dataclass
class State:
    """Attributes:
    runs, schedules, overrides, nodes: Rows by id.
    joined: Number of the log entry at which each node joined.
    fingerprint: Of the declaration in force.
    """

    runs: dict[str, Row] = field(default_factory=dict)
    schedules: dict[str, Row] = field(default_factory=dict)
    overrides: dict[str, dict[str, Row]] = field(default_factory=dict)
    nodes: dict[str, Row] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    active: dict[str, set[str]] = field(default_factory=dict)
    lanes: dict[str, set[str]] = field(default_factory=dict)
    fingerprint: str | None = None

    def apply(self, entry: Entry) -> None:
        """Make the change of `entry`."""
        match entry.table:
            case "run":
                self._apply_run(entry)
            case "schedule":
                _apply(self.schedules, entry)
            case "override":
                schedule_id, _, name = entry.subject.partition("/")
                fields = dict(self.overrides.get(schedule_id, {}))
                fields.pop(name, None)
                if entry.verb != "-":
                    fields[name] = entry.row
                self.overrides[schedule_id] = fields
            case "node":
                if entry.subject not in self.nodes:
                    self.joined[entry.subject] = entry.number
                _apply(self.nodes, entry)
            case "generation":
                self.fingerprint = entry.row["fingerprint"]

    def _apply_run(self, entry: Entry) -> None:
        run_id, row = entry.subject, entry.row
        _apply(self.runs, entry)
        if (schedule_id := row["schedule_id"]) is not None:
            ids = self.active.setdefault(schedule_id, set())
            ids.add(run_id) if _is_active(entry) else ids.discard(run_id)
        if row["lane"] is not None:
            ids = self.lanes.setdefault(row["lane"], set())
            ids.add(run_id) if _is_active(entry) else ids.discard(run_id)

    def running(self, ids: Iterable[str]) -> list[str]:
        return [one for one in ids if self.runs[one]["state"] == "running"]


def _is_active(entry: Entry) -> bool:
    return entry.verb != "-" and entry.row["state"] not in FINAL


def _apply(rows: dict[str, Row], entry: Entry) -> None:
    if entry.verb == "-":
        rows.pop(entry.subject, None)
    else:
        rows[entry.subject] = entry.row


def transactions(log: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries of each transaction."""
    for _, group in groupby(log, key=lambda entry: entry.transaction):
        yield list(group)
