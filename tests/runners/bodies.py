"""Bodies that child processes import. They speak to the test through files and pipes they are handed."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from threading import Event
from types import SimpleNamespace

from rota.core.tasks import Body
from rota.errors import GiveUp, Retry, RunCancelled, TimeLimitExceeded
from rota.runners.local.context import RunContext, current_run
from tests.runners.turns import a_turn

log = logging.getLogger("tests.bodies")
calls = 0


def add(a: int, b: int) -> int:
    return a + b


def count_calls() -> dict[str, int]:
    global calls
    calls += 1
    return {"calls": calls, "pid": os.getpid()}


def chatty(context: RunContext) -> dict[str, object]:
    log.info("from logging")
    log.debug("not kept")
    context.log.warning("from %s", "the context")
    context.progress(3, 4, "nearly")
    assert current_run() is context
    return {"attempt": context.attempt, "start": context.window_start}


def fail() -> None:
    raise ValueError("it is wrong")


def retry() -> None:
    raise Retry(after="90s", reason="busy")


def give_up() -> None:
    raise GiveUp("the account is gone")


def exit_politely() -> None:
    sys.exit(3)


def exit_hard(status: int) -> None:
    log.info("last words")
    os._exit(status)


def crash() -> None:
    ctypes.string_at(0)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """Ends by an interruption only."""
    current_run().progress(1)
    Event().wait()


def hang_busily() -> None:
    current_run().progress(1)
    while True:
        pass


def hang_stubbornly(path: str) -> None:
    """Ends by SIGKILL only, and so does what it starts."""
    child = subprocess.Popen(["sleep", "1000"])
    Path(path).write_text(str(child.pid))
    current_run().progress(1)
    while True:
        try:
            Event().wait()
        except BaseException as error:
            log.info("ignored %s", type(error).__name__)


def tidy_up() -> str:
    current_run().progress(1)
    try:
        Event().wait()
    except TimeLimitExceeded:
        return "partial"
    return "never"


def tidy_up_when_cancelled() -> None:
    current_run().progress(1)
    try:
        Event().wait()
    except RunCancelled:
        log.info("tidied up")
        raise


def look() -> str:
    context = current_run()
    context.progress(1)
    while not context.cancelled:
        Event().wait(0.005)
    return "looked"


def eat(size: int) -> int:
    return len(bytearray(size))


def big_result() -> str:
    return "x" * 300_000


def weekday(day: date) -> str:
    return day.strftime("%A")


async def sleep_async() -> None:
    current_run().progress(1)
    await asyncio.Event().wait()


async def add_async(a: int, b: int) -> int:
    await a_turn()
    return a + b


def shout() -> None:
    for _ in range(20):
        log.info("x" * 100_000)


def _double(values: object) -> dict[str, int]:
    return {name: value * 2 for name, value in dict(values).items()}  # type: ignore[call-overload]


doubled = SimpleNamespace(function=add, body=Body(name="doubled", call=add, prepare=_double))
not_callable = 3
