"""taskiq on Redis streams, with orjson."""

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import redis
from counting import work
from taskiq.serializers import ORJSONSerializer
from taskiq_redis import RedisStreamBroker

URL = os.environ["REDIS_URL"]
broker = RedisStreamBroker(URL, consumer_id="0", maxlen=200_000).with_serializer(ORJSONSerializer())


@broker.task(task_name="noop")
async def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    """A broker needs no schema."""


def reset() -> None:
    redis.Redis.from_url(URL).flushdb()


def put(values: Iterable[Any]) -> None:
    async def main() -> None:
        await broker.startup()
        for value in values:
            await noop.kiq(value)
        await broker.shutdown()

    asyncio.run(main())
