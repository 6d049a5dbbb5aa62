"""Dramatiq on Redis, with its default middleware."""

import os
from collections.abc import Iterable
from typing import Any

import dramatiq
import redis
from counting import work
from dramatiq.brokers.redis import RedisBroker

URL = os.environ["REDIS_URL"]
dramatiq.set_broker(RedisBroker(url=URL))


@dramatiq.actor(actor_name="noop")
def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    """A broker needs no schema."""


def reset() -> None:
    redis.Redis.from_url(URL).flushdb()


def put(values: Iterable[Any]) -> None:
    for value in values:
        noop.send(value)
