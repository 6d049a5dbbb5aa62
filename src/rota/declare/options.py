"""The options of tasks and schedules: checked, and put into the records that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from rota.core.occurrences import first_due
from rota.core.policies import (
    Backoff,
    CatchUp,
    Concurrency,
    Crash,
    Overlap,
    Retry,
    RunPolicy,
    TimeLimit,
    choice,
    duration,
)
from rota.core.records import Definition
from rota.core.timetables import Timetable, parse_timetable
from rota.core.timetables.written import written
from rota.declare.arguments import Arguments
from rota.declare.limits import MAX_TAGS, checked_name
from rota.errors import InvalidPolicy, InvalidValue

Span = str | timedelta
EXECUTORS = (None, "thread", "async", "process")
LEAST_MEMORY = 16 * 2**20
LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
SHARED = frozenset(
    [
        "queue",
        "priority",
        "tags",
        "concurrency",
        "description",
        "retries",
        "backoff",
        "retry_on",
        "give_up_on",
        "time_limit",
        "hard_time_limit",
        "on_crash",
        "start_deadline",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """The defaults of a task, checked. A schedule of the task may set most of them anew."""

    queue: str = "default"
    priority: int = 0
    tags: tuple[str, ...] = ()
    policy: RunPolicy = RunPolicy()
    concurrency: Concurrency | None = None
    executor: str | None = None
    memory_limit: int | None = None
    description: str = ""


def task_options(
    *,
    queue: str = "default",
    priority: int = 0,
    tags: Sequence[str] = (),
    concurrency: Concurrency | str | tuple[str, int] | None = None,
    executor: str | None = None,
    memory_limit: int | None = None,
    description: str | None = None,
    retries: int | None = None,
    **policy: Any,
) -> TaskOptions:
    """Return the options of a task, checked; see `Rota.task`. Raises `InvalidValue`."""
    if executor not in EXECUTORS:
        raise InvalidPolicy("executor", executor, "choose one of 'thread', 'async', 'process'")
    if memory_limit is not None and memory_limit < LEAST_MEMORY:
        raise InvalidPolicy("memory_limit", memory_limit, "it must be at least 16 MiB (16777216)")
    return TaskOptions(
        queue=checked_name("queue", queue),
        priority=checked_priority(priority),
        tags=checked_tags(tags),
        policy=run_policy(TaskOptions().policy, retries=retries, **policy),
        concurrency=concurrency_of(concurrency),
        executor=executor,
        memory_limit=memory_limit,
        description=description or "",
    )


def definition(
    task: str,
    default: TaskOptions,
    arguments: Arguments,
    timetable: Timetable | str,
    timezone: str,
    *,
    args: Mapping[str, Any] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    max_runs: int | None = None,
    jitter: Span = timedelta(0),
    exclude: Timetable | date | Iterable[Any] | None = None,
    overlap: str = "skip",
    catch_up: CatchUp | str = "latest",
    queue: str | None = None,
    priority: int | None = None,
    tags: Sequence[str] | None = None,
    concurrency: Concurrency | str | tuple[str, int] | None = None,
    description: str | None = None,
    **policy: Any,
) -> Definition:
    """Return the definition of a schedule of `task`, checked; see `Rota.schedule`.

    Args:
        default: Of the task: hold where the schedule says nothing.
        timezone: Of the rota: holds where the timetable names none.

    Raises:
        InvalidValue: An option can not be used, or the timetable is never due.
    """
    when = parse_timetable(timetable, timezone) if isinstance(timetable, str) else timetable
    if not isinstance(when, Timetable):
        raise InvalidValue(
            "timetable", timetable, "it must be a timetable or its text", "Write cron('0 2 * * *')."
        )
    if exclude is not None:
        when = when - exclude
    for field, value in (("start", start), ("end", end)):
        if value is not None and value.tzinfo is None:
            raise InvalidValue(field, value, "it has no zone", "Give an aware datetime.")
    if start is not None and end is not None and end < start:
        raise InvalidValue("end", end, f"it is before start ({start})")
    if max_runs is not None and (isinstance(max_runs, bool) or not isinstance(max_runs, int) or max_runs < 1):
        raise InvalidValue("max_runs", max_runs, "it must be a whole number above 0")
    made = Definition(
        task=task,
        timetable=written(when.in_zone(timezone)),
        args=arguments.to_json((), args or {}),
        start=start,
        end=end,
        max_runs=max_runs,
        jitter=_jitter(jitter),
        overlap=choice("overlap", overlap, Overlap),
        catch_up=CatchUp.of(catch_up),
        concurrency=concurrency_of(concurrency) or default.concurrency,
        policy=run_policy(default.policy, **policy),
        priority=default.priority if priority is None else checked_priority(priority),
        queue=default.queue if queue is None else checked_name("queue", queue),
        tags=default.tags if tags is None else checked_tags(tags),
        description=default.description if description is None else description,
    )
    first_due(task, made, LONG_AGO)  # refuses now what could not be evaluated later
    return made


def run_policy(
    base: RunPolicy,
    *,
    retries: int | None = None,
    backoff: Backoff | str | timedelta | None = None,
    retry_on: Sequence[type[BaseException] | str] | None = None,
    give_up_on: Sequence[type[BaseException] | str] | None = None,
    time_limit: str | timedelta | None = None,
    hard_time_limit: str | timedelta | None = None,
    on_crash: str | None = None,
    start_deadline: str | timedelta | None = None,
) -> RunPolicy:
    """Return `base` with what is given in the place of its own.

    Raises:
        InvalidPolicy: A value is out of range; the message names it.
    """
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int)):
        raise InvalidPolicy("retries", retries, "it must be a whole number, from 0 to 999")
    retry = Retry(
        attempts=base.retry.attempts if retries is None else retries + 1,
        backoff=base.retry.backoff if backoff is None else Backoff.of(backoff),
        retry_on=base.retry.retry_on if retry_on is None else _error_names("retry_on", retry_on),
        give_up_on=base.retry.give_up_on if give_up_on is None else _error_names("give_up_on", give_up_on),
    )
    limit = TimeLimit(
        soft=base.time_limit.soft if time_limit is None else duration("time_limit", time_limit),
        hard=base.time_limit.hard
        if hard_time_limit is None
        else duration("hard_time_limit", hard_time_limit),
    )
    return RunPolicy(
        retry=retry,
        time_limit=limit,
        on_crash=base.on_crash if on_crash is None else choice("on_crash", on_crash, Crash),
        start_deadline=base.start_deadline
        if start_deadline is None
        else duration("start_deadline", start_deadline),
    )


def concurrency_of(value: Concurrency | str | tuple[str, int] | None) -> Concurrency | None:
    """Return the policy that `value` stands for: a key alone has a limit of one run at a time."""
    if value is None or isinstance(value, Concurrency):
        return value
    if isinstance(value, str):
        return Concurrency(value)
    try:
        return Concurrency(*value)
    except TypeError:
        raise InvalidPolicy("concurrency", value, "write a key, or a pair (key, limit)") from None


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return `tags` without repeats. Raises `InvalidValue` for a text, or more than 20."""
    if isinstance(tags, str):
        raise InvalidValue("tags", tags, "it must be a list of texts", f"Write [{tags!r}].")
    if len(tags) > MAX_TAGS:
        raise InvalidValue("tags", tags, f"there are {len(tags)}; the most is {MAX_TAGS}")
    return tuple(dict.fromkeys(checked_name("tag", tag) for tag in tags))


def checked_priority(value: int) -> int:
    """Return `value` if it is a whole number from -1000 to 1000."""
    if isinstance(value, bool) or not isinstance(value, int) or not -1000 <= value <= 1000:
        raise InvalidPolicy("priority", value, "it must be a whole number from -1000 to 1000")
    return value


def _jitter(value: Span) -> timedelta:
    width = duration("jitter", value)
    if not timedelta(0) <= width <= timedelta(days=1):
        raise InvalidPolicy("jitter", value, "it must be from 0 to 1 day")
    return width


def _error_names(field: str, errors: Sequence[type[BaseException] | str]) -> tuple[str, ...]:
    if isinstance(errors, str | type):
        errors = [errors]
    names = []
    for one in errors:
        if isinstance(one, str):
            names.append(checked_name(field, one))
        elif isinstance(one, type) and issubclass(one, BaseException):
            names.append(f"{one.__module__}.{one.__qualname__}")
        else:
            raise InvalidPolicy(field, one, "it must hold exception classes, or their names")
    return tuple(names)
