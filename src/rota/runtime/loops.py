"""The thin thread around a step."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import Protocol

from rota.errors import StoreUnavailable
from rota.ports import Clock

log = logging.getLogger("rota.loops")
FIRST_WAIT = timedelta(milliseconds=100)
LONGEST_WAIT = timedelta(seconds=5)


class Step(Protocol):
    """One turn of a loop.

    Attributes:
        name: For the thread and the log.
        topics: Changes in the store that wake it.
    """

    @property
    def name(self) -> str: ...
    @property
    def topics(self) -> frozenset[str]: ...
    def step(self, now: datetime) -> datetime:
        """Do what is to be done at `now`; return when to wake next."""
        ...


class Loop:
    """A thread that calls a step when it is due, and at once when it is woken.

    An error of a step never ends the loop: it is logged, and the step is tried again after a wait that
    doubles up to five seconds.
    """

    def __init__(self, step: Step, clock: Clock) -> None:
        self.step = step
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = False
        self._wait = FIRST_WAIT
        self._thread = threading.Thread(target=self._run, name=f"rota-{step.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Call the step at once, or once more if it is being called now."""
        self._woken.set()

    def stop(self) -> None:
        """Call the step no more; the call that is under way goes on."""
        self._stopping = True
        self._woken.set()

    def join(self) -> None:
        """Wait for the call that is under way when the loop was stopped."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            pause = self._turn()
            if pause > 0 and not self._stopping:
                self._woken.wait(pause)

    def _turn(self) -> float:
        """Call the step; return how many seconds to sleep."""
        try:
            now = self._clock.now()
            wake_at = self.step.step(now)
            self._wait = FIRST_WAIT
            return (wake_at - self._clock.now()).total_seconds()
        except StoreUnavailable as error:
            if self._wait == FIRST_WAIT:
                log.warning(
                    "store unavailable; trying again",
                    extra={"step": self.step.name, "problem": error.problem},
                )
        except Exception:
            log.exception("step failed; trying again", extra={"step": self.step.name})
        return self._backed_off()

    def _backed_off(self) -> float:
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT)
        self._woken.clear()  # a change in the store is no reason to ask a broken one sooner
        return wait.total_seconds()
