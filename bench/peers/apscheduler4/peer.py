"""APScheduler 4 (alpha) on PostgreSQL, with psycopg's events; `add_job` is its queue."""

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import psycopg
from apscheduler import AsyncScheduler, SchedulerRole
from apscheduler.datastores.sqlalchemy import SQLAlchemyDataStore
from apscheduler.eventbrokers.psycopg import PsycopgEventBroker
from counting import work
from sqlalchemy.ext.asyncio import create_async_engine

DSN = os.environ["PG_DSN"]


async def noop(x: float) -> None:
    work(x)


def _scheduler(role: SchedulerRole) -> AsyncScheduler:
    engine = create_async_engine(DSN.replace("postgresql://", "postgresql+psycopg://"))
    store = SQLAlchemyDataStore(engine, schema="apscheduler")
    events = PsycopgEventBroker(DSN)
    return AsyncScheduler(store, events, role=role, max_concurrent_jobs=100, cleanup_interval=None)


def prepare() -> None:
    """Its tables are made at the first use."""


def reset() -> None:
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS apscheduler CASCADE; CREATE SCHEMA apscheduler")


def put(values: Iterable[Any]) -> None:
    async def main() -> None:
        async with _scheduler(SchedulerRole.scheduler) as scheduler:
            await scheduler.configure_task("noop", func=noop, max_running_jobs=None, job_executor="async")
            for value in values:
                await scheduler.add_job("noop", args=[value])

    asyncio.run(main())


def serve() -> None:
    async def main() -> None:
        async with _scheduler(SchedulerRole.worker) as scheduler:
            await scheduler.configure_task("noop", func=noop, max_running_jobs=None, job_executor="async")
            await scheduler.run_until_stopped()

    asyncio.run(main())
