"""django-tasks-db on PostgreSQL or SQLite: DJANGO_STORE. Its worker runs one task at a time."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import django
from counting import work
from django.conf import settings

if os.environ["DJANGO_STORE"] == "sqlite":
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(Path(os.environ["BENCH_FOLDER"]) / "django.db"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        },
    }
else:
    url = urlparse(os.environ["PG_DSN"])
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": url.username,
        "HOST": url.hostname,
        "PORT": url.port,
        "CONN_MAX_AGE": 600,
    }
if not settings.configured:
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django_tasks", "django_tasks_db"],
        USE_TZ=True,
        SECRET_KEY="bench",
        TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}},
        LOGGING_CONFIG=None,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
try:
    from django.tasks import task
except ImportError:
    from django_tasks import task

from django.core.management import call_command


@task()
def noop(x: float) -> None:
    work(x)


def prepare() -> None:
    call_command("migrate", verbosity=0)


def reset() -> None:
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.all().delete()


def put(values: Iterable[Any]) -> None:
    for value in values:
        noop.enqueue(value)


def serve() -> None:
    call_command("db_worker", interval=1.0, verbosity=0)
