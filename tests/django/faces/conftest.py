"""The project as a site, with schedules, runs and people in its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test.utils import setup_test_environment, teardown_test_environment

from tests.django.faces.site import default_is


@pytest.fixture
def _test_environment() -> Iterator[None]:
    """Let Django's test client know what templates were given."""
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture
def shop(rota, alias, _test_environment):
    """The rota of the project, its store in the database that is the project's own; declarations in force."""
    with default_is(alias):
        rota.use_database("default")
        rota.sync()
        yield rota
        rota.use_database(alias)
