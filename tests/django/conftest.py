"""The project in this process, and a database of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.django.through import alias_of, migrated_file, set_up

if TYPE_CHECKING:
    from rota.integrations.django.app import DjangoRota
    from tests.services.postgres import PostgresServer


@pytest.fixture(autouse=True, scope="session")
def _project() -> None:
    set_up()


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the project has."""
    return str(request.param)


@pytest.fixture
def database_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with all tables of the project."""
    if kind == "sqlite":
        path = tmp_path / "shop.db"
        shutil.copy(migrated_file(), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database(server.create_template("django", _migrate))
    yield url
    server.drop_database(url)


def _migrate(url: str) -> None:
    with alias_of(url):
        pass


@pytest.fixture
def alias(database_url: str) -> Iterator[str]:
    """The alias of that database."""
    with alias_of(database_url, is_there=True) as alias:
        yield alias


@pytest.fixture
def rota(alias: str) -> Iterator[DjangoRota]:
    """The rota of the project, with its store in that database."""
    from rota.integrations.django import rota

    before = rota.database
    rota.use_database(alias)
    yield rota
    rota.use_database(before)
