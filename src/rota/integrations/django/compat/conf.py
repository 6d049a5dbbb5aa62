"""The setting `TASK_SCHEDULER_CONFIG`: one dictionary, every key of which may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from django.conf import settings

from rota.core.localtime import zone_named
from rota.errors import InvalidValue

SETTING = "TASK_SCHEDULER_CONFIG"
MOST_RETRIES = 999
MOST_MINUTES = 3650 * 24 * 60


@dataclass(frozen=True, slots=True)
class CompatConf:
    """What `TASK_SCHEDULER_CONFIG` says.

    Attributes:
        default_tag: Tag of tasks that name none; empty: none.
        default_max_retries: Of retryables that do not say; from 0 to 999.
        default_retry_delay: Minutes between their tries.
        lock_timeout_minutes: How long a task stays locked by a `run_tasks` that died.
        cleanup_days: What `cleanup_tasks` keeps unless it is told otherwise.
        apps: Labels of the apps whose `SCHEDULED_TASKS` count. Default: those of the setting `LOCAL_APPS`,
            and without it all.
        timezone: Zone of hours and minutes; default: the rota's.
    """

    default_tag: str = ""
    default_max_retries: int = 3
    default_retry_delay: float = 5
    lock_timeout_minutes: float = 10
    cleanup_days: float = 30
    apps: tuple[str, ...] | None = None
    timezone: str | None = None

    @property
    def lock_timeout(self) -> timedelta:
        return timedelta(minutes=self.lock_timeout_minutes)


KEYS = tuple(one.name for one in fields(CompatConf))


def compat_conf() -> CompatConf:
    """Return what holds.

    Raises:
        InvalidValue: A key does not exist, or a value can not be used; names it.
    """
    given = getattr(settings, SETTING, {})
    if not isinstance(given, Mapping):
        raise InvalidValue(SETTING, given, "it must be a dictionary", f"Write {SETTING} = {{}}.")
    for key in given:
        if key not in KEYS:
            close = get_close_matches(str(key), KEYS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(KEYS)}."
            raise InvalidValue(SETTING, key, "there is no such key", hint)
    return CompatConf(**{key: _CHECKED[key](f"{SETTING}[{key!r}]", value) for key, value in given.items()})


def checked_retries(field: str, value: object) -> int:
    """Return `value` if it is a whole number from 0 to 999."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_RETRIES:
        raise InvalidValue(field, value, f"it must be a whole number from 0 to {MOST_RETRIES}")
    return value


def checked_minutes(field: str, value: object) -> float:
    """Return `value` if it is a number of minutes, from 0 to ten years."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_MINUTES:
        raise InvalidValue(field, value, f"it must be a number of minutes, from 0 to {MOST_MINUTES}")
    return value


def checked_span(field: str, value: object) -> float:
    """Return `value` if it is a number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_MINUTES:
        raise InvalidValue(field, value, f"it must be a number above 0, and {MOST_MINUTES} at most")
    return value


def checked_tag(field: str, value: object) -> str:
    """Return `value` if it is a text; it may be empty."""
    if not isinstance(value, str) or len(value) > 200 or not (value.isprintable() and value == value.strip()):
        raise InvalidValue(field, value, "it must be one line of text, of 200 characters at most")
    return value


def _apps(field: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple | set) or not all(isinstance(one, str) for one in value):
        raise InvalidValue(field, value, "it must be a list of app labels", 'Write ["reports", "mail"].')
    return tuple(value)


def _zone(field: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValue(field, value, "it must be the name of a zone", "Write 'Europe/Zurich'.")
    zone_named(value)
    return value


_CHECKED: dict[str, Any] = {
    "default_tag": checked_tag,
    "default_max_retries": checked_retries,
    "default_retry_delay": checked_minutes,
    "lock_timeout_minutes": checked_span,
    "cleanup_days": checked_span,
    "apps": _apps,
    "timezone": _zone,
}
