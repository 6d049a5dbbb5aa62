"""The past of each schedule by time: I1, I2, I3, I8, I9.

Every occurrence of a definition that was in force has a fate, and no other instant has.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rota.testing.chaos.checks.schedules import SILENT, Past, ScheduleChecks, Version
from rota.testing.chaos.checks.state import TOLERANCE

if TYPE_CHECKING:
    from rota.testing.chaos.checks.oracle import Oracle
    from rota.testing.chaos.world import World

FOR_EVER = 1 << 62


def check_pasts(world: World, checks: ScheduleChecks, oracle: Oracle) -> None:
    """Judge by the definitions that were in force, whatever the transactions that decided believed."""
    for schedule_id, past in sorted(checks.pasts.items()):
        if not past.versions:
            continue
        name = past.versions[-1].row["name"]
        cursor_us = past.versions[-1].row["cursor_us"]
        deleted = schedule_id not in checks.state.schedules
        for due, found in sorted(past.fates.items()):
            runs = sum(fate.kind == "run" for fate in found)
            if len(found) > 1:
                kinds = sorted(fate.kind for fate in found)
                world.violate(
                    f"{'I1' if runs > 1 else 'I3'} schedule {name}: {due} has {len(found)} fates: {kinds}"
                )
            if not any(_may_hold(oracle, one, until, due) for one, until in _possible(past)):
                world.violate(f"I2 schedule {name}: {due} was no occurrence of a definition in force")
        if not deleted:
            _check_all(world, oracle, past, name, cursor_us)


def _possible(past: Past) -> list[tuple[Version, int]]:
    """Return each version, and until when it may have held."""
    ends = [later.at + TOLERANCE for _, later in pairwise(past.versions)]
    return list(zip(past.versions, [*ends, FOR_EVER], strict=True))


def _may_hold(oracle: Oracle, version: Version, until: int, due: int) -> bool:
    if version.definition is None or version.row["state"] == "retired":
        return False
    if not min(version.updated, version.at) - TOLERANCE <= due <= until:
        return False
    name = version.row["name"]
    return oracle.is_readable(name, version.definition) and oracle.is_one(name, version.definition, due)


def _check_all(world: World, oracle: Oracle, past: Past, name: str, cursor_us: int) -> None:
    """Nothing is lost of what was surely in force."""
    for version, later in zip(past.versions, [*past.versions[1:], None], strict=True):
        row, definition = version.row, version.definition
        until = cursor_us if later is None else min(later.updated, later.at, cursor_us)
        if row["state"] in SILENT or definition is None or not oracle.is_readable(row["name"], definition):
            continue
        if definition.max_runs is not None:
            continue  # where it ends depends on what was skipped
        for due in oracle.occurrences(row["name"], definition, version.at + TOLERANCE, until - TOLERANCE):
            if due not in past.fates:
                inside = "inside a pause " if version.pause and version.pause.swallows(due) else ""
                world.violate(f"I3 schedule {name}: {due} {inside}has neither run nor record")
