"""Walk the rows of a task in batches, within its limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from django.db import models

from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.rows import Rows, keys_after
from rota.housekeeping.django.running import this_run
from rota.housekeeping.django.tally import Tally
from rota.housekeeping.django.transactions import Act, has_row_locks, in_transactions
from rota.housekeeping.errors import RowsFailed

AHEAD = 10_000  # keys that are read at once
LONGEST_REST_SECONDS = 0.1


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
        tally, finished = Tally(), True
        matching = self.rows.matching()
        total, run, began = within(matching, self.limits), this_run(), monotonic()
        for keys in self._batches(matching):
            if not self.limits.allow(tally.batches, monotonic() - began):
                finished = False
                break
            started = monotonic()
            in_transactions(matching, keys, act, tally)
            tally.batches += 1
            sleep(rest_after(monotonic() - started, has_row_locks(matching)))
            if run is not None:
                run.progress(tally.done, max(total, tally.done), f"{tally.done} {self.verb}")
                run.raise_if_cancelled()
        if tally.failed:
            raise RowsFailed(self.title, tally.failed, tally.done, tally.problems)
        return tally.result(self.verb, finished)

    def _batches(self, matching: models.QuerySet) -> Iterator[list[Any]]:
        """Yield the keys of the rows, a batch at a time.

        Many batches are read at once, by their keys alone: where thousands of rows have the same age, such as
        the same day, each reading passes by all of them that come before.
        """
        size, order = self.limits.batch_size, self.rows.order()
        limit = max(1, AHEAD // size) * size
        last: tuple[Any, ...] | None = None
        while page := keys_after(matching, order, last, limit):
            keys = list(dict.fromkeys(key[-1] for key in page))
            for start in range(0, len(keys), size):
                yield keys[start : start + size]
            if len(page) < limit:
                return
            last = page[-1]


def rest_after(seconds: float, row_locks: bool) -> float:
    """Return how many seconds to leave to others after a batch that took `seconds`.

    Where a writer locks the whole database, those who wait look again after 1 to 100 ms, and would find it
    locked time after time: they get half of the time.
    """
    return 0.0 if row_locks else min(seconds, LONGEST_REST_SECONDS)


def within(matching: models.QuerySet, limits: Limits) -> int:
    """Count the rows that one run deals with at most."""
    most = limits.most_rows
    if most is None:
        return int(matching.count())
    return int(matching.order_by("pk")[:most].count())
