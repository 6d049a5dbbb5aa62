"""What commands print: JSON, tables, and lines. Names are never read as markup."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from rota.operations.foreseen import Foreseen
    from rota.operations.results import Result

STATE_MARKS = {
    "active": ("●", "green"),
    "live": ("●", "green"),
    "draining": ("◑", "yellow"),
    "lost": ("✘", "red"),
    "succeeded": ("✔", "green"),
    "running": ("▶", "cyan"),
    "pending": ("…", "cyan"),
    "paused": ("⏸", "yellow"),
    "skipped": ("↷", "yellow"),
    "missed": ("∅", "yellow"),
    "cancelled": ("⊘", "yellow"),
    "expired": ("⌛", "red"),
    "failed": ("✘", "red"),
    "quarantined": ("✘", "red"),
    "finished": ("■", "bright_black"),
    "retired": ("□", "bright_black"),
}
WIDE = 1000  # columns for a reader that is no terminal: nothing is cut or wrapped


def as_json(value: Any) -> None:
    """Print JSON, for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def as_json_line(value: Any) -> None:
    """Print JSON in one line, for lists of plain texts and for streams."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Print what is no result: on stderr, so that a pipe does not carry it."""
    click.echo(text, err=True)


def console() -> Console:
    """Return where tables go. Colour follows NO_COLOR and FORCE_COLOR."""
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or "COLUMNS" in os.environ else WIDE
    return Console(highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    states: int | None = 0,
    folding: Collection[str] = (),
    cut: Collection[str] = (),
) -> None:
    """Print a table.

    Args:
        states: Index of the column that holds states, which get a mark and a colour.
        folding: Columns that give way, over several lines, on a narrow terminal.
        cut: Columns that are shortened there.
    """
    from rich.table import Table
    from rich.text import Text

    out = console()
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:  # the columns that may wrap are the first to give way
        made.add_column(Text(column), overflow="fold", no_wrap=column not in (*folding, *cut))
    shortened: list[dict[str, Any]] = [
        {"no_wrap": True, "overflow": "ellipsis"} if one in cut else {} for one in columns
    ]
    for row in rows:
        cells = [Text(_printable(cell), **how) for cell, how in zip(row, shortened, strict=True)]
        if states is not None:
            mark, colour = STATE_MARKS.get(row[states], (" ", ""))
            cells[states] = Text(f"{mark} {row[states]}", style=colour)
        made.add_row(*cells)
    with out.capture() as drawn:
        out.print(made)
    for line in drawn.get().splitlines():
        click.echo(line.rstrip(), color=True)  # rich has decided about colour already


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values, aligned."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        click.echo(f"{name.ljust(width)}  {_printable(value)}".rstrip())


def title(text: str) -> None:
    """Print a heading, after an empty line."""
    click.echo(f"\n{click.style(_printable(text), bold=True)}")


def _printable(text: str) -> str:
    """Keep a stored text from steering the terminal."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


def effects(result: Result) -> None:
    """Print what an operation does, or did, a line for each subject."""
    for one in result.effects:
        mark = "" if one.done else "unchanged: "
        click.echo(f"{'(dry run) ' if result.dry_run else ''}{one.subject}: {mark}{one.detail}")


def left_out(each: Foreseen) -> str:
    """Say why an occurrence, or several from it on, will not run."""
    return f"{each.left_out}, {each.count:,} times" if each.count > 1 else each.left_out


def tail(run_id: str) -> str:
    """Return the end of a run's id, which tells runs apart."""
    return run_id[-12:]
