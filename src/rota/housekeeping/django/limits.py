"""How much one run of a housekeeping task may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from rota.core.policies import duration
from rota.declare.options import Span
from rota.errors import InvalidValue

LARGEST_BATCH = 10_000
MOST_BATCHES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where one run stops; what is left is for the next.

    Attributes:
        batch_size: Rows in one transaction. From 1 to 10,000.
        max_batches: Transactions in one run; `None`: any number.
        stop_after: No batch begins after this much time. Above zero.
    """

    batch_size: int
    max_batches: int | None
    stop_after: timedelta

    @classmethod
    def of(cls, batch_size: int, max_batches: int | None, stop_after: Span) -> Limits:
        """Return the limits, checked. Raises `InvalidValue`."""
        _whole("batch_size", batch_size, LARGEST_BATCH)
        if max_batches is not None:
            _whole("max_batches", max_batches, MOST_BATCHES)
        longest = duration("stop_after", stop_after)
        if longest <= timedelta(0):
            raise InvalidValue("stop_after", stop_after, "it must be above zero")
        return cls(batch_size=batch_size, max_batches=max_batches, stop_after=longest)

    @property
    def most_rows(self) -> int | None:
        """How many rows one run deals with at most."""
        return None if self.max_batches is None else self.batch_size * self.max_batches

    def allow(self, batches: int, seconds: float) -> bool:
        """Say whether another batch may begin, after so many and so long."""
        within = self.max_batches is None or batches < self.max_batches
        return within and seconds < self.stop_after.total_seconds()


def _whole(field: str, value: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidValue(field, value, f"it must be a whole number from 1 to {most}")
