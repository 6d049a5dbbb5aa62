"""Ready tasks: made by a library, and put into a rota by `rota.schedule(...)` or `rota.task(...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyTask:
    """A task that belongs to no rota yet. Making one connects to nothing.

    Attributes:
        name: Of the task, unless the rota is told another.
        function: Its body; its parameters are the arguments of the task.
        options: Those of `Rota.task`.
        place: Where it is made, as `module:line`.
    """

    name: str
    function: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    place: str
