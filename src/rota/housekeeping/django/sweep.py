"""Walk the rows of a task in batches, within its limits."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db import models

from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.rows import Rows, keys_after
from rota.housekeeping.django.running import this_run
from rota.housekeeping.django.tally import Tally
from rota.housekeeping.django.transactions import Act, in_transactions
from rota.housekeeping.errors import RowsFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to do with which rows.

    All that a later run needs to know is in the rows: the next attempt goes on where one was killed.

    Attributes:
        title: For errors and logs, such as `"purge reports.Report"`.
        verb: What is done to a row, such as `"deleted"`: the name of its number in the result.
    """

    title: str
    verb: str
    rows: Rows
    limits: Limits

    def plan(self) -> dict[str, Any]:
        """Return what a run would do now, and touch nothing."""
        found = within(self.rows.matching(), self.limits)
        return {f"would_be_{self.verb}": found, "dry_run": True}

    def execute(self, act: Act) -> dict[str, Any]:
        """Let `act` work on the rows, batch by batch; return the numbers.

        Raises:
            RowsFailed: At the end, if some rows could not be dealt with.
        """
        tally, finished = Tally(), False
        matching, order = self.rows.matching(), self.rows.order()
        total, run, began = within(matching, self.limits), this_run(), monotonic()
        last: tuple[Any, ...] | None = None
        while self.limits.allow(tally.batches, monotonic() - began):
            found = keys_after(matching, order, last, self.limits.batch_size)
            if not found:
                finished = True
                break
            in_transactions(matching, list(dict.fromkeys(key[-1] for key in found)), act, tally)
            last = found[-1]
            tally.batches += 1
            if run is not None:
                run.progress(tally.done, max(total, tally.done), f"{tally.done} {self.verb}")
                run.raise_if_cancelled()
            if len(found) < self.limits.batch_size:
                finished = True
                break
        if tally.failed:
            raise RowsFailed(self.title, tally.failed, tally.done, tally.problems)
        return tally.result(self.verb, finished)


def within(matching: models.QuerySet, limits: Limits) -> int:
    """Count the rows that one run deals with at most."""
    most = limits.most_rows
    if most is None:
        return int(matching.count())
    return int(matching.order_by("pk")[:most].count())
