"""What `manage.py rota` is about: the rota of the project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click
from django.db import connections

from rota.cli.hosting import hosted_group
from rota.errors import InvalidValue
from rota.integrations.django.app import the_rota

if TYPE_CHECKING:
    from rota.app import Rota

NODES = frozenset({"run", "scheduler", "worker", "web"})  # live for long, in threads of their own
# A project's own migrations bring its schema up to date; there is no demo of a project.
NOT_HERE = ("demo", "migrate", "completion")


class Project:
    """See `rota.cli.apps.Host`."""

    def __init__(self) -> None:
        self.database: str | None = None  # as `--database` says

    @contextmanager
    def opened(self, command: str) -> Iterator[Rota]:
        rota = the_rota()
        before = rota.database
        if self.database is not None:
            rota.use_database(self.database)
        try:
            if command in NODES:
                with closing(rota.stand_alone()) as alone:
                    yield alone
            else:
                yield rota
        finally:
            if self.database is not None:  # in tests, and where code calls commands, the process goes on
                rota.use_database(before)


def _options() -> Sequence[click.Parameter]:
    said = 'Alias of the database that holds the store; default: ROTA["DATABASE"].'
    return [
        click.Option(["--database"], metavar="ALIAS", help=said, expose_value=False, callback=_use_database)
    ]


def _use_database(ctx: click.Context, parameter: click.Parameter, alias: Any) -> None:
    if alias is None:
        return
    if alias not in connections:
        close = get_close_matches(alias, connections, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(connections)}."
        raise InvalidValue("--database", alias, "the project has no database of this alias", hint)
    ctx.obj.database = alias


group = hosted_group(NOT_HERE, _options)
