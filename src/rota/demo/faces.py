"""How a session is shown: live in a terminal, or in plain lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

import click
from rich.console import Console
from rich.live import Live

from rota.demo.feed import Entry
from rota.demo.plain import Lines
from rota.demo.screen import screen
from rota.demo.watch import Snapshot

KEPT = 60  # entries: more than the tallest terminal shows


class Face(Protocol):
    """Shows a session from its beginning to its end."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, snapshot: Snapshot, entries: Sequence[Entry], footnote: str) -> None:
        """Show how all is, and the entries that are new."""
        ...


class Plain:
    """Lines, for pipes and logs."""

    def __init__(self) -> None:
        self._lines = Lines(click.echo)

    def __enter__(self) -> Plain:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        click.echo()

    def show(self, snapshot: Snapshot, entries: Sequence[Entry], footnote: str) -> None:
        """Write a line for each entry."""
        for entry in entries:
            self._lines.entry(entry)
        self._lines.look(snapshot)


class Screen:
    """A view that is drawn anew in place, and vanishes at the end: the summary stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot, entries: Sequence[Entry], footnote: str) -> None:
        """Draw the view anew."""
        self._entries += [one for one in entries if one.word != "started"]  # what runs has lines of its own
        width, height = self._console.size
        view = screen(snapshot, tuple(self._entries), footnote, width, height - 1)
        self._live.update(view, refresh=True)
