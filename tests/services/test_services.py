"""The servers of the tests do what the tests rely on."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.services import postgres, redis
from tests.services.postgres import PostgresServer
from tests.services.process import ServiceMissing, wait_until_ended
from tests.services.redis import RedisServer


def rows(dsn: str, statement: str) -> list[tuple]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_database_is_empty_and_one_per_test(postgres_server, postgres_dsn):
    rows(postgres_dsn, "CREATE TABLE mine (id int)")
    assert rows(postgres_server.create_database(), "SELECT to_regclass('mine')") == [(None,)]


def test_a_template_is_built_once(postgres_server):
    def build(dsn):
        rows(dsn, "CREATE TABLE built AS SELECT 1 AS id")

    names = {postgres_server.create_template("built_once", build) for _ in range(2)}
    assert rows(postgres_server.create_database(*names), "SELECT id FROM built") == [(1,)]


@pytest.mark.parametrize("stop", ["fast", "immediate", "kill9"])
def test_what_was_committed_outlives_the_server(postgres_server, postgres_dsn, stop):
    rows(postgres_dsn, "CREATE TABLE kept AS SELECT 1 AS id")
    with psycopg.connect(postgres_dsn) as client:  # a backend that is busy when the server ends
        client.execute("INSERT INTO kept VALUES (2)")
        postgres_server.kill9() if stop == "kill9" else postgres_server.stop(stop)
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    assert not postgres_server.running
    postgres_server.start()
    assert rows(postgres_dsn, "SELECT id FROM kept") == [(1,)]


def test_redis_forgets_without_its_file(redis_server):
    redis_server.send("SET key value")
    redis_server.restart()
    assert redis_server.send("EXISTS key") == ":0"


def test_redis_remembers_with_its_file():
    with RedisServer(aof=True) as server:
        server.send("SET key value")
        server.kill9()
        server.start()
        assert server.send("EXISTS key") == ":1"


@pytest.mark.parametrize("server_class", [PostgresServer, RedisServer])
def test_nothing_is_left_when_the_tests_are_killed(server_class):
    """The process that started a server is killed; the server and its folder go."""
    text = f"""
from {server_class.__module__} import {server_class.__name__} as Server
server = Server()
server.start()
print(server.process.pid, server.port, server.directory, server._guard.pid, flush=True)
input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        _, port, directory, guard = owner.stdout.readline().split()
        owner.send_signal(signal.SIGKILL)
    wait_until_ended([int(guard)])
    assert not Path(os.fsdecode(directory)).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=5)


@pytest.mark.parametrize(
    ("find", "package"), [(postgres.postgres_bin, "postgresql"), (redis.redis_program, "redis-server")]
)
def test_a_missing_program_is_named_with_its_remedy(monkeypatch, find, package):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(ServiceMissing, match=f"apt-get install {package}"):
        find()
