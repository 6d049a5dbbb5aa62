"""What was measured, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of one contender.

    Attributes:
        row: The kind of work, such as `drain`.
        case: What exactly; figures of one row and case are compared.
        who: The contender.
        value: The number, or `None` when there is none.
        unit: Of the number.
        more_is_better: Which way is good.
        settings: What the contender was set to.
        samples: All that `value` was taken from.
        note: More about it.
        error: Why there is no number.
    """

    row: str
    case: str
    who: str
    value: float | None
    unit: str
    more_is_better: bool = False
    settings: str = ""
    samples: Sequence[float] = ()
    note: str = ""
    error: str = ""

    @property
    def is_ours(self) -> bool:
        return self.who == "Rota" or self.who.startswith("Rota on ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All of one run of the benchmarks."""

    figures: Sequence[Figure]
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    failed: Mapping[str, str] = field(default_factory=dict)
    form: str = "default"
    took: float = 0.0


def ratio(ours: Figure, theirs: Figure) -> float | None:
    """Return how many times better ours is."""
    if not ours.value or not theirs.value:
        return None
    return ours.value / theirs.value if ours.more_is_better else theirs.value / ours.value


def quantile(samples: Sequence[float], share: float) -> float:
    """Return the sample below which that share of them lies."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
