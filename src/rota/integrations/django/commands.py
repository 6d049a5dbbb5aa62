"""Management commands as tasks."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.core.management import call_command, get_commands

from rota.errors import InvalidValue
from rota.runners.local.context import current


def command_body(name: str, args: Sequence[str], options: Mapping[str, Any]) -> Callable[..., None]:
    """Return a function that calls a management command.

    Raises:
        InvalidValue: There is no such command; names the nearest.
    """
    known = get_commands()
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "`manage.py help` lists them."
        raise InvalidValue("command", name, "the project has no such management command", hint)

    def body(**more: Any) -> None:
        output, problems = LogLines("INFO"), LogLines("WARNING")
        try:
            call_command(name, *args, stdout=output, stderr=problems, **{**options, **more})
        finally:
            output.close()
            problems.close()

    body.__doc__ = f"manage.py {' '.join((name, *args))}"
    return body


class LogLines(io.TextIOBase):
    """A stream whose lines are lines of the run's log, whatever level the loggers of the project have."""

    def __init__(self, level: str) -> None:
        super().__init__()
        self._level, self._rest = level, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)
        return len(text)

    def close(self) -> None:
        """Log what came after the last line break."""
        if not self.closed and self._rest:
            self._say(self._rest)
            self._rest = ""
        super().close()

    def _say(self, line: str) -> None:
        voice = current.get()
        if voice is None:  # called as a function
            print(line)  # noqa: T201
        else:
            voice.line(self._level, line)
