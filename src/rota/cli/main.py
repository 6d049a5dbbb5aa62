"""The group `rota`: what there is, and what errors become."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import click
from click.shell_completion import CompletionItem

from rota._version import __version__
from rota.errors import (
    InvalidApp,
    NotPermitted,
    RotaError,
    StoreUnavailable,
    UnknownName,
)

FAILED, USAGE, NOT_FOUND, DRIFT, UNREACHABLE, NOT_PERMITTED = 1, 2, 3, 4, 5, 6

# Name: module, function, and the line of help, which is here so that `rota --help` loads none of them.
COMMANDS: dict[str, dict[str, tuple[str, str, str]]] = {
    "Begin": {
        "demo": ("rota.demo.command", "demo", "Watch a rota keep the database of a shop in order."),
        "next": ("rota.cli.timetables", "next_", "Show when a timetable or a schedule is due next."),
        "explain": ("rota.cli.timetables", "explain", "Say what a timetable means, and what to mind."),
    },
    "Run": {
        "run": ("rota.cli.nodes", "run", "Run scheduler and worker in one process."),
        "scheduler": ("rota.cli.nodes", "scheduler", "Run a scheduler: turns what is due into runs."),
        "worker": ("rota.cli.nodes", "worker", "Run a worker: executes runs."),
        "web": ("rota.cli.web", "web", "Serve the admin UI and the REST API."),
        "tick": ("rota.cli.nodes", "tick", "Make one pass: decide what is due, run what is ready."),
        "node": ("rota.cli.draining", "node", "List the nodes, and let one drain."),
    },
    "Declare": {
        "plan": ("rota.cli.syncing", "plan", "Show what a sync would do."),
        "sync": ("rota.cli.syncing", "sync", "Put what the code declares in force."),
        "import": ("rota.cli.importing", "import_", "Compare with the schedules of another system."),
        "migrate": ("rota.cli.syncing", "migrate", "Bring the store's schema up to date."),
    },
    "Look": {
        "list": ("rota.cli.schedules", "list_", "List schedules: state, timetable, next and last."),
        "show": ("rota.cli.schedules", "show_", "Show everything about a schedule."),
        "why": ("rota.cli.answers", "why", "Say why an occurrence ran, ran late, or did not run."),
        "runs": ("rota.cli.history", "runs", "List runs, newest first."),
        "logs": ("rota.cli.history", "logs", "Show the log of a run."),
        "doctor": ("rota.cli.answers", "doctor", "Look for what is wrong, with the remedies."),
        "alerts": ("rota.cli.alerting", "alerts", "Show and test who is told what is wrong."),
    },
    "Act": {
        "trigger": ("rota.cli.requests", "trigger", "Run a schedule now."),
        "enqueue": ("rota.cli.requests", "enqueue", "Run a task now, or later."),
        "cancel": ("rota.cli.requests", "cancel", "Cancel runs."),
        "retry": ("rota.cli.requests", "retry", "Run again what has ended."),
        "bulk": ("rota.cli.bulk", "bulk", "Retry or cancel all runs that match."),
        "backfill": ("rota.cli.requests", "backfill", "Run occurrences of the past that have no run."),
        "pause": ("rota.cli.changes", "pause", "Stop schedules from firing."),
        "resume": ("rota.cli.changes", "resume", "Let paused schedules fire again."),
        "skip": ("rota.cli.changes", "skip", "Leave out the next occurrence of schedules."),
        "override": (
            "rota.cli.changes",
            "override",
            "Change a field of a schedule until the code is changed.",
        ),
    },
    "Let in": {
        "user": ("rota.cli.people", "user", "Say who may sign in to the admin UI."),
        "token": ("rota.cli.people", "token", "Make and revoke the tokens of programs."),
    },
    "Help": {
        "completion": ("rota.cli.completion", "completion", "Print the completion script of a shell."),
    },
}


class RotaGroup(click.Group):
    """Loads a command when it is called, and turns errors into a line on stderr and an exit code."""

    parts = COMMANDS

    @property
    def entries(self) -> dict[str, tuple[str, str, str]]:
        """The commands without their parts."""
        return {name: entry for part in self.parts.values() for name, entry in part.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, name, _ = entry
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command, without loading any."""
        names = [(name, entry[2]) for name, entry in self.entries.items() if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=said) for name, said in names), *options]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.entries, n=1) if args else []
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.entries))
        for title, part in self.parts.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry[2]) for name, entry in part.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, so that a reader that went away is noticed where it is handled
            return result
        except RotaError as error:
            click.echo(f"rota: {as_called(_one_line(error))}", err=True)
            ctx.exit(exit_code(error))
        except BrokenPipeError:
            # Nobody reads any more. Python would complain once more when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(FAILED)


def exit_code(error: RotaError) -> int:
    """Return the exit code that an error ends a command with."""
    if isinstance(error, StoreUnavailable):
        return UNREACHABLE
    if isinstance(error, NotPermitted):
        return NOT_PERMITTED
    if isinstance(error, UnknownName):
        return NOT_FOUND
    return USAGE if isinstance(error, ValueError | InvalidApp) else FAILED


def as_called(text: str) -> str:
    """Return `text` with the commands it names as they are called here, such as `manage.py rota sync`."""
    return text.replace("`rota ", f"`{click.get_current_context().find_root().info_name or 'rota'} ")


def _one_line(error: RotaError) -> str:
    return " ".join(str(error).split("\n"))


@click.group(
    cls=RotaGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="APP is module:attribute, such as shop.tasks:rota; without it, ROTA_APP or [tool.rota] app holds.",
)
@click.version_option(__version__, prog_name="rota")
def rota() -> None:
    """Run scheduled work of Python applications: once per due time, visibly."""


def main(args: Sequence[str] | None = None) -> None:
    """Be the program `rota`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that can not show a name gets its code
    rota.main(args=list(args) if args is not None else None, prog_name="rota")
