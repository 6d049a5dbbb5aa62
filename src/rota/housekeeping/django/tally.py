"""What a run has done, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

FIRST = 5  # problems that are told in full


@dataclass(slots=True)
class Tally:
    """Counts that grow while a run goes on.

    Attributes:
        done: Rows that were dealt with.
        cascaded: Rows of other models that went with them, by label.
        archived: Rows written to the archive, those of other models included.
        protected: Rows that a constraint keeps.
        skipped: Rows that were locked, changed or gone when their turn came.
        failed: Rows whose method raised.
        batches: Transactions that were asked for.
        longest: Seconds of the longest transaction.
        problems: The first of what went wrong with single rows.
    """

    done: int = 0
    cascaded: Counter[str] = field(default_factory=Counter)
    archived: int = 0
    protected: int = 0
    skipped: int = 0
    failed: int = 0
    batches: int = 0
    longest: float = 0.0
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what `other` has counted."""
        self.done += other.done
        self.cascaded += other.cascaded
        self.archived += other.archived
        self.skipped += other.skipped
        self.failed += other.failed
        self.problems = [*self.problems, *other.problems][:FIRST]

    def keep(self, key: Any, error: Exception) -> None:
        """Count a row that a constraint keeps."""
        self.protected += 1
        self._tell(key, error)

    def fail(self, key: Any, error: Exception) -> None:
        """Count a row that could not be dealt with."""
        self.failed += 1
        self._tell(key, error)

    def _tell(self, key: Any, error: Exception) -> None:
        if len(self.problems) < FIRST:
            self.problems.append(f"{key}: {type(error).__name__}: {error}"[:300])

    def result(self, verb: str, finished: bool) -> dict[str, Any]:
        """Return the numbers as the result of the run; those that have nothing to say are left out."""
        some = {name: getattr(self, name) for name in ("archived", "protected", "skipped", "failed")}
        return {
            verb: self.done,
            **{name: count for name, count in some.items() if count},
            **({"cascaded": dict(sorted(self.cascaded.items()))} if self.cascaded else {}),
            **({"problems": self.problems} if self.problems else {}),
            "batches": self.batches,
            "longest_transaction_ms": round(self.longest * 1000, 1),
            "finished": finished,
        }
