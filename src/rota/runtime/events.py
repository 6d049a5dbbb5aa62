"""Events: what the application may listen to. Called after the commit; an error in one harms nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from rota.errors import InvalidValue

log = logging.getLogger("rota.events")

KINDS = (
    "run_started",
    "run_succeeded",
    "run_failed",
    "run_retrying",
    "run_cancelled",
    "run_lost",
    "run_missed",
    "run_skipped",
    "schedule_changed",
    "schedule_quarantined",
    "node_joined",
    "node_left",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, and is stored.

    Attributes:
        kind: One of `KINDS`.
        subject: Id of the run or node, or name of the schedule.
        schedule, task: Names, where there are such.
        facts: More, by kind, such as `attempt`, `reason`, `failure`, `count`.
    """

    kind: str
    at: datetime
    subject: str
    schedule: str | None = None
    task: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], object]


class Events:
    """The listeners of one rota."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def on(self, kind: str, listener: Listener) -> None:
        """Call `listener` after each event of that kind.

        Raises:
            InvalidValue: There is no such kind.
        """
        if kind not in KINDS:
            close = get_close_matches(kind, KINDS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else ""
            raise InvalidValue("event", kind, f"it is none of {', '.join(KINDS)}", hint)
        self._listeners[kind].append(listener)

    @contextmanager
    def listening(self, kinds: Iterable[str], listener: Listener) -> Iterator[None]:
        """Call `listener` after each event of these kinds, for as long as the block lasts."""
        for kind in kinds:
            self.on(kind, listener)
        try:
            yield
        finally:
            for kind in kinds:
                self._listeners[kind].remove(listener)

    def wants(self, kind: str) -> bool:
        """Say whether someone listens, so that nothing is built for nobody."""
        return bool(self._listeners.get(kind))

    def tell(self, event: Event) -> None:
        """Call the listeners of the event's kind, one after another."""
        for listener in self._listeners.get(event.kind, ()):
            try:
                listener(event)
            except Exception:
                log.exception("listener failed", extra={"event": event.kind, "subject": event.subject})
