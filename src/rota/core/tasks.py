"""What a runner needs to know of a task. The registry builds these records; they hold no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rota.core.records import Json


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the operating system.

    A `{name}` in an item of `argv` is replaced by the argument of that name; braces around anything else
    are left as they are. Nothing is ever replaced in the text of a shell: there, as in every command,
    the arguments are in the environment, as `ROTA_ARG_` and the name in capitals.

    Attributes:
        argv: Program and arguments; with `shell`, one text for `sh -c`.
        shell: Whether a shell reads it.
        env: Added to the environment of the node.
        cwd: Where it starts. `None`: where the node does.
    """

    argv: tuple[str, ...]
    shell: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What one attempt executes: a callable, or a command.

    Attributes:
        name: Name of the task.
        call: The function; `None` for a command.
        executor: `thread`, `async` or `process`. A command always has a process of its own.
        reference: `module:qualname` under which another process can import it. `None`: none can.
        wants_context: Name of the parameter that takes the run context.
        memory_limit: In bytes, on top of what its process holds before the body begins.
        command: The command, in place of a function.
        prepare: Turns the stored arguments into those the function takes. `None`: they are the same.
    """

    name: str
    call: Callable[..., Any] | None
    executor: str = "thread"
    reference: str | None = None
    wants_context: str | None = None
    memory_limit: int | None = None
    command: Command | None = None
    prepare: Callable[[Mapping[str, Json]], dict[str, Any]] | None = None
