"""What a demo has seen, in numbers, and the summary it ends with."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rota.demo import words
from rota.demo.feed import Entry
from rota.demo.watch import Snapshot

WIDTH, LABEL = 80, 12
PURGED = " deleted"  # what the names of results end with that count deleted rows


@dataclass
class Tally:
    """Adds up what happened since the demo began."""

    outcomes: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    purged: Counter[str] = field(default_factory=Counter)
    progress: dict[str, float] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count one thing that happened."""
        match entry.word:
            case "succeeded" | "failed" | "cancelled":
                self.outcomes[entry.word] += 1
            case "skipped" | "missed":
                self.outcomes[entry.word] += entry.count
                self.reasons[entry.word, _reason(entry), entry.subject] += entry.count
            case "retrying":
                self.retried[entry.subject] += 1
            case "lost":
                self.lost[entry.subject] += 1
        for name, value in entry.numbers.items():
            if value and name.endswith(PURGED):
                self.purged[name.removesuffix(PURGED)] += value

    def look(self, snapshot: Snapshot) -> None:
        """Note how far running runs are."""
        for run in snapshot.active:
            if run.done is not None and run.total:
                name = run.schedule or run.task
                self.progress[name] = max(self.progress.get(name, 0.0), run.done / run.total)


def _reason(entry: Entry) -> str:
    return entry.text.partition(": ")[2] if entry.word == "missed" else entry.text


def summary(tally: Tally, snapshot: Snapshot, seconds: float) -> list[str]:
    """Return the lines of the summary."""
    lines = [f"The shop ran for {seconds:.0f} s with {words.plural(len(snapshot.lines), 'schedule')}.", ""]
    facts = {
        "runs": _listed(tally.outcomes) or "none",
        "retried": _by_name(tally.retried, "time"),
        "taken over": _by_name(tally.lost, "run"),
        "progress": ", ".join(f"{name} up to {part:.0%}" for name, part in sorted(tally.progress.items())),
        "purged": _purged(tally.purged),
    }
    for name, said in facts.items():
        lines += _labelled(name, said)
    for word in ("skipped", "missed"):
        for said in _reasons(tally, word):
            lines += _labelled(word, said)
    return [*lines, "", *rows_table(snapshot.before, snapshot.rows)]


def _labelled(name: str, said: str) -> list[str]:
    """Return a fact as lines of a terminal's usual width: none if there is nothing to say."""
    lines = textwrap.wrap(said, WIDTH - LABEL)
    return [f"{name if line is lines[0] else '':<{LABEL}}{line}" for line in lines]


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counted.most_common())


def _by_name(counted: Counter[str], noun: str) -> str:
    named = ", ".join(f"{name} {count:,}" for name, count in counted.most_common())
    return f"{words.plural(counted.total(), noun)}: {named}" if counted else ""


def _purged(counted: Counter[str]) -> str:
    return f"{words.plural(counted.total(), 'row')}: {_listed(counted)}" if counted else ""


def _reasons(tally: Tally, word: str) -> list[str]:
    """Say each reason once, with the schedules it held for."""
    by_reason: dict[str, Counter[str]] = {}
    for (kind, reason, name), count in tally.reasons.items():
        if kind == word:
            by_reason.setdefault(reason, Counter())[name] += count
    return [f"{names.total():,}, {reason} ({_listed_names(names)})" for reason, names in by_reason.items()]


def _listed_names(names: Counter[str]) -> str:
    first = [name for name, _ in names.most_common(3)]
    rest = len(names) - len(first)
    return ", ".join([*first, *([f"{rest} more"] if rest else [])])


def rows_table(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    """Return the rows of each of the shop's tables, before and after, as lines."""
    lines = [f"{'rows':<20}{'before':>10}{'after':>12}{'change':>12}"]
    for name, after in now.items():
        was = before.get(name, 0)
        lines.append(f"{name:<20}{was:>10,}{after:>12,}{words.change(was, after):>12}".rstrip())
    return lines
