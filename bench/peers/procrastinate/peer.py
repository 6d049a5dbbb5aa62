"""procrastinate on PostgreSQL, by psycopg 3."""

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import procrastinate
import psycopg
from counting import work
from driver import chunks

DSN = os.environ["PG_DSN"]
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DSN, min_size=2, max_size=12))


@app.task(name="noop")
async def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    async def main() -> None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    asyncio.run(main())


def reset() -> None:
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute("TRUNCATE procrastinate_jobs RESTART IDENTITY CASCADE")
        connection.execute("TRUNCATE procrastinate_workers RESTART IDENTITY CASCADE")


def put(values: Iterable[Any]) -> None:
    async def main() -> None:
        async with app.open_async():
            for value in values:
                await noop.defer_async(x=value)

    asyncio.run(main())


def put_many(values: Iterable[Any]) -> None:
    async def main() -> None:
        async with app.open_async():
            for part in chunks(values, 1000):
                await noop.batch_defer_async(*[{"x": value} for value in part])

    asyncio.run(main())
