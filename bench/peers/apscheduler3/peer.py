"""APScheduler 3: schedules that are due at one instant, and its cron trigger."""

import json
import os
import pickle
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
URLS = {
    "sqlite": f"sqlite:///{Path(os.environ['BENCH_FOLDER']) / 'apscheduler.db'}",
    "postgres": os.environ.get("PG_DSN", "").replace("postgresql://", "postgresql+psycopg://"),
}
fired: list[float] = []


def prepare() -> None:
    """Its tables are made at the first use."""


def fire() -> None:
    fired.append(time.time())


def burst(kind: str, count: int) -> float:
    """Return the seconds from the instant at which all are due until the last one has been executed."""
    import peer  # jobs are stored by the name of their function's module

    store = MemoryJobStore() if kind == "memory" else SQLAlchemyJobStore(url=URLS[kind])
    scheduler = BackgroundScheduler(
        jobstores={"default": store}, executors={"default": ThreadPoolExecutor(10)}, timezone=UTC
    )
    scheduler.start(paused=True)
    due = datetime.fromtimestamp(int(time.time()) + 4, UTC)
    options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    if kind == "memory":
        for number in range(count):
            scheduler.add_job(peer.fire, DateTrigger(due), id=str(number), next_run_time=due, **options)
    else:
        _insert(scheduler, store, peer.fire, due, count, options)
    scheduler.resume()
    while len(peer.fired) < count and time.time() < due.timestamp() + 60:
        time.sleep(0.02)
    scheduler.shutdown(wait=False)
    if time.time() < due.timestamp() or len(peer.fired) < count:
        raise RuntimeError(f"{len(peer.fired)} of {count} fired")
    return max(peer.fired) - due.timestamp()


def _insert(scheduler: Any, store: Any, call: Any, due: datetime, count: int, options: Any) -> None:
    """Write the rows at once: `add_job` commits each."""
    rows = []
    for number in range(count):
        made = Job(
            scheduler, id=str(number), func=call, trigger=DateTrigger(due), args=(), kwargs={},
            name="fire", executor="default", next_run_time=due, **options,
        )  # fmt: skip
        made._jobstore_alias = "default"
        state = pickle.dumps(made.__getstate__(), pickle.HIGHEST_PROTOCOL)
        rows.append({"id": str(number), "next_run_time": due.timestamp(), "job_state": state})
    with store.engine.begin() as connection:
        for start in range(0, count, 5000):
            connection.execute(store.jobs_t.insert(), rows[start : start + 5000])


def _trigger(line: str, zone: ZoneInfo) -> CronTrigger:
    """Return its trigger for a cron line, with weekdays by name: it counts them from Monday."""
    *others, weekday = line.split()
    if weekday != "*":
        weekday = "-".join(WEEKDAYS[int(one)] for one in weekday.split("-"))
    return CronTrigger.from_crontab(" ".join([*others, weekday]), timezone=zone)


def cron_next(lines_file: str, zone_name: str, each: int) -> float:
    """Return the microseconds of one next occurrence."""
    lines, zone = json.loads(Path(lines_file).read_text()), ZoneInfo(zone_name)
    began = time.perf_counter()
    for line in lines:
        trigger, previous = _trigger(line, zone), None
        now = datetime(2026, 3, 1, tzinfo=UTC).astimezone(zone) + timedelta(microseconds=1)
        for _ in range(each):
            now = previous = trigger.get_next_fire_time(previous, now)
    return (time.perf_counter() - began) / (len(lines) * each) * 1e6


def cron_parse(lines_file: str) -> float:
    """Return the microseconds of one parsed line."""
    lines, zone = json.loads(Path(lines_file).read_text()), ZoneInfo("UTC")
    began = time.perf_counter()
    for line in lines:
        _trigger(line, zone)
    return (time.perf_counter() - began) / len(lines) * 1e6
