"""Huey on SQLite or Redis: HUEY_STORE. Without results, as its documentation advises for fire and forget."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from counting import work
from huey import RedisHuey, SqliteHuey

if os.environ["HUEY_STORE"] == "sqlite":
    huey = SqliteHuey(
        filename=str(Path(os.environ["BENCH_FOLDER"]) / "huey.db"),
        results=False,
        fsync=os.environ["HUEY_FSYNC"] == "1",
    )
else:
    huey = RedisHuey(url=os.environ["REDIS_URL"], results=False)


@huey.task(name="noop")
def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    """Its table is made when the file is opened."""


def reset() -> None:
    huey.flush()


def put(values: Iterable[Any]) -> None:
    for value in values:
        noop(value)
