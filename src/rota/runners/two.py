"""Two runners as one: the local one, and one that has the runs of some tasks executed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from rota.core.records import Claimed, Finished, Lease, Report
from rota.ports import Runner


class TwoRunners:
    """See the port `Runner`.

    Args:
        local: Executes runs in this process. How many are claimed is decided by its room alone.
        other: Has no limit of its own: what it holds takes no slot here.
        is_others: Says of a task, by name, whether its runs are for `other`.
    """

    def __init__(self, local: Runner, other: Runner, is_others: Callable[[str], bool]) -> None:
        self.local, self.other = local, other
        self._is_others = is_others

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin, both."""
        self.local.start(on_change)
        self.other.start(on_change)

    def room(self) -> int:
        """Return how many more runs it would take now."""
        return self.local.room()

    def submit(self, runs: Sequence[Claimed]) -> None:
        """Give each run to its runner."""
        others = [run for run in runs if self._is_others(run.task)]
        if others:
            self.other.submit(others)
        if len(others) < len(runs):
            self.local.submit([run for run in runs if not self._is_others(run.task)])

    def held(self) -> list[Lease]:
        """Return the leases of all runs that either holds."""
        return [*self.local.held(), *self.other.held()]

    def finished(self) -> list[Finished]:
        """Take the attempts that have ended since the last call."""
        return [*self.local.finished(), *self.other.finished()]

    def reports(self) -> list[Report]:
        """Take what running attempts said of themselves."""
        return [*self.local.reports(), *self.other.reports()]

    def cancel(self, run_ids: Sequence[str]) -> None:
        """Ask these runs to stop; each runner leaves those of the other alone."""
        self.local.cancel(run_ids)
        self.other.cancel(run_ids)

    def drop(self, run_ids: Sequence[str]) -> None:
        """Forget these runs."""
        self.local.drop(run_ids)
        self.other.drop(run_ids)

    def stop(self, patience: timedelta) -> None:
        """Give back what is elsewhere, at once, and wait for what is executed here."""
        self.other.stop(patience)
        self.local.stop(patience)
