"""Run a body at once, in the caller's thread, without a store: `rota.eager()`, and tests."""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from rota.core.ids import time_id
from rota.core.policies import RunPolicy
from rota.core.records import Claimed, Json
from rota.core.tasks import Body
from rota.runners.local.context import RunContext, Voice, context_of, current
from rota.runners.local.results import result_text

log = logging.getLogger("rota.run")


def run_inline(body: Body, args: Mapping[str, Json]) -> str:
    """Execute `body` with stored arguments, and return the id of the run that was never stored.

    What the body raises comes out of here, so that a test sees it; there are no limits and no retries.
    """
    now = datetime.now(UTC)
    run = Claimed(
        id=time_id(now, secrets.randbits(74)),
        token=0,
        attempt=1,
        task=body.name,
        args=args,
        policy=RunPolicy(),
        queue="default",
        created_at=now,
        run_at=now,
        started_at=now,
    )
    value = copy_context().run(perform, body, _Voice(run))
    result_text(body.name, value)  # refused here as it would be by a worker
    return run.id


class _Voice:
    """A voice that nobody records: lines are on their way to `logging` anyway."""

    def __init__(self, run: Claimed) -> None:
        self.run = run
        self.context: RunContext | None = None
        self.cancelled = self.noticed = False

    def line(self, level: str, message: str) -> None: ...
    def progress(self, done: float, total: float | None, note: str | None) -> None: ...


def perform(body: Body, voice: Voice) -> Any:
    """Execute `body` in this thread and context, whatever its executor; return what it returns."""
    if body.command is not None:
        _command(body, voice.run)
        return None
    current.set(voice)
    args: dict[str, Any] = dict(voice.run.args) if body.prepare is None else body.prepare(voice.run.args)
    if body.wants_context is not None:
        args[body.wants_context] = context_of(voice)
    assert body.call is not None
    value = body.call(**args)
    return _awaited(value) if inspect.iscoroutine(value) else value


def _awaited(coroutine: Any) -> Any:
    """Run a coroutine to its end; in a thread of its own when an event loop is running here."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    ended: Future[Any] = Future()
    context = copy_context()

    def run() -> None:
        try:
            ended.set_result(context.run(asyncio.run, coroutine))
        except BaseException as error:
            ended.set_exception(error)

    threading.Thread(target=run, name="rota-inline").start()
    return ended.result()


def _command(body: Body, run: Claimed) -> None:
    # Subprocesses are only imported by those who have commands.
    from rota.errors import CommandFailed
    from rota.runners.local.commands import read_lines, start

    assert body.command is not None
    group = start(body.command, run)
    last_line = read_lines(group, lambda text: log.info("%s", text))
    status = group.end(kill=False)
    if status:
        raise CommandFailed(status, last_line)
