"""The live view: a snapshot and the latest entries, laid out for a terminal of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from rota.demo import words
from rota.demo.blocks import entries_block, rows_block, rows_line, running_block, schedules_block
from rota.demo.feed import Entry
from rota.demo.watch import Snapshot

WIDE = 110  # from here on the feed and the rows stand side by side
AIRY = 36  # from this height on there are blank lines between the blocks
ROWS_WIDTH = 47
AT_ONCE = timedelta(seconds=0.5)  # what is due sooner has begun before anyone has read it


@dataclass(frozen=True, slots=True)
class Shares:
    """How many lines each block has: fixed by the size alone, so that nothing jumps.

    Attributes:
        rows: 0 when the rows stand beside the feed.
        gap: Blank lines before each title.
    """

    schedules: int
    running: int
    feed: int
    rows: int
    gap: int

    @classmethod
    def of(cls, width: int, height: int, schedules: int) -> Shares:
        """Share `height` lines out: the schedules come first, the feed takes what is left."""
        wide, airy = width >= WIDE, height >= AIRY
        gap = 1 if airy else 0
        running, rows = (5 if airy else 3), (0 if wide else 2)
        titles = 2 if wide else 3
        free = (
            height - 2 - titles - gap * (titles + 1) - running - rows
        )  # the sentence and the head of the table
        shown = max(min(schedules, free - (9 if wide else 3)), 3)
        return cls(shown, running, max(free - shown, 1), rows, gap)


def screen(
    snapshot: Snapshot, entries: Sequence[Entry], footnote: str, width: int, height: int
) -> RenderableType:
    """Return the view, `height` lines at most.

    Args:
        entries: Oldest first.
        footnote: What is said of the demo itself.
    """
    shares = Shares.of(width, height, len(snapshot.lines))
    blank = [Text()] * shares.gap
    feed = Group(_title("latest"), entries_block(entries, shares.feed))
    parts: list[RenderableType] = [
        _headline(snapshot),
        *blank,
        schedules_block(snapshot, shares.schedules, width),
        *blank,
        _title(f"running now, {footnote}"),
        running_block(snapshot, shares.running, width),
        *blank,
    ]
    if shares.rows:
        parts += [feed, *blank, _title("rows of shop.db"), rows_line(snapshot, width)]
    else:
        parts.append(_beside(feed, Group(_title("rows of shop.db"), rows_block(snapshot, shares.feed))))
    return Group(*parts)


def _title(text: str) -> Rule:
    return Rule(Text(text, "dim"), align="left", style="bright_black")


def sentence(snapshot: Snapshot) -> str:
    """Say in one sentence how all is, and in another what comes next."""
    count = len(snapshot.lines)
    ill = {line.schedule.name: line.state(snapshot.now) for line in snapshot.lines}
    ill = {name: state for name, state in ill.items() if state in ("late", "failing", "broken")}
    if ill:
        named = ", ".join(f"{name} is {state}" for name, state in list(ill.items())[:2])
        first = (
            f"{len(ill)} of {words.plural(count, 'schedule')} need{'s' * (len(ill) == 1)} attention: {named}."
        )
    else:
        first = f"All {words.plural(count, 'schedule')} are on time."
    upcoming = [
        (line.schedule.next_due, line.schedule.name)
        for line in snapshot.lines
        if line.schedule.next_due is not None and line.schedule.next_due - snapshot.now > AT_ONCE
    ]
    if not upcoming:
        return first
    due, name = min(upcoming)
    return f"{first} Next: {name} in {words.wait(due - snapshot.now)}."


def _headline(snapshot: Snapshot) -> Text:
    said = sentence(snapshot)
    style = "bold green" if said.startswith("All") else "bold yellow"
    return Text(said, style, no_wrap=True, overflow="ellipsis")


def _beside(left: RenderableType, right: RenderableType) -> RenderableType:
    both = Table.grid(expand=True)
    both.add_column(ratio=1)
    both.add_column(width=ROWS_WIDTH)
    both.add_row(left, Padding(right, (0, 0, 0, 2)))
    return both
