"""A real PostgreSQL cluster for the tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from tests.services.process import Server, ServiceFailed, ServiceMissing, children_of, wait_until_ended

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{directory}'
max_connections = 200
# A process may be killed at any instant and nothing committed is lost: only a crash of the
# whole machine needs fsync, and a folder of the tests does not outlive that.
fsync = {fsync}
# Not UTC on purpose, and not a whole hour: who forgets a zone is found out.
timezone = 'Asia/Kathmandu'
"""

HOW_TO_STOP = {
    "smart": signal.SIGTERM,  # wait for the clients to leave
    "fast": signal.SIGINT,  # roll their transactions back
    "immediate": signal.SIGQUIT,  # end without a checkpoint: the next start recovers
}


def postgres_bin() -> Path:
    """Return the folder of the newest PostgreSQL server programs.

    Raises:
        ServiceMissing: there are none. Debian keeps them off PATH, so its folders are searched first.
    """
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda found: int(re.sub(r"\D", "", found.parts[-3]) or 0),
        reverse=True,
    )
    on_path = [Path(found).resolve() for found in [shutil.which("initdb")] if found]
    for initdb in [*debian, *on_path]:
        if (initdb.parent / "postgres").exists():
            return initdb.parent
    raise ServiceMissing("PostgreSQL", "postgresql")


class PostgresServer(Server):
    """A temporary cluster: own port, own socket folder, superuser `postgres`, trusted on the loopback.

    Args:
        durable: True keeps it on the disk and writes through, as in production. For measurements.
        settings: More lines for `postgresql.conf`.
    """

    name = "postgres"
    unprivileged_user = "postgres"  # PostgreSQL refuses to run as root

    def __init__(self, *, durable: bool = False, settings: str = "") -> None:
        self.settings = settings
        self.bin = postgres_bin()
        super().__init__(in_memory=not durable)  # CREATE DATABASE takes 25 ms there, 90 ms on a disk
        self.durable = durable
        self.data = self.directory / "data"
        self._numbers = count(1)
        self._templates: set[str] = set()

    def prepare(self) -> None:
        locale = ["--encoding", "UTF8", "--no-locale"]
        access = ["--username", "postgres", "--auth", "trust"]
        initdb = self._spawn([self.bin / "initdb", "-D", self.data, *locale, *access, "--no-sync"])
        if initdb.wait() != 0:
            raise ServiceFailed("initdb failed", self.log)
        settings = CONFIGURATION.format(directory=self.directory, fsync="on" if self.durable else "off")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(settings + self.settings)

    def command(self) -> list[str | Path]:
        return [self.bin / "postgres", "-D", self.data, "-p", str(self.port)]

    def is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        # Line 1 is the pid (an older one after kill -9), line 8 the status: what pg_ctl reads, too.
        return self.process is not None and lines[0] == str(self.process.pid) and lines[7:8] == ["ready   "]

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop, and return when the process has ended: `HOW_TO_STOP` says what the modes do."""
        self._stop(HOW_TO_STOP[mode])

    def kill9(self) -> None:
        """End the server and its backends the way a power cut does; the data stays.

        The backends, too: one that outlives the server for a moment would hold its shared memory,
        and the next start would refuse.
        """
        if self.process is None or self.process.poll() is not None:
            super().kill9()
            return
        self.process.send_signal(signal.SIGSTOP)  # no new backend while we list them
        backends = children_of(self.process.pid)
        for pid in backends:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        super().kill9()
        wait_until_ended(backends)

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Create a database with a name of its own, as a copy of `template`, and return its DSN."""
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.dsn(name)

    def create_template(self, name: str, build: Callable[[str], object]) -> str:
        """Build a database to copy from, once per cluster: `build` gets its DSN. Return the name."""
        if name not in self._templates:
            self.execute("CREATE DATABASE {}", name)
            build(self.dsn(name))
            self._templates.add(name)
        return name

    def drop_database(self, dsn: str) -> None:
        """Drop a database of `create_database`, and whoever is still connected to it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", dsn.rpartition("/")[2])

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement as superuser, outside a transaction; `{}` stands for a quoted name."""
        text = sql.SQL(statement).format(*map(sql.Identifier, names))
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(text)
