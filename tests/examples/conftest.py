"""The databases that examples are run on."""

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request, tmp_path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'example.db'}"
    return request.getfixturevalue("postgres_dsn")
