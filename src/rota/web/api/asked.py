"""What callers of the API send: bodies and queries, checked strictly."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Line = Annotated[str, Meta(max_length=256)]
PageSize = Annotated[int, Meta(ge=1, le=500)]
Moment = Annotated[datetime, Meta(tz=True)]
Args = dict[str, Any]


class ScheduleFilter(Struct, forbid_unknown_fields=True):
    """Which schedules, in which order; `after` continues behind a page: its `next`."""

    sort: Annotated[str, Meta(pattern="^(name|-name|next)$")] = "name"
    state: Line | None = None
    source: Annotated[str, Meta(pattern="^(code|user|override)$")] | None = None
    tag: Line | None = None
    task: Line | None = None
    runner: Line | None = None
    queue: Line | None = None
    text: Line | None = None
    after: Line | None = None
    limit: PageSize = 50


class RunFilter(Struct, forbid_unknown_fields=True):
    """Which runs, newest first; `after` continues behind a page: its `next`."""

    schedule: Line | None = None
    task: Line | None = None
    queue: Line | None = None
    state: list[str] = []
    since: Moment | None = None
    until: Moment | None = None
    after: Line | None = None
    limit: PageSize = 50


class NewSchedule(Struct, forbid_unknown_fields=True):
    """A schedule of a declared task, beside those of the code; `fields` holds more of its definition."""

    name: Name
    task: Name
    timetable: Line
    reason: Reason = ""
    fields: dict[str, Any] = {}


class Fields(Struct, forbid_unknown_fields=True):
    """Fields of a definition, by name."""

    fields: Annotated[dict[str, Any], Meta(min_length=1, max_length=50)]
    reason: Reason = ""
    dry_run: bool = False


class Override(Struct, forbid_unknown_fields=True):
    """Values that win over the declared ones, until `until` or until they are cleared."""

    fields: Annotated[dict[str, Any], Meta(min_length=1, max_length=50)]
    reason: Reason = ""
    until: Moment | None = None
    dry_run: bool = False


class ClearOverride(Struct, forbid_unknown_fields=True):
    """Which fields return to code; none named: all."""

    fields: list[Name] = []
    reason: Reason = ""
    dry_run: bool = False


class Why(Struct, forbid_unknown_fields=True):
    """For the audit."""

    reason: Reason = ""


class PauseRequest(Struct, forbid_unknown_fields=True):
    """From `start` on, or at once, until `until` or until it is resumed."""

    reason: Reason = ""
    start: Moment | None = None
    until: Moment | None = None
    dry_run: bool = False


class Because(Struct, forbid_unknown_fields=True):
    reason: Reason = ""
    dry_run: bool = False


class Trigger(Struct, forbid_unknown_fields=True):
    """`args` in the place of the schedule's; one `key` makes one run, for ever."""

    args: Args | None = None
    key: Name | None = None
    reason: Reason = ""
    dry_run: bool = False


class BackfillRequest(Struct, forbid_unknown_fields=True):
    start: Moment
    end: Moment
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    reason: Reason = ""
    dry_run: bool = True


class ManySchedules(Struct, forbid_unknown_fields=True):
    """One action on many schedules; `dry_run` answers the plan. `start` and `until` are those of a pause."""

    action: Annotated[str, Meta(pattern="^(pause|resume|skip|trigger|reset)$")]
    names: Annotated[list[Name], Meta(min_length=1, max_length=10_000)]
    reason: Reason = ""
    start: Moment | None = None
    until: Moment | None = None
    dry_run: bool = False


class ManyRuns(Struct, forbid_unknown_fields=True):
    """One action on many runs; `dry_run` answers the plan."""

    action: Annotated[str, Meta(pattern="^(cancel|retry)$")]
    ids: Annotated[list[Name], Meta(min_length=1, max_length=500)]
    reason: Reason = ""
    dry_run: bool = False


class MatchingRuns(Struct, forbid_unknown_fields=True):
    """One action on all runs that match; `dry_run` answers the plan.

    With the `at` of the plan, runs made later are not meant. `undo_retry` and `undo_cancel`, with the filter
    and the `at` of what was done, take it back.
    """

    action: Annotated[str, Meta(pattern="^(retry|cancel|undo_retry|undo_cancel)$")]
    schedule: Line | None = None
    task: Line | None = None
    queue: Line | None = None
    state: list[str] = []
    since: Moment | None = None
    until: Moment | None = None
    at: Moment | None = None
    reason: Reason = ""
    dry_run: bool = False


class Revert(Struct, forbid_unknown_fields=True):
    """Which line of the audit: what it is about, and its `at`."""

    subject: Line
    at: Moment
    reason: Reason = ""
    dry_run: bool = False


class RetryRequest(Struct, forbid_unknown_fields=True):
    args: Args | None = None
    reason: Reason = ""
    dry_run: bool = False


class Enqueue(Struct, forbid_unknown_fields=True):
    args: Args = {}
    at: Moment | None = None
    delay: Line | None = None
    key: Name | None = None
    queue: Name | None = None
    priority: Annotated[int, Meta(ge=-1000, le=1000)] | None = None
    dry_run: bool = False


class At(Struct, forbid_unknown_fields=True):
    at: Moment


class HowMany(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=1000)] = 10
    after: Moment | None = None


class LogWindow(Struct, forbid_unknown_fields=True):
    attempt: Annotated[int, Meta(ge=1, le=1000)] | None = None
    offset: Annotated[int, Meta(ge=0, le=2**53)] = 0


class AuditFilter(Struct, forbid_unknown_fields=True):
    subject: Line | None = None
    limit: PageSize = 50


class PreviewRequest(Struct, forbid_unknown_fields=True):
    timetable: Line
    timezone: Line | None = None
    count: Annotated[int, Meta(ge=1, le=100)] = 10


class TestAlertsRequest(Struct, forbid_unknown_fields=True):
    """`channel` alone, or each of them."""

    channel: Name | None = None


class NewTokenRequest(Struct, forbid_unknown_fields=True):
    label: Name
    role: Line
    expires: Line | None = None
