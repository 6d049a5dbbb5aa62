"""What a body logs becomes the log of its run: one handler on the root logger asks who is running."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import datetime

from rota.runners.local.context import Voice, current
from rota.runners.local.text import clean

MAX_LOG = 1024 * 1024
FULL = "the log of this attempt has reached 1 MB; further lines are dropped"


class Lines:
    """The lines of one attempt that nobody has taken yet. At most 1 MB over the whole attempt."""

    __slots__ = ("_full", "_lines", "_size")

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._size = 0
        self._full = False

    def add(self, at: datetime, level: str, message: str) -> None:
        """Add a line, or note once that there is no room for it."""
        if self._full:
            return
        line = f"{_time(at)} {level} {clean(message, MAX_LOG)}\n"
        self._size += len(line.encode())
        if self._size > MAX_LOG:
            self._full = True
            line = f"{_time(at)} WARNING {FULL}\n"
        self._lines.append(line)

    def take(self) -> str:
        """Return what has not been taken. Several may take at once: each line goes to one of them."""
        taken = []
        try:
            while True:
                taken.append(self._lines.popleft())
        except IndexError:
            return "".join(taken)


def _time(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond // 1000:03}"  # 5 times strftime


class Capture(logging.Handler):
    """Hands each record to the run whose body logged it.

    It stands on the root logger, whose level it lowers to its own. Other handlers of the root logger are
    given a filter that keeps from them what the level of the root logger would have kept from them.
    """

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.setFormatter(logging.Formatter("%(message)s"))
        self._before = _AsBefore(logging.WARNING)
        self._filtered: list[logging.Handler] = []
        self._pinned = False

    def install(self) -> None:
        root = logging.getLogger()
        self._before = _AsBefore(root.level)
        if root.level > self.level:
            self._filtered = list(root.handlers)
            for handler in self._filtered:
                handler.addFilter(self._before)
            self._pin_own(root.level)
            root.setLevel(self.level)
        root.addHandler(self)

    def _pin_own(self, level: int) -> None:
        """Keep Rota's own loggers at the level they had: no body logs there, and a line for each start and
        end of a run that nobody wants to see would cost more than all the rest of a short run."""
        own = logging.getLogger("rota")
        if own.level == logging.NOTSET:
            own.setLevel(level)
            self._pinned = True

    def uninstall(self) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        for handler in self._filtered:
            handler.removeFilter(self._before)
        if self._filtered or root.level == self.level:
            root.setLevel(self._before.level)
        if self._pinned:
            logging.getLogger("rota").setLevel(logging.NOTSET)
        self._filtered, self._pinned = [], False

    def emit(self, record: logging.LogRecord) -> None:
        voice: Voice | None = getattr(record, "rota_voice", None) or current.get()
        try:
            if voice is not None:
                voice.line(record.levelname, self.format(record))
            if record.levelno >= logging.WARNING:
                self._last_resort(record)
        except Exception:
            self.handleError(record)

    def _last_resort(self, record: logging.LogRecord) -> None:
        """Do what `logging` does for an application that has configured nothing: warnings go to stderr."""
        if logging.lastResort is None or record.levelno < max(logging.lastResort.level, self._before.level):
            return
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return
            logger = logger.parent if logger.propagate else None
        logging.lastResort.handle(record)


class _AsBefore(logging.Filter):
    """Lets through what passed while the root logger had its own level."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= self.level:
            return True
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None and logger is not logging.root:
            if logger.level:  # it has a level of its own, which let the record through
                return True
            logger = logger.parent
        return False


_lock = threading.Lock()
_installed: Capture | None = None
_users = 0


def capture(level: int = logging.INFO) -> None:
    """Begin to capture, or count one more who needs it. The first one's level counts."""
    global _installed, _users
    with _lock:
        _users += 1
        if _installed is None:
            _installed = Capture(level)
            _installed.install()


def release() -> None:
    """End capturing when nobody needs it any more, and leave `logging` as it was."""
    global _installed, _users
    with _lock:
        _users -= 1
        if not _users and _installed is not None:
            _installed.uninstall()
            _installed = None
