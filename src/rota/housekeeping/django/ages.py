"""From an age to the value of a column: which rows are older than that."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import models


def older_before(field: models.Field, now: datetime, age: timedelta, zone: ZoneInfo, aware: bool) -> date:
    """Return the value below which that column is older than `age`.

    A date is older once all of its day is, in `zone`. A naive wall time that clocks show twice is read as the
    later of the two: no row is taken before its age.

    Args:
        now: Aware.
        zone: The project's default zone.
        aware: Whether the column holds instants (`USE_TZ`), not wall times of `zone`.
    """
    at = now - age
    local = at.astimezone(zone)
    if not isinstance(field, models.DateTimeField):
        return local.date()
    if aware:
        return at
    first, second = (local.replace(fold=fold).utcoffset() for fold in (local.fold, 1))
    assert first is not None and second is not None
    return local.replace(tzinfo=None, fold=0) - max(first - second, timedelta(0))
