"""The report of a soak, in Markdown."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from rota import __version__
from tests.system.faults import Result


@dataclass
class Line:
    """One figure.

    Attributes:
        met: Whether the number wanted was reached in full: the count as well as the outcome.
        cause: Why not.
    """

    what: str
    wanted: str
    reached: str
    met: bool
    cause: str = ""
    violations: list[str] = field(default_factory=list)


NOTHING = "-"  # a figure that is only shown
HEAD = """# Soak report

What `make soak` reached, against the numbers of GUARANTEES section 3. Each part gets a share of the time
given; **scaled** says that the outcome is as wanted but fewer repetitions than wanted were made.

- Real processes, and a real PostgreSQL with `fsync` on. Nodes that are killed by the hundred are forked from
  a process that has imported Rota already; all others are started as users start them.
- The parts that break things run side by side in three lanes, so that each also takes the others' time; the
  restarts have a server of their own, which recovers with `syncfs`. The parts that measure come after them,
  each alone.
- Afterwards an independent checker enumerates every occurrence and compares it with the tables and with what
  the bodies have left on disk.
- Lateness: the start of the processes does not count. "Until all 1,000 of an instant are committed" is seen
  from outside, by a connection that asks fifty times a second for the earliest `next_due`: the last of the
  thousand counts for all. `created_at` is when a scheduler decided; a run starts after the commit.

"""


def write_report(path: Path, lines: list[Line], minutes: float, seconds: float, server, release: str) -> None:
    # Two figures of one part have the same.
    violations = list(dict.fromkeys(one for line in lines for one in line.violations))
    with psycopg.connect(server.dsn()) as connection:
        ((postgres,),) = connection.execute("SHOW server_version").fetchall()
    facts = [
        ("Asked for", f"{minutes:g} minutes; took {seconds / 60:.1f}"),
        ("Violations", str(len(violations))),
        ("Date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Rota", f"{__version__}, commit {release}"),
        (
            "Machine",
            f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}",
        ),
        ("Load when written", " ".join(f"{one:.1f}" for one in os.getloadavg())),
        (
            "Versions",
            f"Python {platform.python_version()}, PostgreSQL {postgres}, SQLite {sqlite3.sqlite_version}",
        ),
    ]
    text = HEAD + "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in facts)
    text += "\n## Figures\n\n| what | wanted | reached | |\n|---|---|---|---|\n"
    for line in lines:
        text += f"| {line.what} | {line.wanted} | {line.reached} | {verdict(line)} |\n"
    missed = [line for line in lines if not line.met]
    if missed:
        text += "\n## What was not reached in full, and why\n\n"
        text += "".join(f"- **{line.what}**: {line.cause}\n" for line in missed)
    if violations:
        text += "\n## Violations\n\n" + "".join(f"- {one}\n" for one in violations[:100])
    path.write_text(text + '\n## To repeat\n\n`make soak ARGS="--minutes 60"`\n', encoding="utf-8")


def line(what: str, wanted: int, unit: str, result: Result, detail: str = "") -> Line:
    """Return the figure of something that was done many times, and must not break anything."""
    bad = result.verdict.violations
    reached = (
        f"{result.done:,} {unit}, {result.verdict.occurrences:,} occurrences: {len(bad)} violations{detail}"
    )
    met = result.done >= wanted and not bad
    return Line(what, f"{wanted:,} {unit}, 0 violations", reached, met, scaled(result.done, wanted), bad)


def scaled(reached: int, wanted: int) -> str:
    if reached >= wanted:
        return "an invariant was violated: see below"
    return f"fewer repetitions than wanted fit into the time given: {reached:,} of {wanted:,}"


def within(what: str, wanted: float, found: list[float]) -> Line:
    """Return the figure of something that must not take longer than `wanted` seconds."""
    slowest = max(found)
    reached = f"{slowest:.2f} s" + (f", the slowest of {len(found)}" if len(found) > 1 else "")
    return Line(what, f"≤ {wanted:g} s", reached, slowest <= wanted, "see there")


def verdict(line: Line) -> str:
    if line.violations:
        return "**violated**"
    if line.wanted == NOTHING:
        return ""
    if line.met:
        return "reached"
    return "scaled" if line.cause.startswith("fewer") else "**not reached**"


def commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
