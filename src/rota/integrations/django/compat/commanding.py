"""What the management commands have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rota.core.localtime import zone_named
from rota.errors import RotaError
from rota.integrations.django.app import DjangoRota, the_rota


class RotaCommand(BaseCommand):
    """A command about the rota of the project. What Rota refuses is a `CommandError`: one line, status 1."""

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--verbose", action="store_true", help="Say what becomes of each task.")
        parser.add_argument("--database", metavar="ALIAS", help='Default: ROTA["DATABASE"].')

    def handle(self, *args: Any, database: str | None = None, **options: Any) -> None:
        rota, log = the_rota(), logging.getLogger("rota")
        if not log.hasHandlers():  # the command says itself what matters; bare words on stderr would not help
            log.addHandler(logging.NullHandler())
        if database is not None:
            rota.use_database(database)
        try:
            self.work(rota, **options)
        except RotaError as error:
            raise CommandError(str(error)) from error
        finally:
            rota.close()

    def work(self, rota: DjangoRota, **options: Any) -> None:
        """Do it. May raise `RotaError`."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        self.stdout.write(text)


def number(checked: Callable[[str, object], float], field: str) -> Callable[[str], float]:
    """Return what reads the number of an option. What is refused is a `CommandError`."""

    def read(text: str) -> float:
        try:
            value: object = float(text)
        except ValueError:
            value = text
        try:
            return checked(field, value)
        except RotaError as error:
            raise CommandError(str(error)) from error

    return read


def local(at: datetime | None, rota: DjangoRota) -> str:
    """Return an instant as clocks of the project show it."""
    return "never" if at is None else f"{at.astimezone(zone_named(rota.timezone)):%a %d %b %Y %H:%M %Z}"
