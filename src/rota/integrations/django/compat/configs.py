"""`ScheduledTaskConfig`: what is scheduled and when, in the fields of the home-made tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from rota.core.timetables import Timetable, cron, daily, every, monthly, weekly
from rota.errors import InvalidValue
from rota.integrations.django.compat.conf import checked_tag

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_HOURS = 24
RANGES = {
    "schedule_interval": (1, 525_600),
    "schedule_hour": (0, 23),
    "schedule_minute": (0, 59),
    "schedule_day_of_week": (0, 6),
    "schedule_day_of_month": (1, 31),
}
REMARKS = {"schedule_day_of_week": ", 0 is Monday"}
# What each type needs, and what it may have besides.
NEEDS: dict[str, tuple[str, ...]] = {
    "minutes": ("schedule_interval",),
    "hourly": ("schedule_interval",),
    "daily": ("schedule_hour", "schedule_minute"),
    "weekly": ("schedule_day_of_week", "schedule_hour", "schedule_minute"),
    "monthly": ("schedule_day_of_month", "schedule_hour", "schedule_minute"),
}
MAY_HAVE: dict[str, tuple[str, ...]] = {"hourly": ("schedule_minute",)}


class InvalidTaskConfig(InvalidValue):
    """An entry of `SCHEDULED_TASKS` has fields that can not be used: all of them are named.

    Attributes:
        func: Path of its function.
        problems: One refusal for each field.
    """

    def __init__(self, func: str, problems: Sequence[InvalidValue]) -> None:
        self.func, self.problems = func, tuple(problems)
        first = self.problems[0]
        self.field, self.value = first.field, first.value
        self.expected, self.hint = first.expected, first.hint
        said = "; ".join(str(one).rstrip(".") for one in self.problems)
        Exception.__init__(self, f"the scheduled task {func}: {said}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledTaskConfig:
    """One entry of `SCHEDULED_TASKS`.

    Attributes:
        func: The function; a static method of a class will do.
        schedule_type: `minutes`, `hourly`, `daily`, `weekly` or `monthly`.
        schedule_interval: Every so many minutes or hours; above 0.
        schedule_hour, schedule_minute: The time of day; with `hourly`, the minute alone, default 0.
        schedule_day_of_week: From 0 (Monday) to 6 (Sunday).
        schedule_day_of_month: From 1 to 31. A month without that day is passed over.
        tag: For `run_tasks --tag`; default: the setting.
        name: Tells two entries of the same function apart; default: the path of the function.

    Raises:
        InvalidTaskConfig: Names every field that can not be used, with its value.

    Example:
        >>> def report(): ...
        >>> weekly = ScheduledTaskConfig(
        ...     func=report, schedule_type="weekly",
        ...     schedule_day_of_week=0, schedule_hour=7, schedule_minute=30,
        ... )
        >>> timetable_of(weekly, "Europe/Zurich").describe()
        'At 07:30 on Mondays'
    """

    func: Callable[..., Any]
    schedule_type: str
    schedule_interval: int | None = None
    schedule_hour: int | None = None
    schedule_minute: int | None = None
    schedule_day_of_week: int | None = None
    schedule_day_of_month: int | None = None
    tag: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise InvalidTaskConfig(_shown(self.func), problems)

    @property
    def path(self) -> str:
        """Path of the function, as the column `function_path` holds it."""
        return path_of(self.func)


def config_of(entry: object) -> ScheduledTaskConfig:
    """Return an entry of `SCHEDULED_TASKS`, which may be a dictionary with the same fields.

    Raises:
        InvalidTaskConfig: A field is unknown, missing, or can not be used.
        InvalidValue: It is neither a config nor a dictionary.
    """
    if isinstance(entry, ScheduledTaskConfig):
        return entry
    if not isinstance(entry, Mapping):
        raise InvalidValue(
            "SCHEDULED_TASKS", entry, "each entry must be a ScheduledTaskConfig or a dictionary"
        )
    known = [one.name for one in fields(ScheduledTaskConfig)]
    unknown = [_unknown(str(key), value, known) for key, value in entry.items() if key not in known]
    missing = [
        InvalidValue(key, None, "it is required, and missing")
        for key in ("func", "schedule_type")
        if key not in entry
    ]
    if unknown or missing:
        raise InvalidTaskConfig(_shown(entry.get("func")), unknown + missing)
    return ScheduledTaskConfig(**entry)


def timetable_of(config: ScheduledTaskConfig, timezone: str | None) -> Timetable:
    """Return when a config is due. Pure.

    Minutes and hours are a beat that restarts do not shift, whereas home-made tables add to the end of the
    last run, and drift. A number of hours that divides the day is counted from midnight.
    """
    interval, minute = config.schedule_interval or 1, config.schedule_minute or 0
    at = f"{config.schedule_hour or 0:02}:{minute:02}"
    if config.schedule_type == "minutes":
        return every(timedelta(minutes=interval))
    if config.schedule_type == "hourly" and DAY_HOURS % interval == 0:
        hours = "*" if interval == 1 else f"*/{interval}"
        return cron(f"{minute} {hours} * * *", timezone=timezone)
    if config.schedule_type == "hourly":
        return every(timedelta(hours=interval), start=f"1970-01-01T00:{minute:02}:00Z")
    if config.schedule_type == "weekly":
        return weekly(f"{WEEKDAYS[config.schedule_day_of_week or 0]} {at}", timezone=timezone)
    if config.schedule_type == "monthly":
        return monthly(config.schedule_day_of_month or 1, at, timezone=timezone)
    return daily(at, timezone=timezone)


def path_of(func: Callable[..., Any]) -> str:
    """Return `package.module.function`, or `package.module.Class.function`."""
    return f"{func.__module__}.{func.__qualname__}"


def function_problem(func: object) -> InvalidValue | None:
    """Return why another process could not call `func`; `None`: it can."""
    name = getattr(func, "__qualname__", "<>")
    if not callable(func):
        return InvalidValue("func", func, "it must be a function")
    if "<" in name or getattr(func, "__module__", None) in (None, "__main__"):
        return InvalidValue(
            "func",
            func,
            "it has no path by which another process finds it",
            "Move it to the top of a module.",
        )
    return None


def checked_path(func: Callable[..., Any]) -> str:
    """Return the path of `func`. Raises `InvalidValue` if another process could not call it."""
    problem = function_problem(func)
    if problem is not None:
        raise problem
    return path_of(func)


def _problems(config: ScheduledTaskConfig) -> Iterator[InvalidValue]:
    unfit = function_problem(config.func)
    if unfit is not None:
        yield unfit
    kind = str(config.schedule_type)
    if kind not in NEEDS:
        close = get_close_matches(kind, NEEDS, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else ""
        yield InvalidValue("schedule_type", config.schedule_type, f"choose one of {', '.join(NEEDS)}", hint)
    for name, (low, high) in RANGES.items():
        value = getattr(config, name)
        problem = _field_problem(kind, name, value, low, high)
        if problem is not None:
            yield problem
    for name, is_empty_fine in (("tag", True), ("name", False)):
        value = getattr(config, name)
        if value is None:
            continue
        try:
            checked_tag(name, value)
        except InvalidValue as error:
            yield error
        else:
            if not value and not is_empty_fine:
                yield InvalidValue(name, value, "it must not be empty")


def _field_problem(kind: str, name: str, value: object, low: int, high: int) -> InvalidValue | None:
    needed = NEEDS.get(kind, ())
    if value is None:
        return InvalidValue(name, value, f"{kind} needs it") if name in needed else None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        remark = REMARKS.get(name, "")
        return InvalidValue(name, value, f"it must be a whole number from {low} to {high}{remark}")
    if kind in NEEDS and name not in (*needed, *MAY_HAVE.get(kind, ())):
        return InvalidValue(name, value, f"{kind} has no use for it", "Leave it out.")
    return None


def _unknown(key: str, value: object, known: list[str]) -> InvalidValue:
    close = get_close_matches(key, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known)}."
    return InvalidValue(key, value, "there is no such field", hint)


def _shown(func: object) -> str:
    return path_of(func) if callable(func) and hasattr(func, "__qualname__") else repr(func)
