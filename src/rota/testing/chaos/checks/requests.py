"""What operators and the application were promised: I16, I18, I20, I24."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rota.testing.chaos.witness import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rota.testing.chaos.operators import Request
    from rota.testing.chaos.world import World


def check_requests(world: World, requests: Sequence[Request], log: Sequence[Entry]) -> None:
    """Judge each request by its answer and by what is in the log."""
    lines = Counter(entry.row["actor"] for entry in log if entry.table == "audit")
    made: dict[str, int] = {}
    for entry in log:
        if entry.table == "run" and entry.verb == "+":
            made.setdefault(entry.subject, entry.number)
    claims: dict[str, list[int]] = defaultdict(list)
    purged: dict[str, list[int]] = defaultdict(list)
    state: dict[str, str] = {}
    for entry in log:
        if entry.table == "run":
            if entry.verb == "-":
                purged[entry.subject].append(entry.number)
            if entry.verb == "~" and entry.row["state"] == "running" != state.get(entry.subject):
                claims[entry.subject].append(entry.number)
            state[entry.subject] = entry.row["state"]
    keys: dict[str, set[str]] = defaultdict(set)
    for one in requests:
        what = f"{one.actor} {one.kind} {one.subject}"
        kept = lines[one.actor]
        if one.kind != "purge" and "transaction" not in one.kind and one.lines >= 0:
            if one.answer == "done" and kept != one.lines:
                world.violate(f"I24 {what}: {kept} lines in the audit, not {one.lines}")
            if one.answer == "refused" and kept:
                world.violate(f"I24 {what}: refused, but {kept} lines in the audit")
        if one.answer == "unknown" and kept > 1 and one.kind != "sync":
            world.violate(f"I24 {what}: {kept} lines in the audit")
        if one.answer == "done":
            for run_id in one.runs:
                if made.get(run_id, one.after + 1) > one.after:
                    world.violate(f"I16 {what}: run {run_id} was promised, and is not there")
            for run_id in one.cancelled:
                # A run that was purged may be made anew by a backfill.
                until = min((one_ for one_ in purged[run_id] if one_ > one.after), default=1 << 62)
                if any(one.after < number < until for number in claims[run_id]):
                    world.violate(f"I20 {what}: run {run_id} began an attempt afterwards")
            if one.key is not None:
                keys[one.key].update(one.runs)
        if one.details.startswith("rolled back") and one.details.split()[-1] in made:
            world.violate(f"I18 {what}: the run of a transaction that was rolled back")
    for key, ids in keys.items():
        if len(ids) > 1:
            world.violate(f"I16 {key} stands for {len(ids)} runs")
