"""The ways in which rows are deleted, or dealt with one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.db import models, transaction
from django.db.models.deletion import Collector

from rota.housekeeping.django.archive import Archive
from rota.housekeeping.django.running import this_run
from rota.housekeeping.django.tally import Tally
from rota.housekeeping.django.transactions import Act

CHUNK = 500


def act_of(action: str, archive: Archive | None) -> Act:
    """Return what deals with a batch: `"delete"`, `"raw"`, or the name of a method of the model."""

    def delete(rows: models.QuerySet, tally: Tally) -> None:
        _delete(rows, tally) if archive is None else _archive_and_delete(rows, tally, archive)

    def delete_raw(rows: models.QuerySet, tally: Tally) -> None:
        if archive is not None:
            rows = _pinned(rows)
            tally.archived += archive.put(rows.iterator(CHUNK))
        tally.done += rows._raw_delete(rows.db)

    def call(rows: models.QuerySet, tally: Tally) -> None:
        rows = _pinned(rows)
        if archive is not None:
            tally.archived += archive.put(rows.iterator(CHUNK))
        _call_each(rows, tally, action)

    return {"delete": delete, "raw": delete_raw}.get(action, call)


def _pinned(rows: models.QuerySet) -> models.QuerySet:
    """Return the rows by their keys alone: each once, and the same ones whenever they are asked for."""
    keys = list(dict.fromkeys(rows.values_list("pk", flat=True)))
    return rows.model._base_manager.using(rows.db).filter(pk__in=keys)


def _delete(rows: models.QuerySet, tally: Tally) -> None:
    if type(rows).delete is models.QuerySet.delete:
        _count(rows.delete()[1], rows.model, tally)
    else:  # a queryset of the application's that deletes in its own way, and counts as it likes
        tally.done += rows.count()
        rows.delete()


def _archive_and_delete(rows: models.QuerySet, tally: Tally, archive: Archive) -> None:
    """Write the rows, and all that goes with them, before any of it is deleted."""
    collector = Collector(using=rows.db, origin=rows)
    collector.collect(rows)
    tally.archived += archive.put(_collected(collector))
    _count(collector.delete()[1], rows.model, tally)


def _collected(collector: Collector) -> Iterator[models.Model]:
    instances: Iterable[models.Model] = chain.from_iterable(collector.data.values())
    yield from instances
    for rows in collector.fast_deletes:
        yield from rows.iterator(CHUNK) if isinstance(rows, models.QuerySet) else rows


def _count(deleted: dict[str, int], model: type[models.Model], tally: Tally) -> None:
    own = model._meta.concrete_model._meta.label
    for label, count in deleted.items():
        if label == own:
            tally.done += count
        elif count:
            tally.cascaded[label] += count


def _call_each(rows: models.QuerySet, tally: Tally, method: str) -> None:
    """Call the method of each row, in a savepoint of its own: one that raises harms no other."""
    run = this_run()
    for row in rows.iterator(CHUNK):
        key: Any = row.pk
        try:
            with transaction.atomic(using=rows.db):
                getattr(row, method)()
        except Exception as error:
            tally.fail(key, error)
            if run is not None:
                run.log.warning("row failed", exc_info=True, extra={"row": str(key), "method": method})
        else:
            tally.done += 1
