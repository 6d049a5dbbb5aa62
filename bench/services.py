"""The servers of a benchmark: real ones, on ports and folders of their own, set to be durable."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import psycopg

from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer


class EverySecondRedis(RedisServer):
    """A Redis whose append-only file is synced every second: what its documentation recommends."""

    def command(self) -> list[str | Path]:
        command = super().command()
        command[command.index("--appendonly") + 1] = "yes"
        return [*command, "--appendfsync", "everysec"]


class Services:
    """Servers that start when they are first asked for, and stop at the end."""

    @cached_property
    def postgres(self) -> PostgresServer:
        server = PostgresServer(durable=True)
        server.start()
        return server

    @cached_property
    def redis(self) -> EverySecondRedis:
        server = EverySecondRedis()
        server.start()
        return server

    @contextmanager
    def place(self, store: str, folder: Path) -> Iterator[dict[str, str]]:
        """Yield the environment variables that name an empty store of that kind."""
        if store == "postgres":
            dsn = self.postgres.create_database()
            try:
                yield {"PG_DSN": dsn, "ROTA_STORE": dsn}
            finally:
                self.postgres.drop_database(dsn)
        elif store == "redis":
            self.redis.flush()
            yield {"REDIS_URL": self.redis.url()}
        else:
            yield {"ROTA_STORE": f"sqlite:///{folder / 'rota.db'}"}

    def settle_down(self, variables: dict[str, str]) -> None:
        """Let PostgreSQL know its tables and write out what is dirty: nobody pays for another's writes."""
        if dsn := variables.get("PG_DSN"):
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")

    def versions(self) -> dict[str, str]:
        """Return the versions of the servers that ran."""
        found = {}
        if "postgres" in self.__dict__:
            with psycopg.connect(self.postgres.dsn()) as connection:
                found["PostgreSQL"] = connection.execute("SHOW server_version").fetchone()[0].split()[0]
        if "redis" in self.__dict__:
            found["Redis"] = _redis_version(self.redis)
        return found

    def close(self) -> None:
        for name in ("postgres", "redis"):
            if server := self.__dict__.pop(name, None):
                server.close()


def _redis_version(server: RedisServer) -> str:
    told = subprocess.run([server.program, "--version"], capture_output=True, text=True, check=True).stdout
    return next((word[2:] for word in told.split() if word.startswith("v=")), told.strip())
