"""What people filter by: read from the address, and written back into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from rota.core.records import RunQuery, RunState
from rota.errors import InvalidValue
from rota.operations.shapes import utc
from rota.web.api.runs import position_of
from rota.web.inputs import in_range

PAGE = 50
WITHIN = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
NAMES = ("state", "schedule", "task", "queue", "within", "since", "until")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """The facets of the explorer, as they stand in the address; `""` where one is not used."""

    state: tuple[str, ...] = ()
    schedule: str = ""
    task: str = ""
    queue: str = ""
    within: str = ""
    since: str = ""
    until: str = ""
    after: str = ""

    @property
    def is_used(self) -> bool:
        return any((self.state, self.schedule, self.task, self.queue, self.within, self.since, self.until))

    def query(self, now: datetime) -> RunQuery:
        """Return what the store is asked. Raises `InvalidValue`, `Fault`."""
        since = moment("since", self.since)
        if self.within:
            if self.within not in WITHIN:
                raise InvalidValue("within", self.within, f"choose one of {', '.join(WITHIN)}")
            # To the minute: the same page for a minute.
            since = now.replace(second=0, microsecond=0) - WITHIN[self.within]
        return RunQuery(
            schedule=self.schedule or None,
            task=self.task or None,
            queue=self.queue or None,
            states=tuple(map(_state, self.state)),
            since=since,
            until=moment("until", self.until),
            before=position_of(self.after) if self.after else None,
            limit=PAGE,
        )

    def fixed(self, now: datetime) -> RunFilter:
        """Return the filter that means the same runs later, too."""
        since = self.query(now).since
        return replace(self, within="", since=utc(since) or "", after="")

    def pairs(self, **changes: str | tuple[str, ...]) -> list[tuple[str, str]]:
        """Return the facets that are used, with some changed, and other parameters."""
        values = {name: changes.get(name, getattr(self, name)) for name in NAMES}
        values |= {name: value for name, value in changes.items() if name not in NAMES}
        return [
            (name, one)
            for name, value in values.items()
            for one in (value if isinstance(value, tuple) else (value,))
            if one
        ]

    def address(self, **changes: str | tuple[str, ...]) -> str:
        """Return the query of an address with some facets changed, and back on the first page."""
        pairs = self.pairs(**changes)
        return f"?{urlencode(pairs)}" if pairs else "?"


def run_filter(given: Any) -> RunFilter:
    """Read the facets of an address or a form. Several states may be given: `state=failed&state=missed`."""
    states = [part for one in given.getlist("state") for part in one.split(",") if part]
    others = {name: given.get(name, "").strip()[:256] for name in (*NAMES[1:], "after")}
    return RunFilter(state=tuple(dict.fromkeys(states)), **others)


def _state(text: str) -> RunState:
    try:
        return RunState(text)
    except ValueError:
        raise InvalidValue("state", text, "it is none", f"Choose of {', '.join(RunState)}.") from None


def moment(name: str, text: str) -> datetime | None:
    """Read an instant of an address; `None` for `""`. Raises `InvalidValue`, `Fault`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidValue(name, text, "write an instant such as 2026-03-29T01:00:00Z")
    return in_range(name, at)
