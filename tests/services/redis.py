"""A real Redis server (or Valkey) for the tests."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from tests.services.process import Server, ServiceMissing


def redis_program() -> Path:
    """Return the server program.

    Raises:
        ServiceMissing: there is none.
    """
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise ServiceMissing("Redis", "redis-server")
    return Path(found)


class RedisServer(Server):
    """A temporary server on a port of its own, empty at first.

    Args:
        aof: True keeps every acknowledged write in the append-only file, so that it outlives `kill9`
            and `restart`. False keeps nothing: each start is empty.
    """

    name = "redis"

    def __init__(self, *, aof: bool = False) -> None:
        self.program = redis_program()
        super().__init__()
        self.aof = aof
        self.socket = self.directory / "socket"

    def command(self) -> list[str | Path]:
        persistence = (
            ["--appendonly", "yes", "--appendfsync", "always"] if self.aof else ["--appendonly", "no"]
        )
        # The socket is ours alone: an answer on the port could be another server's that took it first.
        place = [
            "--unixsocket",
            str(self.socket),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--dir",
            str(self.directory),
        ]
        return [self.program, *place, *persistence, "--save", "", "--daemonize", "no"]

    def is_ready(self) -> bool:
        try:
            return self.send("PING") == "+PONG"  # "-LOADING ..." while it reads its file
        except OSError:
            return False

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def flush(self) -> None:
        """Empty every database."""
        self.send("FLUSHALL")

    def send(self, command: str) -> str:
        """Send one command and return the first line of the answer. Enough for here, without a client."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(f"{command}\r\n".encode())
            with connection.makefile("rb") as answer:
                return answer.readline().decode().rstrip()
