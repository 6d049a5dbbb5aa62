"""The view for pipes and logs: one line for each change of state."""

from __future__ import annotations

from collections.abc import Callable

from rota.demo.feed import Entry
from rota.demo.watch import Snapshot

QUARTERS = 4


class Lines:
    """Writes entries, and each quarter that a run has come forward.

    Args:
        write: Takes one line.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._quarters: dict[str, int] = {}

    def entry(self, entry: Entry) -> None:
        """Write what happened."""
        self._line(f"{entry.at:%H:%M:%SZ}", entry.word, entry.subject, entry.text)

    def look(self, snapshot: Snapshot) -> None:
        """Write how far the runs are that came a quarter further since the last look."""
        quarters = {}
        for run in snapshot.active:
            if run.done is None or not run.total:
                continue
            quarters[run.id] = quarter = int(run.done / run.total * QUARTERS)
            if quarter > self._quarters.get(run.id, 0):
                said = f"{run.done / run.total:.0%}, {run.done:,.0f} of {run.total:,.0f}"
                self._line(f"{snapshot.now:%H:%M:%SZ}", "progress", run.schedule or run.task, said)
        self._quarters = quarters

    def _line(self, at: str, word: str, subject: str, text: str) -> None:
        self._write(f"{at}  {word:<11} {subject:<26} {text}".rstrip())
