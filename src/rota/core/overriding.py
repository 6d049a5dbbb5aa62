"""The fields of a definition, one by one, as operators give them: JSON values in, a new definition out. Pure.

An override is stored as JSON, so what `with_value` reads and what `value_of` writes is plain JSON: durations
as text (`"1h30m"`), instants as ISO text, policies as their names or as objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from rota.core.policies import (
    Backoff,
    CatchUp,
    CatchUpRule,
    Concurrency,
    Crash,
    Growth,
    Overlap,
    TimeLimit,
    choice,
    duration,
)
from rota.core.records import Definition
from rota.core.records.states import Json
from rota.core.words import format_duration
from rota.errors import InvalidPolicy, InvalidValue, NaiveInstant

Reader = Callable[[str, Any], Any]


def with_value(definition: Definition, field: str, value: Json) -> Definition:
    """Return `definition` with `value` in the place of one field's.

    Raises:
        InvalidValue: There is no such field, or the value can not be used; the message names it.
    """
    if field in _PLAIN:
        return replace(definition, **{field: _PLAIN[field](field, value)})
    policy = definition.policy
    if field in _RETRY:
        name, read = _RETRY[field]
        changed = replace(policy, retry=replace(policy.retry, **{name: read(field, value)}))
    elif field in _LIMITS:
        limits = {_LIMITS[field]: _optional(_span)(field, value)}
        soft, hard = policy.time_limit.soft, policy.time_limit.hard
        changed = replace(policy, time_limit=TimeLimit(**{"soft": soft, "hard": hard, **limits}))
    elif field in _POLICY:
        changed = replace(policy, **{field: _POLICY[field](field, value)})
    else:
        close = get_close_matches(field, FIELDS, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else ""
        raise InvalidValue("field", field, f"it is none of {', '.join(FIELDS)}", hint)
    return replace(definition, policy=changed)


def value_of(definition: Definition, field: str) -> Json:
    """Return the value of one field as JSON that `with_value` reads back."""
    policy = definition.policy
    if field in _RETRY:
        value: Any = policy.retry.attempts - 1 if field == "retries" else getattr(policy.retry, field)
    elif field in _LIMITS:
        value = getattr(policy.time_limit, _LIMITS[field])
    else:
        value = getattr(policy if field in _POLICY else definition, field)
    return _written(value)


def _written(value: Any) -> Json:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        whole = value == timedelta(seconds=value // timedelta(seconds=1))
        return format_duration(value) if whole else f"{value.total_seconds()}s"
    if isinstance(value, CatchUp | Backoff):
        return {name: _written(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, Concurrency):
        return [value.key, value.limit]
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, StrEnum):
        return str(value)
    return dict(value) if isinstance(value, Mapping) else value


def _optional(read: Reader) -> Reader:
    return lambda field, value: None if value is None else read(field, value)


def _kind(kind: type, words: str) -> Reader:
    def read(field: str, value: Any) -> Any:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidValue(field, value, f"it must be {words}")
        return value

    return read


def _whole(low: int) -> Reader:
    def read(field: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise InvalidValue(field, value, f"it must be a whole number, at least {low}")
        return value

    return read


def _span(field: str, value: Any) -> timedelta:
    if (
        isinstance(value, str)
        and value.endswith("s")
        and value[:-1].replace(".", "", 1).isdigit()
        and "." in value
    ):
        return timedelta(seconds=float(value[:-1]))
    return duration(field, value)


def _texts(field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InvalidValue(field, value, "it must be a list of texts")
    return tuple(value)


def _instant(field: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if at.tzinfo is None:
            raise NaiveInstant(value)
        return at.astimezone(UTC)
    except NaiveInstant:
        raise InvalidValue(
            field, value, "it has no zone", "End it with Z or an offset such as +01:00."
        ) from None
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise InvalidValue(field, value, "it must be an instant such as 2026-03-29T01:00:00Z") from None


def _object(field: str, value: Any, reads: Mapping[str, Reader]) -> dict[str, Any]:
    """Read a JSON object of which every key is one of `reads`."""
    for key in value:
        if key not in reads:
            raise InvalidPolicy(field, key, f"it knows {', '.join(reads)}")
    return {key: reads[key](f"{field}.{key}", one) for key, one in value.items()}


def _catch_up(field: str, value: Any) -> CatchUp:
    if isinstance(value, Mapping):
        rule: Reader = lambda name, one: choice(name, one, CatchUpRule)  # noqa: E731
        return CatchUp(**_object(field, value, {"rule": rule, "window": _span, "grace": _span}))
    return CatchUp.of(value)


def _backoff(field: str, value: Any) -> Backoff:
    if isinstance(value, Mapping):
        number = _kind((int, float), "a number")  # type: ignore[arg-type]
        growth: Reader = lambda name, one: choice(name, one, Growth)  # noqa: E731
        reads = {"growth": growth, "first": _span, "factor": number, "ceiling": _span, "jitter": number}
        return Backoff(**_object(field, value, reads))
    return Backoff.of(value)


def _concurrency(field: str, value: Any) -> Concurrency:
    if isinstance(value, Concurrency):
        return value
    pair = (value,) if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    key, limit = (*pair, 1)[:2] if 1 <= len(pair) <= 2 else (None, 1)
    if not isinstance(key, str) or isinstance(limit, bool) or not isinstance(limit, int):
        raise InvalidPolicy(field, value, "write a key, or a pair [key, limit]")
    return Concurrency(key, limit)


_TEXT = _kind(str, "a text")
_PLAIN: dict[str, Reader] = {
    "timetable": _TEXT,
    "args": _kind(Mapping, "an object of arguments by name"),
    "start": _optional(_instant),
    "end": _optional(_instant),
    "max_runs": _optional(_whole(1)),
    "jitter": _span,
    "overlap": lambda field, value: choice(field, value, Overlap),
    "catch_up": _catch_up,
    "concurrency": _optional(_concurrency),
    "priority": _kind(int, "a whole number"),
    "queue": _TEXT,
    "tags": _texts,
    "description": _TEXT,
}
_RETRY: dict[str, tuple[str, Reader]] = {
    "retries": ("attempts", lambda field, value: int(_whole(0)(field, value)) + 1),
    "backoff": ("backoff", _backoff),
    "retry_on": ("retry_on", _texts),
    "give_up_on": ("give_up_on", _texts),
}
_LIMITS = {"time_limit": "soft", "hard_time_limit": "hard"}
_POLICY: dict[str, Reader] = {
    "on_crash": lambda field, value: choice(field, value, Crash),
    "start_deadline": _optional(_span),
}
FIELDS = (*_PLAIN, *_RETRY, *_LIMITS, *_POLICY)
