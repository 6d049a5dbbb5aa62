"""`manage.py rota ...`: the commands of the program `rota`, about the rota of this project."""

from __future__ import annotations

import sys
from argparse import REMAINDER, ArgumentParser
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, SystemCheckError
from django.db import connections

from rota.errors import MissingExtra


class Command(BaseCommand):
    """Hands its words to the command line of Rota."""

    help = "Look at, change and run the scheduled work of this project."

    def add_arguments(self, parser: Any) -> None:
        """Take all words as they are: they are not argparse's."""
        parser.add_argument("words", nargs=REMAINDER, metavar="COMMAND ...")

    def run_from_argv(self, argv: list[str]) -> None:
        """Be a program: check the project, call the command, end with its exit code."""
        options, words = _own_options().parse_known_args(argv[2:])
        try:
            if not options.skip_checks and not {"-h", "--help"}.intersection(words):
                self.check()
            _group().main(words, prog_name=f"{Path(argv[0]).name} {argv[1]}", obj=_project())
        except (SystemCheckError, CommandError) as error:
            if options.traceback:
                raise
            self.stderr.write(str(error), lambda text: text)
            sys.exit(1)
        finally:
            connections.close_all()

    def handle(self, *args: Any, words: list[str], **options: Any) -> None:
        """Do the same for `call_command("rota", "trigger", "purge")`, within the caller's transaction.

        Raises:
            CommandError: The command failed; `returncode` is its exit code, and stderr says why.
        """
        with redirect_stdout(self.stdout), redirect_stderr(self.stderr):
            code = _group().main(words, prog_name="rota", obj=_project(), standalone_mode=False)
        if code:
            raise CommandError(f"rota {' '.join(words)} ended with exit code {code}", returncode=code)


def _own_options() -> ArgumentParser:
    """Return what reads the options that every management command has, wherever they stand."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("--settings", "--pythonpath"):
        parser.add_argument(option)  # read by Django before this
    for option in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        parser.add_argument(option, action="store_true")
    return parser


def _group() -> Any:
    try:
        from rota.integrations.django.host import group
    except ImportError as error:
        raise CommandError(str(MissingExtra("manage.py rota", "cli", str(error)))) from error
    return group


def _project() -> Any:
    from rota.integrations.django.host import Project

    return Project()
