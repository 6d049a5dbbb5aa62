"""The runs that an application asks for by `task.enqueue()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rota.core.ids import keyed_id, time_ids
from rota.core.policies import duration
from rota.core.records import AlikeRuns, NewRun
from rota.declare.limits import checked_name
from rota.declare.options import checked_priority
from rota.declare.tasks import EnqueueOptions, Task
from rota.errors import InvalidPolicy, InvalidValue


def requested(
    rota: str,
    task: Task[..., Any],
    batch: Sequence[Mapping[str, Any]],
    options: EnqueueOptions,
    now: datetime,
    random_bits: Callable[[int], int],
) -> AlikeRuns:
    """Return one run for each set of checked arguments. Nothing is stored yet.

    Args:
        random_bits: Returns so many random bits, for ids.

    Raises:
        InvalidValue: An option can not be used.
    """
    if options.key is not None and len(batch) > 1:
        raise InvalidValue("key", options.key, f"one key makes one run, but {len(batch)} are asked for")
    lane = task.options.concurrency
    pattern = NewRun(
        id="",
        rota=rota,
        task=task.name,
        created_at=now,
        run_at=_start(now, options),
        policy=task.options.policy,
        queue=task.options.queue if options.queue is None else checked_name("queue", options.queue),
        priority=task.options.priority if options.priority is None else checked_priority(options.priority),
        lane=lane.key if lane else None,
        lane_limit=lane.limit if lane else 1,
    )
    if options.key is not None:
        return AlikeRuns(pattern, [keyed_id(rota, checked_name("key", options.key))], batch)
    return AlikeRuns(pattern, time_ids(now, random_bits(74), len(batch)), batch)


def _start(now: datetime, options: EnqueueOptions) -> datetime:
    if options.at is not None and options.delay is not None:
        raise InvalidValue("delay", options.delay, "at is given too; give one of them")
    if options.at is not None:
        if options.at.tzinfo is None:
            raise InvalidValue("at", options.at, "it has no zone", "Give an aware datetime.")
        return options.at
    if options.delay is None:
        return now
    wait = duration("delay", options.delay)
    if wait < timedelta(0):
        raise InvalidPolicy("delay", options.delay, "it must not be negative")
    return now + wait
