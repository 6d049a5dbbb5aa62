"""A node that notes when it does what: `python -m bench.profile.node URL FILE [feed]`, until its input ends.

With `feed` it enqueues what it runs. The file has a label and an instant, seconds, on each line.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from bench.side.driver import paced
from rota import Rota
from rota.declare.tasks import Task
from rota.stores.postgres.cursor import PostgresCursor
from rota.stores.sql.wakeups import Hub
from rota.stores.sqlite.cursor import SqliteCursor

RATE, SECONDS = 50, 8
stamps: list[tuple[str, float]] = []


def application(url: str) -> tuple[Rota, Task[[float], None]]:
    """Return the measured application, and its only task."""
    rota = Rota("bench", housekeeping=False, store=url)

    @rota.task
    def noop(x: float) -> None:
        _stamp("body")

    return rota, noop


def feed(noop: Task[[float], None]) -> list[float]:
    """Enqueue steadily; return when each run was asked for."""
    asked = []
    for value in paced(RATE, SECONDS):
        asked.append(value)
        noop.enqueue(x=value)
    time.sleep(1)  # for the last one
    return asked


def main(url: str, file: str, *feeds: str) -> None:
    _before(Hub, "announce", "heard")
    for cursor in (PostgresCursor, SqliteCursor):
        _around_the_look(cursor)
    rota, noop = application(url)
    rota.store.migrate()
    _after(rota.store, "claim", "claimed")
    node = rota.node(("worker",), concurrency=10)
    node.start()
    noop.enqueue(x=0)
    while not any(label == "body" for label, _ in stamps):
        time.sleep(0.05)
    time.sleep(1)
    stamps.clear()
    if feeds:
        stamps.extend([("asked", at) for at in feed(noop)])
    else:
        print("awake", flush=True)
        sys.stdin.read()
    node.stop()
    Path(file).write_text("".join(f"{label} {at!r}\n" for label, at in stamps))


def _stamp(label: str) -> None:
    stamps.append((label, time.time()))


def _before(holder: Any, name: str, label: str) -> None:
    inner = getattr(holder, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        _stamp(label)
        return inner(*arguments, **named)

    setattr(holder, name, noted)


def _after(holder: Any, name: str, label: str) -> None:
    inner = getattr(holder, name)

    def noted(*arguments: Any, **named: Any) -> Any:
        found = inner(*arguments, **named)
        if found:
            _stamp(label)
        return found

    setattr(holder, name, noted)


def _around_the_look(cursor: Any) -> None:
    inner = cursor.rows

    def noted(self: Any, statement: str, /, **parameters: Any) -> Any:
        if statement != "ready_levels":
            return inner(self, statement, **parameters)
        began = time.time()
        found = inner(self, statement, **parameters)
        if found:
            stamps.extend([("look", began), ("levels", time.time())])
        return found

    cursor.rows = noted


if __name__ == "__main__":
    main(*sys.argv[1:])
