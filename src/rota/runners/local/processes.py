"""The process executor: bodies in processes, which can be killed, bounded, and lost without harm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic

from rota.core.tasks import Body, Command
from rota.errors import (
    CommandFailed,
    HardLimitExceeded,
    NotImportable,
    ProcessDied,
    ProcessStuck,
    RunCancelled,
    RunInterrupted,
    TimeLimitExceeded,
)
from rota.runners.local import commands
from rota.runners.local.attempt import Attempt
from rota.runners.local.children import Child
from rota.runners.local.deadlines import Deadlines
from rota.runners.local.group import Group
from rota.runners.local.limits import Limits
from rota.runners.local.outbox import Outbox
from rota.runners.local.pool import Pool, Slot
from rota.runners.local.wire import CANCEL, FLAG, LIMIT, Begun, Ended, Interrupt, Line, Order, Progress

START_SECONDS = 60.0
RECYCLE_RUNS = 1000
RECYCLE_BYTES = 256 * 1024 * 1024


class Work:
    """A process at work on one attempt. Once `finish` was called nothing reaches the process through it.

    Args:
        ask: Asks the process to end the attempt.
    """

    def __init__(self, attempt: Attempt, group: Group, ask: Callable[[type[RunInterrupted]], None]) -> None:
        self._attempt, self._group, self._ask = attempt, group, ask
        self._lock = threading.Lock()
        self._over = False
        self.killed = False

    def interrupt(self, error: type[RunInterrupted]) -> bool:
        with self._lock:
            if self._over:
                return False
            self._attempt.mark(error)
            self._ask(error)
            return True

    def kill(self) -> None:
        with self._lock:
            if not self._over:
                self.killed = True
                self._group.send(signal.SIGKILL)

    def finish(self) -> None:
        with self._lock:
            self._over = True


class ProcessExecutor:
    """Executes functions in child processes that are used again, and commands. See `Executor`.

    Args:
        setup: `module:function` that each child calls before its first order.
    """

    def __init__(
        self,
        slots: int,
        outbox: Outbox,
        limits: Limits,
        deadlines: Deadlines,
        kill_grace: timedelta,
        setup: str | None,
    ) -> None:
        self._outbox, self._limits, self._deadlines = outbox, limits, deadlines
        self._kill_grace, self._setup = kill_grace.total_seconds(), setup
        self._pool = Pool("process", slots, self._execute, deadlines, _close_child)
        self._works: set[Work] = set()
        self._closed = False

    def submit(self, attempts: Sequence[Attempt]) -> None:
        self._pool.submit(attempts)

    def withdraw(self, attempt: Attempt) -> bool:
        return self._pool.withdraw(attempt)

    def flag(self, attempt: Attempt) -> None:
        work = attempt.handle
        if isinstance(work, _BodyWork):
            work.flag()

    def interrupt(self, attempt: Attempt, error: type[RunInterrupted]) -> bool:
        work: Work | None = attempt.handle
        if work is None or not work.interrupt(error):
            return False
        if error is RunCancelled:
            attempt.deadlines += (self._deadlines.add(self._kill_grace, work.kill),)
        return True

    def kill(self, attempt: Attempt) -> None:
        work: Work | None = attempt.handle
        if work is not None:
            work.kill()

    def close(self, seconds: float) -> None:
        self._closed = True  # before the look: what begins just now sees it, and ends itself
        for work in self._works.copy():  # of runs that were dropped: nobody else waits for these
            work.kill()
        self._pool.close(seconds)

    def _begin(self, work: Work) -> None:
        self._works.add(work)
        if self._closed:
            work.kill()

    def _execute(self, attempt: Attempt, slot: Slot) -> None:
        """Execute one attempt, and end it."""
        body, outbox = attempt.known.body, self._outbox
        attempt.started_at = outbox.clock.now()
        began = monotonic()
        try:
            if body.command is not None:
                self._run_command(attempt, body.command)
            else:
                self._run_body(attempt, body, slot)
        except Exception as error:  # no such program, no process to be had, a line that can not be read
            outbox.raised(attempt, error)
        self._limits.end(attempt)
        took = monotonic() - began
        attempt.known.pace += (took - attempt.known.pace) * 0.2
        outbox.pace += (took - outbox.pace) * 0.1

    def _run_command(self, attempt: Attempt, command: Command) -> None:
        group = commands.start(command, attempt.run)
        attempt.handle = work = Work(attempt, group, lambda _: group.send(signal.SIGTERM))
        self._begin(work)
        try:
            if attempt.cancelled:  # asked after it was taken from the queue
                self.interrupt(attempt, RunCancelled)
            self._limits.begin(attempt)
            last_line = commands.read_lines(group, lambda text: attempt.line("INFO", text))
        finally:
            work.finish()
            self._works.discard(work)
            # What it left running on purpose may stay; when it was to end, so was all of it.
            status = group.end(kill=attempt.limited or attempt.interrupted or work.killed)
        if status == 0:
            self._outbox.returned(attempt, None)
        else:
            self._outbox.raised(attempt, _why(attempt, work) or CommandFailed(status, last_line))

    def _run_body(self, attempt: Attempt, body: Body, slot: Slot) -> None:
        if body.reference is None:
            raise NotImportable(body.name, "", "it has no name under which it could be")
        child = slot.owned = slot.owned if isinstance(slot.owned, Child) else Child(self._setup)
        child.orders += 1
        attempt.handle = work = _BodyWork(attempt, child)
        if attempt.cancelled:  # asked after it was taken from the queue
            work.finish()
            self._outbox.raised(attempt, RunCancelled())
            return
        self._begin(work)
        ended = self._converse(attempt, body, child, work)
        work.finish()
        self._works.discard(work)
        if ended is None:
            slot.owned = None
            status = child.close()
            self._outbox.raised(attempt, _why(attempt, work) or ProcessDied(status))
            return
        attempt.noticed = attempt.noticed or ended.noticed
        self._outbox.end(attempt, ended.ending)
        if _is_worn(child, ended):
            slot.owned = None
            child.close()

    def _converse(self, attempt: Attempt, body: Body, child: Child, work: _BodyWork) -> Ended | None:
        """Give the order, and listen until it has ended. `None`: the child is dead."""
        reference = body.reference or ""
        stuck = self._deadlines.add(START_SECONDS, work.kill)
        try:
            child.send(
                Order(
                    number=child.orders,
                    run=attempt.run,
                    reference=reference,
                    wants_context=body.wants_context,
                    converts=body.prepare is not None,
                    memory_limit=body.memory_limit,
                )
            )
            while (message := child.next_message()) is not None:
                if isinstance(message, Line):
                    attempt.line(message.level, message.message)
                elif isinstance(message, Progress):
                    attempt.progress(message.done, message.total, message.note)
                elif isinstance(message, Begun):
                    self._deadlines.cancel(stuck)
                    work.begun = True
                    attempt.started_at = self._outbox.clock.now()
                    self._limits.begin(attempt)
                else:
                    return message
            return None
        finally:
            self._deadlines.cancel(stuck)


class _BodyWork(Work):
    """A child at work on one order."""

    def __init__(self, attempt: Attempt, child: Child) -> None:
        super().__init__(attempt, child.group, self._send)
        self._child, self._number = child, child.orders
        self.begun = False

    def flag(self) -> None:
        """Let the body see that it is to stop, and no more."""
        self._child.send(Interrupt(self._number, FLAG), patience=0.5)

    def _send(self, error: type[RunInterrupted]) -> None:
        how = CANCEL if error is RunCancelled else LIMIT
        # In the thread of the deadlines, which a child that reads nothing must not hold up.
        self._child.send(Interrupt(self._number, how), patience=0.5)


def _why(attempt: Attempt, work: Work) -> BaseException | None:
    """Return why the process was made to end; `None`: it was not."""
    limit = attempt.run.policy.time_limit
    if attempt.cancelled:
        return RunCancelled()
    if work.killed and isinstance(work, _BodyWork) and not work.begun:
        return ProcessStuck(attempt.known.body.reference or "", START_SECONDS)
    if work.killed:
        attempt.limited = True
        return HardLimitExceeded(attempt.run.task, limit.hard, killed=True)
    return TimeLimitExceeded(limit.soft) if attempt.limited else None


def _is_worn(child: Child, ended: Ended) -> bool:
    """Say whether the child is to be replaced: it is old, has grown, or has run out of memory once."""
    if child.first_memory is None:
        child.first_memory = ended.memory
    grown = ended.memory - child.first_memory
    return ended.exhausted or child.orders >= RECYCLE_RUNS or grown > RECYCLE_BYTES


def _close_child(slot: Slot) -> None:
    if isinstance(slot.owned, Child):
        slot.owned.close()
        slot.owned = None
