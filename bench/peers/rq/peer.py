"""RQ on Redis; SimpleWorker, which does not fork for each run."""

import os
from collections.abc import Iterable
from typing import Any

from driver import chunks
from redis import Redis
from rq import Queue

connection = Redis.from_url(os.environ["REDIS_URL"])
queue = Queue("default", connection=connection, serializer="rq.serializers.JSONSerializer")


def prepare() -> None:
    """A broker needs no schema."""


def reset() -> None:
    connection.flushdb()


def put(values: Iterable[Any]) -> None:
    for value in values:
        queue.enqueue("counting.work", value, result_ttl=0)


def put_many(values: Iterable[Any]) -> None:
    for part in chunks(values, 1000):
        queue.enqueue_many([Queue.prepare_data("counting.work", (value,), result_ttl=0) for value in part])
