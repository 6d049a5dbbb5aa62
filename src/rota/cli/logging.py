"""Log lines of a node: `HH:MM:SS LEVEL message key=value ...`, or one JSON object each."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_OWN = frozenset([*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"])
_HANDLER = "rota-cli"


def set_up(log_format: str, level: str) -> None:
    """Let the root logger write to stderr, as text or JSON. Calling it again replaces what it did before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(_HANDLER)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    for known in [one for one in root.handlers if one.get_name() == _HANDLER]:
        root.removeHandler(known)
    root.addHandler(handler)
    root.setLevel(level.upper())


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that the caller gave as `extra`, those without a value left out."""
    return {key: value for key, value in vars(record).items() if key not in _OWN and value is not None}


class TextFormatter(logging.Formatter):
    """For people: `14:03:07 INFO run succeeded schedule=purge attempt=1`. The time is local."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        facts = "".join(f" {key}={_text(value)}" for key, value in facts_of(record).items())
        line = f"{at:%H:%M:%S} {record.levelname} {_one_line(record.getMessage())}{facts}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """For programs: one object for each line, with `time`, `level`, `logger`, `message` and the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _plain(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: _plain(value) for key, value in facts_of(record).items()},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return what JSON can say: instants as UTC text, durations in seconds, anything else as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return str(value)


def _text(value: Any) -> str:
    """Write a value so that a line stays one line, and its end is seen: quoted if it holds a blank."""
    plain = _plain(value)
    if isinstance(plain, bool | int | float):
        return str(plain)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    quote = not text or not text.isprintable() or any(sign in text for sign in ' "=')
    return json.dumps(text, ensure_ascii=False) if quote else text


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")
