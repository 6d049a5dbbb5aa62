"""The same commands under another program, which knows the rota they are about: `manage.py rota ...`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import click

from rota.cli.main import COMMANDS, RotaGroup, rota

APP = "shop.tasks:rota"  # as the examples of commands name it
OF_APP = ("app", "store")
Options = Callable[[], Sequence[click.Parameter]]


def hosted_group(but: Sequence[str], options: Options) -> RotaGroup:
    """Return the group `rota` for another program.

    Args:
        but: Names of commands it does not have.
        options: Returns what takes the place of `--app` and `--store`, for each command anew.
    """
    return HostedGroup(but, options)


class HostedGroup(RotaGroup):
    """See `hosted_group`."""

    def __init__(self, but: Sequence[str], options: Options) -> None:
        super().__init__("rota", help=rota.help, context_settings=rota.context_settings)
        self.parts = {
            title: {name: entry for name, entry in part.items() if name not in but}
            for title, part in COMMANDS.items()
        }
        self.parts = {title: part for title, part in self.parts.items() if part}
        self._options = options

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return None if command is None else _hosted(command, self._options, _program(ctx))


def _hosted(command: click.Command, options: Options, program: str) -> click.Command:
    """Return a copy of a command without APP in its words, options and example."""
    made = copy.copy(command)
    if isinstance(made, click.Group):
        made.commands = {name: _hosted(one, options, program) for name, one in made.commands.items()}
    is_about_app = any(one.name in OF_APP for one in command.params)
    made.params = [_without_app(one) for one in command.params if one.name not in OF_APP]
    if is_about_app:
        made.params += options()
    if command.epilog:
        example = command.epilog.replace(f" {APP}", "").replace("Example: rota ", f"Example: {program} ")
        made.epilog = example
    return made


def _without_app(parameter: click.Parameter) -> click.Parameter:
    metavar = parameter.metavar
    if not isinstance(parameter, click.Argument) or metavar is None or "[APP]" not in metavar:
        return parameter
    made = copy.copy(parameter)
    made.metavar = metavar.replace("[APP]", "").strip()
    made.hidden = not made.metavar  # type: ignore[attr-defined]
    return made


def _program(ctx: click.Context) -> str:
    return ctx.find_root().info_name or "rota"
