"""Run a body here and now, without a store: for tests of applications (`rota.eager()`)."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from rota.core.records import Claimed, NewRun
from rota.core.tasks import Body
from rota.runners.local.context import RunContext, context_of, current

log = logging.getLogger("rota.run")


@dataclass(slots=True)
class InlineVoice:
    """Lets a body that runs inline speak: its progress goes nowhere, its lines to the logger."""

    run: Claimed
    context: RunContext | None = None
    cancelled: bool = False
    noticed: bool = False

    def line(self, level: str, message: str) -> None:
        log.log(logging.getLevelNamesMapping().get(level, logging.INFO), message)

    def progress(self, done: float, total: float | None, note: str | None) -> None:
        """Nobody watches."""


def run_inline(run: NewRun, body: Body) -> str:
    """Execute the body of `run`, and return the run's id. What the body raises is raised here.

    Raises:
        subprocess.CalledProcessError: A command ended with another exit code than 0.
    """
    claimed = Claimed(
        id=run.id,
        token=1,
        attempt=1,
        task=run.task,
        args=run.args,
        policy=run.policy,
        queue=run.queue,
        created_at=run.created_at,
        run_at=run.run_at,
        started_at=run.created_at,
    )
    voice = InlineVoice(claimed)
    token = current.set(voice)
    try:
        _execute(body, voice)
    finally:
        current.reset(token)
    return run.id


def _execute(body: Body, voice: InlineVoice) -> None:
    args = dict(voice.run.args)
    if body.command is not None:
        command = body.command
        argv = command.argv[0] if command.shell else list(command.argv)
        environment = {**os.environ, **command.env}
        # The command was declared in code: nothing that was received is in it.
        subprocess.run(argv, shell=command.shell, cwd=command.cwd, env=environment, check=True)  # noqa: S603
        return
    assert body.call is not None
    if body.prepare is not None:
        args = body.prepare(args)
    if body.wants_context is not None:
        args[body.wants_context] = context_of(voice)
    result = body.call(**args)
    if inspect.iscoroutine(result):
        # A thread of its own: the caller may be a coroutine, and one thread has one loop.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_context().run, asyncio.run, result).result()
