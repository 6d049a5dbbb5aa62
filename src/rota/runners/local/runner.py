"""The local runner: gives each run to the executor of its task, and keeps what the runtime asks for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from rota.core.records import Claimed, Finished, Lease, Outcome, Report
from rota.core.tasks import Body
from rota.errors import RotaError, RunCancelled
from rota.ports import Clock
from rota.runners.local import logs
from rota.runners.local.attempt import Attempt, Executor, Known
from rota.runners.local.deadlines import Deadlines
from rota.runners.local.limits import Limits
from rota.runners.local.loop import LoopExecutor
from rota.runners.local.outbox import Ending, Outbox
from rota.runners.local.processes import ProcessExecutor
from rota.runners.local.threads import ThreadExecutor

log = logging.getLogger("rota.runner")
PREFETCHED_SECONDS = 0.1
MOST_ENDED = 4000  # attempts that nobody has taken: their leases have to be renewed, too
NOTHING = Ending()


class LocalRunner:
    """Executes runs on this node. See the port `Runner`.

    Store what `reports()` gives before you settle what `finished()` gives: the last progress of an attempt
    that ended is in the former.

    Args:
        lookup: Returns the body of a task by its name, or raises a `RotaError`.
        clock: The store's time.
        slots: How many threads and processes execute bodies at once. Coroutines count for less: see
            `async_slots`.
        async_slots: How many coroutines run at once. Default: ten for each slot.
        prefetch: At most so many runs are taken beyond what can begin at once, to keep short bodies
            coming; the shorter they are, the more. None when they take 100 ms or longer.
        cancel_grace: How long a body that was asked to stop may look for itself (`context.cancelled`)
            before `RunCancelled` is raised in it.
        kill_grace: How long it may go on after that: then its process is killed.
        capture: Level from which log lines of bodies are kept. `None`: none are.
        child_setup: `module:function` that each child process calls before its first body.
    """

    def __init__(
        self,
        lookup: Callable[[str], Body],
        clock: Clock,
        slots: int = 10,
        *,
        async_slots: int | None = None,
        prefetch: int = 2000,
        cancel_grace: timedelta = timedelta(0),
        kill_grace: timedelta = timedelta(seconds=10),
        capture: int | None = logging.INFO,
        child_setup: str | None = None,
    ) -> None:
        self._lookup, self._clock = lookup, clock
        self._slots, self._prefetch = slots, prefetch
        self._async_share = slots / (async_slots or slots * 10)
        self._cancel_grace, self._kill_grace = cancel_grace, kill_grace
        self._capture = capture
        self._outbox = Outbox(clock)
        self._deadlines = Deadlines()
        limits = Limits(self._deadlines)
        self._executors: dict[str, Executor] = {
            "thread": ThreadExecutor(slots, self._outbox, limits, self._deadlines),
            "async": LoopExecutor(async_slots or slots * 10, self._outbox, limits, self._deadlines),
            "process": ProcessExecutor(slots, self._outbox, limits, self._deadlines, kill_grace, child_setup),
        }
        self._known: dict[str, Known] = {}
        self._held: dict[str, Attempt] = {}
        self._lock = threading.Lock()  # taken once for a batch, never for a run
        self._stopping = self._started = False

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin. After a call of `on_change` there is no other until `finished` was asked."""
        self._outbox.tell(on_change)
        self._started = True
        if self._capture is not None:
            logs.capture(self._capture)

    def room(self) -> int:
        """Return how many more runs it would take now."""
        if self._stopping:
            return 0
        with self._lock:
            held = [one for one in self._held.values() if not one.ended]
            if len(self._held) - len(held) >= MOST_ENDED:
                return 0
        held += list(self._outbox.ghosts)
        weight = sum(self._async_share if one.known.body.executor == "async" else 1 for one in held)
        return max(0, int(self._slots + self._extra() - weight))

    def _extra(self) -> int:
        """Return how many runs to hold beyond what can begin at once: about 100 ms of work."""
        pace = self._outbox.pace
        if pace >= PREFETCHED_SECONDS:
            return 0
        return min(self._prefetch, int(self._slots * PREFETCHED_SECONDS / max(pace, 1e-6)))

    def submit(self, runs: Sequence[Claimed]) -> None:
        """Take runs. Each ends in `finished()`, sooner or later, unless it is dropped."""
        lanes: dict[Executor, list[Attempt]] = {}
        refused: list[Attempt] = []
        replaced: list[Attempt] = []
        with self._lock:
            for run in runs:
                known = self._known.get(run.task) or self._learn(run.task)
                attempt = Attempt(run, known, self._outbox)
                former = self._held.get(run.id)
                if former is not None:  # its lease ran out, and this node has claimed it again
                    replaced.append(former)
                self._held[run.id] = attempt
                if known.executor is _NOWHERE or self._stopping:
                    refused.append(attempt)
                else:
                    lanes.setdefault(known.executor, []).append(attempt)
        self._forget(replaced)
        for attempt in refused:
            self._outbox.finish(attempt, Outcome.RELEASED, NOTHING)
        for executor, attempts in lanes.items():
            executor.submit(attempts)
        asked = [run.id for run in runs if run.cancel_requested]
        if asked:
            self.cancel(asked)

    def _learn(self, task: str) -> Known:
        try:
            body = self._lookup(task)
        except RotaError as error:
            log.error("a run of an unknown task was given back", extra={"task": task, "problem": str(error)})
            return Known(Body(name=task, call=None), _NOWHERE)
        executor = self._executors["process" if body.command is not None else body.executor]
        self._known[task] = known = Known(body, executor)
        return known

    def held(self) -> list[Lease]:
        """Return the leases of all runs it holds: waiting, running, or ended and not yet taken."""
        with self._lock:
            runs = [attempt.run for attempt in self._held.values()]
        return [Lease(run.id, run.token) for run in runs]

    def finished(self) -> list[Finished]:
        """Take the attempts that have ended since the last call."""
        self._outbox.come()
        done, taken = self._outbox.done, []
        with self._lock:
            while done:
                attempt, finished = done.popleft()
                if self._held.get(attempt.run.id) is attempt:
                    del self._held[attempt.run.id]
                    taken.append(finished)
        return taken

    def reports(self) -> list[Report]:
        """Take what attempts said of themselves since the last call."""
        outbox = self._outbox
        told = [outbox.last_progress.popleft() for _ in range(len(outbox.last_progress))]
        for _ in range(len(outbox.news)):
            attempt = outbox.news.popleft()
            report = None if attempt.ended or attempt.dropped else attempt.report()
            if report is not None:
                told.append(report)
        return told

    def cancel(self, run_ids: Sequence[str]) -> None:
        """Ask these runs to stop. One whose body has not begun ends as cancelled."""
        with self._lock:
            found = [self._held[one] for one in run_ids if one in self._held]
        for attempt in found:
            if attempt.known.executor.withdraw(attempt):
                self._outbox.finish(attempt, Outcome.CANCELLED, NOTHING)
            elif not attempt.cancelled and not attempt.ended:
                self._ask_to_stop(attempt, self._cancel_grace)

    def drop(self, run_ids: Sequence[str]) -> None:
        """Stop these runs and forget them."""
        with self._lock:
            found = [self._held.pop(one) for one in run_ids if one in self._held]
        self._forget(found)

    def _forget(self, attempts: Sequence[Attempt]) -> None:
        """Stop attempts that are no longer held."""
        for attempt in attempts:
            attempt.dropped = True
            if attempt.known.executor.withdraw(attempt) or attempt.ended:
                continue
            self._outbox.ghosts.add(attempt)  # it takes a slot until it ends
            if attempt.ended:
                self._outbox.ghosts.discard(attempt)
            self._ask_to_stop(attempt, timedelta(0))
        if attempts:
            self._outbox.changed()

    def _ask_to_stop(self, attempt: Attempt, grace: timedelta) -> None:
        attempt.cancelled = True
        if grace:
            attempt.known.executor.flag(attempt)
            attempt.deadlines += (self._deadlines.add(grace.total_seconds(), partial(_interrupt, attempt)),)
        else:
            _interrupt(attempt)

    def stop(self, patience: timedelta) -> None:
        """Take nothing more, give back what has not begun, and wait for the rest up to `patience`.

        What has not ended by then is interrupted; what ends within `kill_grace` thanks to it, and what does
        not end at all, is finished as lost. All of it is in `finished()`.
        """
        with self._lock:
            self._stopping = True
            waiting = list(self._held.values())
        for attempt in waiting:
            if not attempt.ended and attempt.known.executor.withdraw(attempt):
                self._outbox.finish(attempt, Outcome.RELEASED, NOTHING)
        if not self._outbox.wait_until(self._is_idle, patience.total_seconds()):
            self._give_up_waiting()
        for executor in self._executors.values():
            executor.close(1.0)
        self._deadlines.stop()
        if self._started and self._capture is not None:
            logs.release()
        self._started = False

    def _give_up_waiting(self) -> None:
        for attempt in self._running():
            if not attempt.cancelled:
                attempt.stopping = True
            self._ask_to_stop(attempt, timedelta(0))
        if self._outbox.wait_until(self._is_idle, self._kill_grace.total_seconds()):
            return
        for attempt in self._running():
            facts = {"run": attempt.run.id, "task": attempt.run.task}
            log.error("a body did not end; its run is given up", extra=facts)
            self._outbox.finish(attempt, Outcome.LOST, NOTHING)
            attempt.known.executor.kill(attempt)

    def _running(self) -> list[Attempt]:
        with self._lock:
            return [attempt for attempt in self._held.values() if not attempt.ended]

    def _is_idle(self) -> bool:
        return not self._running()


def _interrupt(attempt: Attempt) -> None:
    attempt.known.executor.interrupt(attempt, RunCancelled)


class _Nowhere:
    """Executes nothing: where runs of unknown tasks go."""

    def submit(self, attempts: Sequence[Attempt]) -> None: ...
    def withdraw(self, attempt: Attempt) -> bool:
        return False

    def interrupt(self, attempt: Attempt, error: type[BaseException]) -> bool:
        return False

    def flag(self, attempt: Attempt) -> None: ...
    def kill(self, attempt: Attempt) -> None: ...
    def close(self, seconds: float) -> None: ...


_NOWHERE = _Nowhere()
