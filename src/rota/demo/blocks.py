"""The blocks of the live view. Each fills the number of lines it is given, whatever there is to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rota.core.records import Run, RunState
from rota.demo import words
from rota.demo.feed import Entry
from rota.demo.marks import marked
from rota.demo.watch import Line, Snapshot

NAME = 25
ROOMY, VAST = 100, 140  # from these widths on there is room for more
WORTH_A_LINE = timedelta(milliseconds=800)  # a shorter run would only flicker
SMALL_ROWS = ("users", "conversations", "messages", "with content", "idempotency keys", "sessions")


def schedules_block(snapshot: Snapshot, lines: int, width: int) -> RenderableType:
    """Return the table of schedules: those that are due most often come first."""
    table = _grid(width, header=True)
    _column(table, "state", width=10)
    _column(table, "schedule", width=NAME)
    _column(table, "timetable", ratio=1)
    if width >= VAST:
        _column(table, "queue", width=14)
    _column(table, "next", width=6, justify="right")
    _column(table, "last", width=18 if width >= ROOMY else 8)
    _column(table, "runs", width=6, justify="right")
    hidden = len(snapshot.lines) - lines
    shown = snapshot.lines if hidden <= 0 else snapshot.lines[: lines - 1]
    for line in shown:
        table.add_row(*_schedule_cells(line, snapshot.now, width))
    if hidden > 0:
        table.add_row("", Text(f"and {hidden + 1} more, less often", "dim"))
    return table


def _schedule_cells(line: Line, now: datetime, width: int) -> list[Text]:
    schedule, last = line.schedule, line.last
    due = schedule.next_due
    outcome = Text("-", "dim")
    if last is not None:
        spent = words.took(last.finished_at - last.started_at) if last.started_at and last.finished_at else ""
        outcome = marked(last.state, f"{last.state} {spent}" if width >= ROOMY else spent)
    return [
        marked(line.state(now)),
        Text(schedule.name),
        Text(line.timetable, "dim"),
        *([Text(schedule.effective.queue, "dim")] if width >= VAST else []),
        Text(words.wait(due - now) if due else "never"),
        outcome,
        Text(f"{schedule.runs_made:,}", "dim"),
    ]


def running_block(snapshot: Snapshot, lines: int, width: int) -> RenderableType:
    """Return what is running, with its progress, and what waits for another attempt."""
    table = _grid(width)
    _column(table, width=10)
    _column(table, width=NAME)
    _column(table, width=max(12, width // 6))
    _column(table, ratio=1)
    worth = [run for run in snapshot.active if _is_worth_a_line(run, snapshot.now)]
    for run in worth[:lines]:
        table.add_row(*_running_cells(run, snapshot.now))
    for _ in range(lines - len(worth)):
        table.add_row("")
    return table


def _is_worth_a_line(run: Run, now: datetime) -> bool:
    if run.state is RunState.PENDING:
        return run.attempt > 0
    return run.done is not None or (run.started_at is not None and now - run.started_at > WORTH_A_LINE)


def _running_cells(run: Run, now: datetime) -> list[RenderableType]:
    name = Text(run.schedule or run.task)
    if run.state is RunState.PENDING:
        attempts = f"attempt {run.attempt + 1} of {run.policy.retry.attempts}"
        return [
            marked("retrying"),
            name,
            Text(attempts),
            Text(f"in {words.wait(run.run_at - now)}", "dim"),
        ]
    spent = words.took(now - run.started_at) if run.started_at else ""
    if run.done is None or not run.total:
        return [marked("running"), name, Text(spent, "dim"), Text()]
    part = run.done / run.total
    bar = ProgressBar(total=1.0, completed=part, complete_style="cyan", finished_style="green")
    said = f"{part:4.0%}  {run.done:,.0f} of {run.total:,.0f}" + (f", {run.note}" if run.note else "")
    return [marked("running"), name, bar, Text(f"{said}  {spent}", "dim")]


def entries_block(entries: Sequence[Entry], lines: int) -> RenderableType:
    """Return the latest entries, oldest first."""
    table = _grid(header=False)
    _column(table, width=11)
    _column(table, width=NAME)
    _column(table, ratio=1)
    latest = list(entries)[-lines:]
    for entry in latest:
        table.add_row(marked(entry.word), Text(entry.subject), Text(entry.text, "dim"))
    for _ in range(lines - len(latest)):
        table.add_row("")
    return table


def rows_block(snapshot: Snapshot, lines: int) -> RenderableType:
    """Return the rows of each of the shop's tables, before and now."""
    table = _grid(header=True)
    _column(table, "table", ratio=1)
    for name in ("before", "now", "change"):
        _column(table, name, justify="right", width=8)
    for name, now in list(snapshot.rows.items())[: lines - 1]:
        before = snapshot.before.get(name, 0)
        table.add_row(name, Text(f"{before:,}", "dim"), f"{now:,}", _change(before, now))
    return table


def rows_line(snapshot: Snapshot, width: int) -> RenderableType:
    """Return the rows of the most lively tables, now and how they changed, in two lines."""
    table = _grid(width)
    for _ in range(3):
        _column(table, ratio=1)
    cells = []
    for name in SMALL_ROWS:
        before, now = snapshot.before.get(name, 0), snapshot.rows.get(name, 0)
        short = name.removeprefix("idempotency ")
        cells.append(Text.assemble((f"{short} ", "dim"), f"{now:,} ", _change(before, now)))
    table.add_row(*cells[:3])
    table.add_row(*cells[3:])
    return table


def _change(before: int, now: int) -> Text:
    return Text(words.change(before, now), "green" if now < before else "cyan")


def _column(table: Table, header: str = "", **look: Any) -> None:
    """Add a column whose cells are one line each, whatever is in them."""
    table.add_column(header, no_wrap=True, overflow="ellipsis", **look)


def _grid(width: int | None = None, *, header: bool = False) -> Table:
    return Table(
        box=None,
        expand=True,
        width=width,
        show_header=header,
        header_style="dim",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
