"""Filters over history and schedules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rota.core.records.states import RunState, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """A filter over history, newest first.

    Attributes:
        before: Only runs that sort after this one (its `(created_at, id)`), for the next page.
        limit: From 1 to 500.
    """

    rota: str | None = None
    schedule: str | None = None
    task: str | None = None
    states: tuple[RunState, ...] = ()
    queue: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleQuery:
    """A filter over schedules, by name.

    Attributes:
        state: A `ScheduleState`, or `"paused"`: then `now` says which pauses have begun, and without it those
            that are planned count too.
        tasks: Only those of one of these tasks; `None`: of any.
        text: Part of the name, the task or the description, whatever the case.
        is_overridden: Whether one of its fields is; `None`: whichever.
        order: `name`, `-name` for backwards, or `next` for what has to be looked at next.
        after: Only names that sort after this one, for the next page.
        after_due: Its `next_due`, for the next page of `next`.
        limit: From 1 to 500.
    """

    rota: str | None = None
    names: tuple[str, ...] = ()
    state: str | None = None
    now: datetime | None = None
    source: Source | None = None
    tag: str | None = None
    task: str | None = None
    tasks: tuple[str, ...] | None = None
    queue: str | None = None
    text: str | None = None
    is_overridden: bool | None = None
    order: str = "name"
    after: str | None = None
    after_due: datetime | None = None
    limit: int = 50
