"""The child's side: a process that executes bodies in its main thread, and says what becomes of them.

A second thread reads the pipe. What it reads of an interruption it notes with the number of the order, and
then signals the main thread; the handler raises only if that order is still in its body. So an interruption
that comes late hits nothing. When the pipe ends the node is gone, and so is this process.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from contextvars import copy_context
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any

from rota.core.tasks import Body
from rota.errors import ResultRefused, RunCancelled, RunInterrupted, TimeLimitExceeded
from rota.runners.local import logs
from rota.runners.local.context import context_of, current
from rota.runners.local.imports import imported, object_at
from rota.runners.local.memory import held_memory, memory_limit
from rota.runners.local.outbox import Ending, ending_of
from rota.runners.local.pipe_voice import PipeVoice
from rota.runners.local.results import result_text
from rota.runners.local.wire import (
    CANCEL,
    FLAG,
    Begun,
    Ended,
    Interrupt,
    Order,
    Up,
    down_decoder,
    line_of,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(down: int, up: int, setup: str) -> None:
    """Execute orders until the pipe ends."""
    for fd in (down, up):
        os.set_inheritable(fd, False)  # or what a body starts would keep the pipes open
    Child(down, up).serve(setup)


class Child:
    """Executes one order at a time."""

    def __init__(self, down: int, up: int) -> None:
        self._down, self._up = down, up
        self._pid = os.getpid()
        self._main = threading.get_ident()
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._voice: PipeVoice | None = None
        self._busy = False
        # Of the main thread and its signal handler:
        self._inside = 0  # the order whose body is being executed
        self._asked: deque[Interrupt] = deque()
        self._shields = 0
        self._late = False
        self._coroutine: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def serve(self, setup: str) -> None:
        signal.signal(signal.SIGUSR1, self._on_signal)
        logs.capture()
        if setup:
            object_at(setup)()
        threading.Thread(target=self._listen, name="rota-listener", daemon=True).start()
        while (order := self._orders.get()) is not None:
            self._execute(order)

    def say(self, message: Up) -> None:
        """Tell the node. An interruption waits until the line is out: half a line would be the last one."""
        if os.getpid() != self._pid:  # a fork of a body: the pipe is not its own
            return
        with self._shielded(), self._lock, suppress(OSError):
            write_all(self._up, line_of(message))

    # -- the thread that listens
    def _listen(self) -> None:
        with os.fdopen(self._down, "rb") as lines:
            for line in lines:
                message = down_decoder.decode(line)
                if isinstance(message, Order):
                    self._busy = True
                    self._orders.put(message)
                else:
                    self._interrupt(message)
        if self._busy:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        self._orders.put(None)

    def _interrupt(self, message: Interrupt) -> None:
        voice = self._voice
        if message.how != "limit" and voice is not None and voice.number == message.number:
            voice.cancelled = True
        self._asked.append(message)
        if message.how != FLAG:
            signal.pthread_kill(self._main, signal.SIGUSR1)

    # -- the main thread
    def _on_signal(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Raise what was asked for, if it is for the order whose body is being executed."""
        if not self._inside:
            return
        if self._shields:
            self._late = True
            return
        wanted = [one for one in self._asked if one.number == self._inside and one.how != FLAG]
        if not wanted:
            return
        for one in wanted:
            self._asked.remove(one)
        if self._coroutine is not None:
            loop, task = self._coroutine
            loop.call_soon_threadsafe(task.cancel)
            return
        raise RunCancelled if any(one.how == CANCEL for one in wanted) else TimeLimitExceeded

    @contextmanager
    def _shielded(self) -> Iterator[None]:
        if threading.get_ident() != self._main:
            yield
            return
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if self._late and not self._shields:
                self._late = False
                self._on_signal()

    def _execute(self, order: Order) -> None:
        self._voice = voice = PipeVoice(order.run, order.number, self.say)
        voice.cancelled = any(one.number == order.number and one.how != "limit" for one in list(self._asked))
        value: Any = None
        error: BaseException | None = None
        try:
            body = imported(order)
            self.say(Begun())
            with memory_limit(order.memory_limit):
                value, error = copy_context().run(self._perform, order, body, voice)
        except BaseException as problem:  # what can not be imported; or the second of two interruptions
            self._inside = 0
            error = problem
        ending = self._ending(order, value, error)
        voice.last_progress()
        self._asked = deque(one for one in self._asked if one.number > order.number)
        self._busy = False
        self.say(
            Ended(
                ending=ending,
                noticed=voice.noticed,
                exhausted=isinstance(error, MemoryError),
                memory=held_memory(),
            )
        )

    def _perform(self, order: Order, body: Body, voice: PipeVoice) -> tuple[Any, BaseException | None]:
        """Call the body. At most two interruptions come for an order: here, and after `_inside` was set back
        the second; `_execute` has a place for it. Compare `gate.py`."""
        current.set(voice)
        call = body.call
        assert call is not None
        try:
            try:
                args: dict[str, Any] = (
                    dict(order.run.args) if body.prepare is None else body.prepare(order.run.args)
                )
                if order.wants_context is not None:
                    args[order.wants_context] = context_of(voice)
                self._inside = order.number
                self._on_signal()  # what was asked for while the module was imported
                value = call(**args)
                if inspect.iscoroutine(value):
                    value = self._run_coroutine(value)
            finally:
                self._inside = 0
        except BaseException as error:  # also SystemExit: the child goes on
            self._inside = 0
            return None, self._translated(error, order)
        return value, None

    def _run_coroutine(self, coroutine: Any) -> Any:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()

            async def wrapped() -> Any:
                task = asyncio.current_task()
                assert task is not None
                self._coroutine = (loop, task)
                try:
                    return await coroutine
                finally:
                    self._coroutine = None

            return runner.run(wrapped())

    def _translated(self, error: BaseException, order: Order) -> BaseException:
        if not isinstance(error, asyncio.CancelledError) or self._voice is None:
            return error
        kind: type[RunInterrupted] = RunCancelled if self._voice.cancelled else TimeLimitExceeded
        return kind().with_traceback(error.__traceback__)

    def _ending(self, order: Order, value: Any, error: BaseException | None) -> Ending:
        if error is None:
            try:
                return Ending(result=result_text(order.run.task, value))
            except ResultRefused as refused:
                error = refused
        return ending_of(order.run, error)


if __name__ == "__main__":
    sys.exit("this module is started by the local runner")
