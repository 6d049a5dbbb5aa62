"""A real PgBouncer before the tests' PostgreSQL: each transaction may get another server connection."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.services.postgres import PostgresServer
from tests.services.process import Server, ServiceMissing

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={postgres} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir = {directory}
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


def pgbouncer_program() -> Path:
    """Return the program.

    Raises:
        ServiceMissing: there is none.
    """
    found = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if found is None:
        raise ServiceMissing("PgBouncer", "pgbouncer")
    return Path(found)


class PgBouncer(Server):
    """PgBouncer in transaction mode before a server, on a port of its own."""

    name = "pgbouncer"
    unprivileged_user = "postgres"  # it refuses to run as root

    def __init__(self, server: PostgresServer) -> None:
        self.program = pgbouncer_program()
        super().__init__()
        self._server = server

    def command(self) -> list[str | Path]:
        file = self.directory / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(postgres=self._server.port, port=self.port, directory=self.directory)
        )
        return [self.program, file]

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:  # ours alone: the port could be another server's
            return probe.connect_ex(str(self.directory / f".s.PGSQL.{self.port}")) == 0

    def through(self, dsn: str) -> str:
        """Return the address of the same database by way of PgBouncer."""
        parts = urlsplit(dsn)
        return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}"))
