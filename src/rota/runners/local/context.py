"""The run context: what a body knows of its run, and how it speaks while it runs."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from rota.errors import NoRun, RunCancelled

if TYPE_CHECKING:
    from rota.core.records import Claimed

MAX_NOTE = 500


class Voice(Protocol):
    """Where a body is heard: an attempt of this process, or the pipe to the process that has the attempt."""

    @property
    def run(self) -> Claimed: ...

    context: RunContext | None
    cancelled: bool  # it was asked to stop
    noticed: bool  # it has looked, and knows

    def line(self, level: str, message: str) -> None: ...
    def progress(self, done: float, total: float | None, note: str | None) -> None: ...


current: ContextVar[Voice | None] = ContextVar("rota_current_run", default=None)


class RunContext:
    """What a body knows of its run.

    A task gets it through a parameter annotated `RunContext`, or from `current_run()`.

    Attributes:
        run_id, task: Of this run.
        schedule: Name of the schedule that made it; `None` for a run made by hand or by the application.
        planned_at: When it was due; `None` for a run that was not.
        window_start, window_end: The span that this run is to cover: from the last planned time that
            succeeded (`None`: none has yet) to `planned_at`. A day that failed is covered by the next.
        attempt: Number of this attempt, from 1.
        is_catch_up: Whether it was due while nothing ran.
        args: The arguments, as stored.
    """

    def __init__(self, voice: Voice) -> None:
        run = voice.run
        self._voice = voice
        self.run_id, self.task, self.schedule = run.id, run.task, run.schedule
        self.planned_at, self.window_start, self.window_end = run.planned_at, run.last_success, run.planned_at
        self.attempt, self.is_catch_up, self.args = run.attempt, run.is_catch_up, run.args
        self._log: RunLog | None = None

    def __repr__(self) -> str:
        return f"<RunContext of run {self.run_id}, task {self.task!r}, attempt {self.attempt}>"

    @property
    def log(self) -> RunLog:
        """A logger whose lines go into the log of the run."""
        if self._log is None:
            self._log = RunLog(self._voice)
        return self._log

    def progress(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Say how far the run is. Cheap: only the latest word is stored, about once a second.

        Args:
            done: How much is done, such as rows or percent.
            total: How much there is to do.
            note: A few words; the first 500 characters are kept.
        """
        whole = None if total is None else float(total)
        self._voice.progress(float(done), whole, None if note is None else str(note)[:MAX_NOTE])

    @property
    def cancelled(self) -> bool:
        """Whether the run is to stop. A body that returns after it has seen `True` ends as cancelled."""
        voice = self._voice
        if voice.cancelled:
            voice.noticed = True
        return voice.cancelled

    def raise_if_cancelled(self) -> None:
        """Raise `RunCancelled` if the run is to stop."""
        if self.cancelled:
            raise RunCancelled


class RunLog(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines go into the log of the run, and to the logger `rota.run` as any other.

    It works in every thread it is handed to. INFO and above are kept whatever the level of the loggers.
    """

    def __init__(self, voice: Voice) -> None:
        super().__init__(logging.getLogger("rota.run"), {})
        self._voice = voice

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, {**kwargs, "extra": {**(kwargs.get("extra") or {}), "rota_voice": self._voice}}

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            super().log(level, msg, *args, **{**kwargs, "stacklevel": kwargs.get("stacklevel", 1) + 1})
        elif level >= logging.INFO:
            self._voice.line(logging.getLevelName(level), str(msg) % args if args else str(msg))


def context_of(voice: Voice) -> RunContext:
    """Return the context of an attempt: always the same one."""
    if voice.context is None:
        voice.context = RunContext(voice)
    return voice.context


def current_run() -> RunContext:
    """Return the context of the run whose body calls this.

    Raises:
        NoRun: no run is being executed here.
    """
    voice = current.get()
    if voice is None:
        raise NoRun
    return context_of(voice)
