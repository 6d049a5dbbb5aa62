"""Delete sessions that have ended, whatever they are kept in."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils import timezone

from rota.declare.options import Span
from rota.declare.ready import ReadyTask
from rota.declare.registry import caller_place
from rota.housekeeping.django.deleting import act_of
from rota.housekeeping.django.limits import Limits
from rota.housekeeping.django.making import made
from rota.housekeeping.django.rows import Rows
from rota.housekeeping.django.running import fresh_connections
from rota.housekeeping.django.sweep import Sweep


def clear_sessions(
    *,
    batch_size: int = 500,
    max_batches: int | None = None,
    stop_after: Span = "1h",
    name: str = "clear-sessions",
) -> ReadyTask:
    """Return a task that deletes sessions that have ended; see `purge` for the arguments.

    Sessions in the database (`db`, `cached_db`, and engines made of them) go in short transactions. Of any
    other engine `clear_expired()` is called; a cache forgets by itself.

    Example:
        >>> rota.schedule(clear_sessions(), daily("04:00"))
    """
    declared = Limits.of(batch_size, max_batches, stop_after)

    def clear(
        batch_size: int = declared.batch_size,
        max_batches: int | None = declared.max_batches,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        limits = Limits.of(batch_size, max_batches, declared.stop_after)
        engine = import_module(settings.SESSION_ENGINE).SessionStore
        with fresh_connections():
            if not hasattr(engine, "get_model_class"):
                return _clear_elsewhere(engine, dry_run)
            model = engine.get_model_class()
            ended = model._default_manager.filter(expire_date__lt=timezone.now())
            sweep = Sweep(
                title="clear sessions", verb="deleted", rows=Rows(model=model, using=ended), limits=limits
            )
            return sweep.plan() if dry_run else sweep.execute(act_of("delete", None))

    return made(name, "Delete sessions that have ended.", clear, caller_place(0))


def _clear_elsewhere(engine: Any, dry_run: bool) -> dict[str, Any]:
    if not dry_run:
        engine.clear_expired()
    return {"engine": settings.SESSION_ENGINE, **({"dry_run": True} if dry_run else {})}
