"""Try again what failed: rows that stand for work, such as purges that could not be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone

from rota.declare.options import Span
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.errors import InvalidValue
from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.making import made
from rota.housekeeping.django.rows import AnyModel, Narrow, Rows, field_of
from rota.housekeeping.django.running import fresh_connections, this_run

COUNTS = ("succeeded", "failed", "given_up", "skipped")


def retry_failed(
    model: AnyModel,
    *,
    where: Narrow,
    call: str,
    attempts: str,
    most: int = 5,
    tried_at: str | None = None,
    delay: Span | None = None,
    succeeded: Mapping[str, Any] | None = None,
    given_up: Mapping[str, Any] | None = None,
    limit: int = 100,
    stop_after: Span = "1h",
    database: str | None = None,
    name: str | None = None,
) -> ReadyTask:
    """Return a task that calls a method of each row that failed, until it succeeds or was tried often enough.

    An attempt is counted, and committed, before the method is called: a row that kills its process is not
    tried for ever. The count is also the claim: of two runs that begin at once, one tries a row. The method
    is called outside of a transaction; what it raises is logged, and harms no other row.

    Args:
        where: What rows that failed look like: a `Q` or a dict, such as `{"status": "failed"}`.
        call: Name of the method that tries again.
        attempts: Name of the field that counts, an integer; kept by the task.
        most: So many attempts, as that field counts them. From 1 to 1000.
        tried_at: Name of the datetime field of the last attempt; kept by the task.
        delay: The least time from one attempt to the next; needs `tried_at`.
        succeeded: Values set on a row whose method has returned, unless the method changes the row itself.
        given_up: Values set on a row whose last attempt has failed.
        limit: The most rows of one run. From 1 to 10,000.
        others: As for `purge`.

    Raises:
        InvalidValue: A value can not be used; the message names it.

    Example:
        >>> rota.schedule(
        ...     retry_failed(Purge, where={"status": "failed"}, call="purge", attempts="tries",
        ...                  succeeded={"status": "done"}, given_up={"status": "abandoned"}),
        ...     every("5m"),
        ... )
    """
    if (delay is None) != (tried_at is None):
        raise InvalidValue("delay", delay, "a delay needs tried_at, and tried_at a delay")
    Limits.of(most, None, stop_after)
    rows = Rows.of(model, delay, tried_at, where, database, or_never=True)
    row = _Row(call, attempts, most, tried_at, dict(succeeded or {}), dict(given_up or {}))
    if not isinstance(model, str):
        row.check(model)
    declared = Limits.of(limit, 1, stop_after)

    def retry_rows(limit: int = declared.batch_size, dry_run: bool = False) -> dict[str, Any]:
        Limits.of(limit, 1, declared.stop_after)
        with fresh_connections():
            row.check(rows.model_class())
            return _retry(rows, row, limit, dry_run)

    described = f"Try {rows.label} rows that failed again."
    return made(name or f"retry-{rows.label.lower()}", described, retry_rows, caller_place(0))


@dataclass(frozen=True, slots=True)
class _Row:
    """How one row is tried; see `retry_failed`."""

    call: str
    attempts: str
    most: int
    tried_at: str | None
    succeeded: Mapping[str, Any]
    given_up: Mapping[str, Any]

    def check(self, model: type[models.Model]) -> None:
        if not isinstance(field_of(model, self.attempts, "attempts"), models.IntegerField):
            raise InvalidValue("attempts", self.attempts, "it must name an integer field")
        if not callable(getattr(model, self.call, None)):
            raise InvalidValue("call", self.call, f"{model._meta.label} has no such method")
        for name in (*self.succeeded, *self.given_up):
            field_of(model, name, "succeeded" if name in self.succeeded else "given_up")

    def retry(self, waiting: models.QuerySet, key: Any, tries: int) -> str:
        """Try one row that was tried `tries` times when the run began; return one of `COUNTS`."""
        tried = tries + 1
        claimed = {self.attempts: tried} | ({self.tried_at: timezone.now()} if self.tried_at else {})
        # Another who has tried it since has changed the count.
        if not waiting.filter(pk=key, **{self.attempts: tries}).update(**claimed):
            return "skipped"
        row = waiting.model._base_manager.using(waiting.db).filter(pk=key)
        found = row.first()
        if found is None:
            return "skipped"
        try:
            getattr(found, self.call)()
        except Exception:
            return self._failed(row, key, tried)
        if self.succeeded:
            row.update(**self.succeeded)
        return "succeeded"

    def _failed(self, row: models.QuerySet, key: Any, tried: int) -> str:
        run, last = this_run(), tried >= self.most
        if run is not None:
            facts = {"row": str(key), "attempt": tried, "of": self.most}
            run.log.warning(
                "attempt %d of %d of row %s failed", tried, self.most, key, exc_info=True, extra=facts
            )
        if last and self.given_up:
            row.update(**self.given_up)
        return "given_up" if last else "failed"


def _retry(rows: Rows, row: _Row, limit: int, dry_run: bool) -> dict[str, Any]:
    waiting = rows.matching().filter(**{f"{row.attempts}__lt": row.most})
    if dry_run:
        return {"would_be_tried": waiting.order_by("pk")[:limit].count(), "dry_run": True}
    run, counts = this_run(), dict.fromkeys(COUNTS, 0)
    keys = list(waiting.order_by("pk").values_list("pk", row.attempts)[:limit])
    for number, (key, tries) in enumerate(keys, 1):
        counts[row.retry(waiting, key, tries)] += 1
        if run is not None:
            run.progress(number, len(keys), f"{counts['succeeded']} succeeded")
            run.raise_if_cancelled()
    return {**counts, "finished": len(keys) < limit}
