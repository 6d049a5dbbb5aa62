"""Tasks that are commands: a program and its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rota.core.tasks import Body, Command
from rota.errors import InvalidValue


def checked_command(
    name: str, argv: Sequence[str] | str, shell: bool, env: Mapping[str, str] | None, cwd: str | None
) -> Command:
    """Return the command. Raises `InvalidValue` unless it is one text with `shell`, or a list of texts."""
    if shell != isinstance(argv, str):
        form = "one text" if shell else "a list of texts"
        raise InvalidValue(
            "argv", argv, f"command {name!r} needs {form} {'with' if shell else 'without'} shell=True"
        )
    parts = (argv,) if isinstance(argv, str) else tuple(argv)
    if not parts or not all(isinstance(one, str) and one and "\0" not in one for one in parts):
        raise InvalidValue("argv", argv, f"command {name!r} needs texts that are not empty")
    return Command(argv=parts, shell=shell, env=dict(env or {}), cwd=cwd)


def command_body(name: str, command: Command) -> Body:
    """Return the body of a task that is a command."""
    return Body(name=name, call=None, executor="process", command=command)


def any_arguments(**named: object) -> None:
    """The signature of a command: it takes any argument, in its environment and in `{name}`s of its argv."""
