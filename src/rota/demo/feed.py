"""What happened, in order: the rota's events, each with the facts that the store holds of it."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rota import Rota
from rota.demo import words
from rota.runtime.events import KINDS, Event

QUIET = "traffic"  # the tag of schedules whose successes are not told: one each second says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened.

    Attributes:
        word: What: `succeeded`, `retrying`, `skipped` ...
        subject: Name of the schedule, task or node.
        text: The rest of the sentence.
        numbers: What a run says that it did.
        count: Occurrences it stands for.
    """

    at: datetime
    word: str
    subject: str
    text: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    count: int = 1


class Feed(logging.Handler):
    """Listens to a rota, and to what its nodes log as an error."""

    def __init__(self, rota: Rota) -> None:
        super().__init__(logging.ERROR)
        self._rota = rota
        self._events: deque[Event] = deque()
        self._problems: deque[str] = deque()
        for kind in KINDS:
            rota.on(kind, self._events.append)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error of the machinery. That a run failed is told by its event."""
        if record.name != "rota.settle":
            error = record.exc_info[1] if record.exc_info else None
            self._problems.append(f"{record.getMessage()}{f': {error}' if error else ''}")

    def take(self) -> list[Entry]:
        """Return what is new since the last call, oldest first."""
        found = [self._entry(self._events.popleft()) for _ in range(len(self._events))]
        now = self._rota.clock.now()
        found += [
            Entry(at=now, word="problem", subject="rota", text=self._problems.popleft())
            for _ in range(len(self._problems))
        ]
        return found

    def _entry(self, event: Event) -> Entry:
        kind, _, word = event.kind.partition("_")
        run = self._rota.store.run(event.subject) if kind == "run" else None
        subject = event.schedule or event.task or event.subject
        numbers = words.numbers_in(run.result) if run and word == "succeeded" else {}
        return Entry(
            at=event.at,
            word=word if kind == "run" else f"{kind} {word}",
            subject=subject,
            text=_told(word, event.facts, numbers),
            numbers=numbers,
            count=event.facts.get("count", 1),
        )


def _told(word: str, facts: dict[str, Any], numbers: dict[str, int]) -> str:
    match word:
        case "succeeded":
            done = words.say_numbers(numbers)
            again = f", at attempt {facts['attempt']}" if facts["attempt"] > 1 else ""
            return f"{done or 'done'} in {facts['seconds']:.2f} s{again}"
        case "retrying":
            return f"attempt {facts['attempt']} failed: {_error(facts)}"
        case "failed" | "cancelled":
            return _error(facts)
        case "skipped":
            return str(facts["reason"])
        case "missed":
            return f"{words.plural(facts['count'], 'occurrence')}: {facts['reason']}"
        case "lost":
            return "its node died while it was running; it is taken over"
        case "quarantined":
            return str(facts.get("reason", ""))
    return ""


def _error(facts: dict[str, Any]) -> str:
    """Return what an error says; its class, if it says nothing."""
    failure = facts.get("failure")
    if failure is None:
        return str(facts.get("error") or "")
    return str(failure.message or failure.kind.rpartition(".")[2])
