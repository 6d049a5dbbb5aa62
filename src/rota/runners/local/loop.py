"""The async executor: coroutines, on one event loop in one thread."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic

from rota.errors import HardLimitExceeded, RunCancelled, RunInterrupted, TimeLimitExceeded
from rota.runners.local.attempt import Attempt
from rota.runners.local.context import current
from rota.runners.local.deadlines import Deadlines
from rota.runners.local.limits import Limits
from rota.runners.local.outbox import Outbox, ending_of

log = logging.getLogger("rota.runner")
BLOCKED = 1.0


class LoopExecutor:
    """Runs up to `size` coroutines at once. See `Executor`.

    A body is interrupted by cancelling its task: it sees `CancelledError`, as asyncio code expects (task
    groups and time-outs tidy up on nothing else), and the history sees what it stood for.
    """

    def __init__(self, size: int, outbox: Outbox, limits: Limits, deadlines: Deadlines) -> None:
        self._size, self._outbox, self._limits, self._deadlines = size, outbox, limits, deadlines
        self._ready: deque[Attempt] = deque()
        self._home: _Home | None = None
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, attempts: Sequence[Attempt]) -> None:
        self._ready.extend(attempts)
        self._call_home()

    def withdraw(self, attempt: Attempt) -> bool:
        try:
            self._ready.remove(attempt)
        except ValueError:
            return False
        except IndexError:  # the deque changed while it was searched
            return self.withdraw(attempt)
        return True

    def interrupt(self, attempt: Attempt, error: type[RunInterrupted]) -> bool:
        task: asyncio.Task[None] | None = attempt.handle
        if task is None:
            return False
        with suppress(RuntimeError):  # the loop is closed: the node has stopped
            task.get_loop().call_soon_threadsafe(_cancel, attempt, task, error)
        return True

    def flag(self, attempt: Attempt) -> None: ...

    def kill(self, attempt: Attempt) -> None:
        """A coroutine can not be killed: settle the attempt, and leave a loop that it blocks."""
        if attempt.ended:
            return
        limit = attempt.run.policy.time_limit.hard
        error = HardLimitExceeded(attempt.run.task, limit, killed=False)
        self._outbox.finish(attempt, attempt.forced_outcome(), ending_of(attempt.run, error))
        facts = {"task": attempt.run.task, "run": attempt.run.id, "limit": str(limit)}
        log.error("hard time limit exceeded; coroutine abandoned", extra=facts)
        self.interrupt(attempt, TimeLimitExceeded)
        home = self._home
        if home is not None:
            home.running.pop(attempt, None)
            home.alive = False
            home.loop.call_soon_threadsafe(home.show_life)
            self._call_home()
            self._deadlines.add(BLOCKED, partial(self._leave_if_blocked, home))

    def close(self, seconds: float) -> None:
        self._closed = True
        home = self._home
        if home is not None:
            home.end(cancel=True)
            home.join(seconds)

    def _leave_if_blocked(self, home: _Home) -> None:
        """Go on with a new loop when the old one does nothing: a body blocks it. In the deadlines' thread."""
        if home.alive or self._closed:
            return
        log.error("the event loop is blocked; another takes over", extra={"running": len(home.running)})
        with self._lock:
            if self._home is home:
                home.left = True
                self._home = None
        for attempt in reversed(list(home.fresh)):
            if home.fresh.pop(attempt, None) is not None:
                self._ready.appendleft(attempt)
        home.end(cancel=False)
        if self._ready:
            self._call_home()

    def _call_home(self) -> None:
        """Let the loop look at the queue; begin a loop if there is none."""
        with self._lock:
            if self._closed:
                return
            if self._home is None:
                self._home = _Home()
            home = self._home
            if home.called:
                return
            home.called = True
        home.loop.call_soon_threadsafe(self._pump, home)

    def _pump(self, home: _Home) -> None:
        """Begin what there is room for. In the loop."""
        home.called = False
        while len(home.running) < self._size and not home.left:
            try:
                attempt = self._ready.popleft()
            except IndexError:
                return
            home.fresh[attempt] = True
            attempt.handle = task = home.loop.create_task(self._perform(attempt, home))
            home.running[attempt] = task

    async def _perform(self, attempt: Attempt, home: _Home) -> None:
        if home.fresh.pop(attempt, None) is None:  # the loop was left meanwhile, and another has the attempt
            return
        outbox = self._outbox
        current.set(attempt)
        attempt.started_at = outbox.clock.now()
        limited = self._limits.begin(attempt)
        began = monotonic()
        try:
            if attempt.cancelled:
                raise RunCancelled
            call = attempt.known.body.call
            assert call is not None
            value = call(**attempt.arguments())
            if inspect.isawaitable(value):
                value = await value
        except BaseException as error:  # also SystemExit: a body does not end the node
            outbox.raised(attempt, _translated(attempt, error))
        else:
            outbox.returned(attempt, value)
        if limited:
            self._limits.end(attempt)
        took = monotonic() - began
        attempt.known.pace += (took - attempt.known.pace) * 0.2
        outbox.pace += (took - outbox.pace) * 0.1
        home.running.pop(attempt, None)
        if self._ready and not home.called:
            self._pump(home)


class _Home:
    """An event loop and its thread.

    Attributes:
        running: The attempts on it, in the order they came.
        fresh: Those that have not begun. Whoever pops one from here has it.
        called: It was asked to look at the queue, and has not yet.
        alive: It has answered since it was last asked.
        left: A body blocks it. What is on it ends there if the body ever lets go.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.running: dict[Attempt, asyncio.Task[None]] = {}
        self.fresh: dict[Attempt, bool] = {}
        self.called = False
        self.alive = True
        self.left = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="rota-loop", daemon=True)
        self._thread.start()

    def show_life(self) -> None:
        self.alive = True

    def end(self, *, cancel: bool) -> None:
        """End the loop once nothing runs on it. A task that never ends keeps it, in a daemon thread."""
        self.loop.call_soon_threadsafe(lambda: self.loop.create_task(self._end(cancel)))

    def join(self, seconds: float) -> None:
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    async def _end(self, cancel: bool) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            if cancel:
                task.cancel()
        if others:
            await asyncio.wait(others)
        self._ended = True
        self.loop.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._ended:
            try:
                self.loop.run_forever()
            except BaseException:  # SystemExit in a task that a body began: asyncio lets it through
                log.exception("a task of a body tried to end the event loop")
        with suppress(Exception):
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


def _cancel(attempt: Attempt, task: asyncio.Task[None], error: type[RunInterrupted]) -> None:
    """Cancel the task of a body that has not ended. In the loop."""
    if not task.done():
        attempt.mark(error)
        task.cancel()


def _translated(attempt: Attempt, error: BaseException) -> BaseException:
    """Return what a cancelled task stands for."""
    if not isinstance(error, asyncio.CancelledError):
        return error
    if attempt.cancelled:
        return RunCancelled().with_traceback(error.__traceback__)
    if attempt.limited:
        limit = attempt.run.policy.time_limit.soft
        return TimeLimitExceeded(limit).with_traceback(error.__traceback__)
    return error
