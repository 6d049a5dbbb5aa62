"""Celery on Redis, set as its guide on optimizing says: no results, large prefetch, no events."""

import json
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import redis
from celery import Celery
from celery.schedules import crontab
from counting import work

URL = os.environ["REDIS_URL"]
app = Celery("peer", broker=URL)
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=200,
    broker_connection_retry_on_startup=True,
    task_serializer="json",
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_pool_limit=10,
)


@app.task(name="noop", ignore_result=True)
def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    """A broker needs no schema."""


def reset() -> None:
    redis.Redis.from_url(URL).flushdb()


def put(values: Iterable[Any]) -> None:
    for value in values:
        noop.delay(value)


def put_many(values: Iterable[Any]) -> None:
    """Celery enqueues one by one; a producer that is kept is its fast way."""
    with app.producer_pool.acquire(block=True) as producer:
        for value in values:
            noop.apply_async((value,), producer=producer)


def cron_next(lines_file: str, zone_name: str, each: int) -> float:
    """Return the microseconds of one next occurrence."""
    lines, zone = json.loads(Path(lines_file).read_text()), ZoneInfo(zone_name)
    began = time.perf_counter()
    for line in lines:
        _walk(line, zone, each)
    return (time.perf_counter() - began) / (len(lines) * each) * 1e6


def _walk(line: str, zone: ZoneInfo, each: int) -> None:
    minute, hour, day, month, weekday = line.split()
    timetable = crontab(minute, hour, weekday, day, month)
    now = datetime(2026, 3, 1, tzinfo=UTC).astimezone(zone)
    timetable.tz, timetable.nowfun = zone, lambda: now
    for _ in range(each):
        now = (now.astimezone(UTC) + timetable.remaining_estimate(now)).astimezone(zone)


def cron_parse(lines_file: str) -> float:
    """Return the microseconds of one parsed line."""
    fields = [line.split() for line in json.loads(Path(lines_file).read_text())]
    began = time.perf_counter()
    for minute, hour, day, month, weekday in fields:
        crontab(minute, hour, weekday, day, month)
    return (time.perf_counter() - began) / len(fields) * 1e6
