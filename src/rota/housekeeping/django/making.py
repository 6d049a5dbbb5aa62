"""Make ready tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.declare.ready import ReadyTask

RETRIES = 3  # each attempt goes on where the last one ended


def made(name: str, description: str, function: Callable[..., Any], place: str) -> ReadyTask:
    """Return a ready task of housekeeping: tagged, retried, and never twice at once on any node."""
    options = {
        "tags": ["housekeeping"],
        "retries": RETRIES,
        "concurrency": name,
        "description": description,
    }
    return ReadyTask(name=name, function=function, options=options, place=place)


def before_it(before: ReadyTask | None) -> dict[str, Any]:
    """Do what is to come first; return its result by its name. What it raises ends the run."""
    return {} if before is None else {before.name: before.function()}
