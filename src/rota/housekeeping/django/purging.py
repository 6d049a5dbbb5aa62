"""Delete rows that are too old, or have lost what they belonged to."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from django.db import models

from rota.declare.options import Span
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.errors import InvalidValue
from rota.housekeeping.django.archive import archive_at, checked_place
from rota.housekeeping.django.deleting import act_of
from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.making import before_it, made
from rota.housekeeping.django.relations import without
from rota.housekeeping.django.rows import AnyModel, Narrow, Rows, Using, narrowed
from rota.housekeeping.django.running import fresh_connections
from rota.housekeeping.django.sweep import Sweep

BATCH = 500


def purge(
    model: AnyModel,
    *,
    older_than: Span | None = None,
    using: Using | None = None,
    where: Narrow | None = None,
    action: str = "delete",
    archive: str | Path | None = None,
    before: ReadyTask | None = None,
    batch_size: int = BATCH,
    max_batches: int | None = None,
    stop_after: Span = "1h",
    database: str | None = None,
    name: str | None = None,
) -> ReadyTask:
    """Return a task that deletes rows, in short transactions.

    Its runs take `batch_size`, `max_batches` and `dry_run` as arguments, and return numbers.

    Args:
        model: A model, or its label: `"reports.Report"`.
        older_than: A duration, such as `"30d"`; with the name of a field in `using`.
        using: Name of the date or datetime field that tells the age; or a queryset; or a function that gets
            the present time and returns a queryset. Rows of a name are those of the default manager.
        where: A `Q` or a dict of look-ups, in addition.
        action: `"delete"` (as `QuerySet.delete()`: signals, and cascades by the models), `"raw"` (one
            statement of the database: no signals, no cascades), or the name of a method of the model that is
            called on each row.
        archive: Folder, or URL for fsspec, that all rows are written to first.
        before: A task to execute first, such as `backup(...)`; when it fails, nothing is deleted. It is left
            out when no row matches.
        batch_size: Rows in one transaction. From 1 to 10,000.
        max_batches: Transactions in one run.
        stop_after: No batch begins after this much time; the next run goes on.
        database: Alias; default: that of a queryset with one, else as the router says.
        name: Of the task; default: `purge-reports.report`.

    Raises:
        InvalidValue: A value can not be used; the message names it.

    Example:
        >>> rota.schedule(purge(Report, older_than="30d", using="created_at"), daily("02:00"))
    """
    if older_than is None and using is None and where is None:
        raise InvalidValue("older_than", None, "nothing says which rows; the whole table would be deleted")
    rows = Rows.of(model, older_than, using, where, database)
    return _deletion("purge", name, rows, action, archive, before, (batch_size, max_batches, stop_after))


def orphans(
    model: AnyModel,
    *,
    missing: str,
    older_than: Span | None = None,
    using: str | None = None,
    where: Narrow | None = None,
    action: str = "delete",
    archive: str | Path | None = None,
    before: ReadyTask | None = None,
    batch_size: int = BATCH,
    max_batches: int | None = None,
    stop_after: Span = "1h",
    database: str | None = None,
    name: str | None = None,
) -> ReadyTask:
    """Return a task that deletes rows whose relation leads nowhere.

    Args:
        missing: A foreign key that is empty or points to a row that is gone, or a relation from the other
            side (a reverse foreign key, a many-to-many field) that has no row.
        older_than, using: Spare younger rows: what they belong to may be on its way.
        others: As for `purge`.

    Raises:
        InvalidValue: A value can not be used; the message names it.

    Example:
        >>> rota.schedule(orphans(Message, missing="conversation"), weekly("sun", "03:00"))
    """
    rows = Rows.of(model, older_than, using, without(model, missing) & narrowed(where), database)
    return _deletion("orphans", name, rows, action, archive, before, (batch_size, max_batches, stop_after))


def _deletion(
    kind: str,
    name: str | None,
    rows: Rows,
    action: str,
    archive: str | Path | None,
    before: ReadyTask | None,
    limits: tuple[int, int | None, Span],
) -> ReadyTask:
    if not isinstance(action, str) or not action.isidentifier():
        raise InvalidValue("action", action, "it must be 'delete', 'raw', or the name of a method")
    if not isinstance(rows.model, str):
        _check_method(rows.model, action)
    if before is not None and not isinstance(before, ReadyTask):
        raise InvalidValue("before", before, "it must be a task such as backup(...)")
    place, declared = checked_place(archive), Limits.of(*limits)
    title = f"{kind} {rows.label}"
    verb = "deleted" if action in ("delete", "raw") else "called"

    def delete_rows(
        batch_size: int = declared.batch_size,
        max_batches: int | None = declared.max_batches,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        now = Limits.of(batch_size, max_batches, declared.stop_after)
        sweep = Sweep(title=title, verb=verb, rows=rows, limits=now)
        with fresh_connections():
            _check_method(rows.model_class(), action)
            if dry_run:
                return sweep.plan()
            first = before_it(before) if before is not None and rows.matching().exists() else {}
            shelf = nullcontext() if place is None else closing(archive_at(place, rows.label))
            with shelf as opened:
                return {**sweep.execute(act_of(action, opened)), **first}

    described = f"{kind.capitalize()}: {rows.label} rows, in batches of {declared.batch_size}."
    return made(name or f"{kind}-{rows.label.lower()}", described, delete_rows, caller_place(1))


def _check_method(model: type[models.Model], action: str) -> None:
    if action not in ("delete", "raw") and not callable(getattr(model, action, None)):
        raise InvalidValue("action", action, f"{model._meta.label} has no such method")
