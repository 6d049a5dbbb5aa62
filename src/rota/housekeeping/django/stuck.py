"""Mark rows that have been in work for too long: whoever worked on them is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from rota.declare.options import Span
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.errors import InvalidValue
from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.making import made
from rota.housekeeping.django.rows import AnyModel, Narrow, Rows, field_of
from rota.housekeeping.django.running import fresh_connections
from rota.housekeeping.django.sweep import Sweep
from rota.housekeeping.django.tally import Tally


def mark_stuck(
    model: AnyModel,
    *,
    where: Narrow,
    longer_than: Span,
    using: str,
    set: Mapping[str, Any],
    batch_size: int = 500,
    max_batches: int | None = None,
    stop_after: Span = "1h",
    database: str | None = None,
    name: str | None = None,
) -> ReadyTask:
    """Return a task that sets fields of rows that have been in a state for too long.

    The condition is asked again by the statement that changes the row: one that goes on in that very moment
    is left alone. No signals are sent, and no `save()` is called.

    Args:
        where: What rows in work look like: a `Q` or a dict, such as `{"status": "running"}`.
        longer_than: A duration, such as `"1h"`.
        using: Name of the field that says since when.
        set: The new values; expressions such as `F("tries") + 1` and `Now()` work.
        others: As for `purge`.

    Raises:
        InvalidValue: A value can not be used; the message names it.

    Example:
        >>> rota.schedule(
        ...     mark_stuck(Report, where={"status": "running"}, longer_than="1h", using="started_at",
        ...                set={"status": "failed"}),
        ...     every("5m"),
        ... )
    """
    if not isinstance(set, Mapping) or not set:
        raise InvalidValue("set", set, "it must be a dict of fields and their new values")
    rows = Rows.of(model, longer_than, using, where, database)
    if not isinstance(model, str):
        _check_fields(model, set)
    declared = Limits.of(batch_size, max_batches, stop_after)

    def mark(held: models.QuerySet, tally: Tally) -> None:
        tally.done += held.update(**set)

    def mark_rows(
        batch_size: int = declared.batch_size,
        max_batches: int | None = declared.max_batches,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        limits = Limits.of(batch_size, max_batches, declared.stop_after)
        sweep = Sweep(title=f"mark {rows.label}", verb="marked", rows=rows, limits=limits)
        with fresh_connections():
            _check_fields(rows.model_class(), set)
            return sweep.plan() if dry_run else sweep.execute(mark)

    described = f"Mark {rows.label} rows that have been in work for too long."
    return made(name or f"mark-stuck-{rows.label.lower()}", described, mark_rows, caller_place(0))


def _check_fields(model: type[models.Model], values: Mapping[str, Any]) -> None:
    for one in values:
        if not field_of(model, one, "set").concrete:
            raise InvalidValue("set", one, f"it is no column of {model._meta.label}")
