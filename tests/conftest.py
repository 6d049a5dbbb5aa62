"""What every test may ask for. Servers start with the first test that asks, one set per xdist worker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.services.chromium import PlaywrightLoop, chromium_running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.services.postgres import PostgresServer
    from tests.services.redis import RedisServer

# `ci` draws the same examples each time: a red run is red again. `pytest --hypothesis-profile=explore`
# looks for new ones; a failure it finds becomes an @example. Nothing is written into the tree.
settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("explore", deadline=None, database=None, print_blob=True, max_examples=2_000)
settings.load_profile("ci")
set_hypothesis_home_dir(Path(tempfile.gettempdir()) / f"rota-hypothesis-{os.getuid()}")


@pytest.fixture(scope="session")
def _postgres_cluster() -> Iterator[PostgresServer]:
    # Imported here, and so is Redis: the tests of the core start without them.
    from tests.services.postgres import PostgresServer
    from tests.services.process import ServiceMissing

    try:
        server = PostgresServer()
    except ServiceMissing as error:
        pytest.fail(str(error), pytrace=False)
    with server:
        yield server


@pytest.fixture
def postgres_server(_postgres_cluster: PostgresServer) -> PostgresServer:
    """This worker's cluster, running. A test may stop or kill it: the next one finds it up again."""
    _postgres_cluster.start()
    return _postgres_cluster


@pytest.fixture
def postgres_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh, empty database, dropped after the test."""
    dsn = postgres_server.create_database()
    yield dsn
    postgres_server.start()
    postgres_server.drop_database(dsn)


@pytest.fixture(scope="session")
def _redis_process() -> Iterator[RedisServer]:
    from tests.services.process import ServiceMissing
    from tests.services.redis import RedisServer

    try:
        server = RedisServer()
    except ServiceMissing as error:
        pytest.fail(str(error), pytrace=False)
    with server:
        yield server


@pytest.fixture
def redis_server(_redis_process: RedisServer) -> RedisServer:
    """This worker's Redis, running and empty. A restart empties it, as it has no append-only file."""
    _redis_process.start()
    _redis_process.flush()
    return _redis_process


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """This worker's browser. A test opens contexts of its own, and closes them."""
    from tests.services.process import ServiceMissing

    try:
        with chromium_running() as browser:
            yield browser
    except ServiceMissing as error:
        pytest.fail(str(error), pytrace=False)


PLAYWRIGHT_LOOP = PlaywrightLoop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Function) -> Iterator[object]:
    if "chromium" not in item.fixturenames:
        return (yield)
    with PLAYWRIGHT_LOOP.shown():
        return (yield)
