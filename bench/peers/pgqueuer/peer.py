"""PgQueuer on PostgreSQL, by asyncpg."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncpg
from counting import work
from driver import chunks
from pgqueuer import PgQueuer, Queries
from pgqueuer.db import AsyncpgDriver

DSN = os.environ["PG_DSN"]


def _with_queries(use: Callable[[Queries], Awaitable[None]]) -> None:
    async def main() -> None:
        connection = await asyncpg.connect(DSN)
        try:
            await use(Queries(AsyncpgDriver(connection)))
        finally:
            await connection.close()

    asyncio.run(main())


def prepare() -> None:
    command = [sys.executable, "-m", "pgqueuer", "--pg-dsn", DSN, "install"]
    subprocess.run(command, env={**os.environ, "PGDSN": DSN}, check=True, stdout=subprocess.DEVNULL)


def reset() -> None:
    async def main() -> None:
        connection = await asyncpg.connect(DSN)
        await connection.execute("TRUNCATE pgqueuer; TRUNCATE pgqueuer_log; TRUNCATE pgqueuer_statistics")
        await connection.close()

    asyncio.run(main())


def put(values: Iterable[Any]) -> None:
    async def use(queries: Queries) -> None:
        for value in values:
            await queries.enqueue("noop", json.dumps({"x": value}).encode())

    _with_queries(use)


def put_many(values: Iterable[Any]) -> None:
    async def use(queries: Queries) -> None:
        for part in chunks(values, 1000):
            payloads = [json.dumps({"x": value}).encode() for value in part]
            await queries.enqueue(["noop"] * len(part), payloads, [0] * len(part))

    _with_queries(use)


def serve(batch: int) -> None:
    async def main() -> None:
        queuer = PgQueuer(AsyncpgDriver(await asyncpg.connect(DSN)))

        @queuer.entrypoint("noop")
        async def noop(job: Any) -> None:
            work(json.loads(job.payload)["x"])

        await queuer.run(batch_size=batch)

    asyncio.run(main())
