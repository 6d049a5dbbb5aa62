"""SAQ on PostgreSQL. `ttl=-1` drops what has ended."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import psycopg
from counting import work
from saq import Queue

URL = os.environ["PG_DSN"]
queue = Queue.from_url(URL)


async def noop(ctx: object, *, x: float) -> None:
    work(x)


settings = {"queue": queue, "functions": [noop], "concurrency": 10}


def _with_queue(use: Callable[[Queue], Awaitable[None]]) -> None:
    async def main() -> None:
        own = Queue.from_url(URL)
        await own.connect()
        try:
            await use(own)
        finally:
            await own.disconnect()

    asyncio.run(main())


def prepare() -> None:
    async def use(_: Queue) -> None:
        """Connecting makes the tables."""

    _with_queue(use)


def reset() -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        connection.execute("TRUNCATE saq_jobs")


def put(values: Iterable[Any]) -> None:
    async def use(own: Queue) -> None:
        for value in values:
            await own.enqueue("noop", x=value, ttl=-1)

    _with_queue(use)
