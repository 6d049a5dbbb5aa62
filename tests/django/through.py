"""Stores through Django's connections, over databases that are made for one test."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Any

import django
from django.core.management import call_command
from django.db import connections
from django.db.backends.signals import connection_created

SETTINGS = "tests.django.project.settings"
_numbers = count(1)


def set_up() -> None:
    """Load the project in this process. Its own database is never touched: each test has one."""
    os.environ.setdefault("SHOP_DATABASE", f"sqlite:///{Path(gettempdir()) / 'never-made.db'}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


@cache
def migrated_file() -> Path:
    """Return a SQLite file that has been migrated, once for each process: to be copied."""
    path = Path(mkdtemp(prefix="rota-django-")) / "template.db"
    atexit.register(shutil.rmtree, path.parent)
    with alias_of(f"sqlite:///{path}"):
        pass
    return path


@contextmanager
def alias_of(url: str, *, is_there: bool = False) -> Iterator[str]:
    """Make a database known to Django, and yield its alias; migrated, unless it `is_there` already."""
    set_up()
    from tests.django.project.routing import OneDatabase
    from tests.django.project.settings import database_of

    alias = f"test_{next(_numbers)}"
    connections.databases[alias] = connections.configure_settings({"default": {}, alias: database_of(url)})[
        alias
    ]
    opened: list[Any] = []  # also in threads, which nobody ends as a request is ended

    def note(connection: Any, **_: Any) -> None:
        if connection.alias == alias:
            opened.append(connection.connection)

    connection_created.connect(note)
    before, OneDatabase.alias = OneDatabase.alias, alias
    try:
        if not is_there:
            call_command("migrate", database=alias, verbosity=0)
        yield alias
    finally:
        OneDatabase.alias = before
        connection_created.disconnect(note)
        connections[alias].close()
        for connection in opened:
            connection.close()
        del connections[alias]
        del connections.databases[alias]
