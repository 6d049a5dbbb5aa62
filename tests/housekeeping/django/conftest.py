"""A real Django project on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

import django
import pytest
from django.core.management import call_command
from django.db import connections

from rota import Rota

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.housekeeping.django.project.settings"
django.setup()  # before a test imports models

from tests.housekeeping.django.project import settings  # noqa: E402
from tests.housekeeping.django.project.models import Report  # noqa: E402


def connect(url):
    """Let Django use the database of that URL, in every thread that connects from now on."""
    connections.close_all()
    connections.__dict__["settings"] = connections.configure_settings({"default": settings.database(url)})
    if hasattr(connections._connections, "default"):
        del connections["default"]


def build(url):
    """Make the tables in an empty database."""
    connect(url)
    if url.startswith("sqlite"):
        connections["default"].cursor().execute("PRAGMA journal_mode = WAL")
    call_command("migrate", run_syncdb=True, verbosity=0)
    connections.close_all()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    file = tmp_path_factory.mktemp("template") / "project.db"
    build(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """The URL of a database that has the tables, and no rows."""
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "project.db")
        url, drop = f"sqlite:///{file}", None
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create_database(server.create_template("housekeeping", build))
        drop = server.drop_database
    connect(url)
    yield url
    connections.close_all()
    if drop is not None:
        drop(url)


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def reports(database, now):
    """25 reports that are old, of which ten are of the same instant, and 5 that are not."""
    old = [now - timedelta(days=31 + max(number, 10)) for number in range(25)]
    made = [Report(created_at=at, content=f"of {at}") for at in [*old, *[now - timedelta(days=29)] * 5]]
    return Report.objects.bulk_create(made)


@pytest.fixture
def rota(tmp_path):
    made = Rota("project", store=f"sqlite:///{tmp_path / 'rota.db'}", housekeeping=False)
    made.store.migrate()
    yield made
    made.close()
