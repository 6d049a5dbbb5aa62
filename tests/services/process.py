"""What the servers share: a folder, a port, a process, and an end that comes even if ours is sudden."""

from __future__ import annotations

import atexit
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

START_LIMIT_SECONDS = 30.0
STOP_LIMIT_SECONDS = 30.0
MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
MEMORY_NEEDED_BYTES = 2 * 1024**3  # containers often have 64 MB there: too little

# The guard outlives us by a moment. It reads the server's newest pid from a pipe; when the pipe closes,
# because we ended (by any way, kill -9 included), it stops that server and removes the folder.
# SIGCONT: a test may have frozen the server.
GUARD = """
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
  kill -CONT "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -qs ') [^Z] ' "/proc/$pid/stat" || break  # gone, or a zombie that nobody reaps
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null
fi
cd / && rm -rf -- "$1"
"""


class ServiceMissing(Exception):
    """A server's program is not installed.

    Attributes:
        service: What is missing, such as `"PostgreSQL"`.
        package: The Debian package that brings it.
    """

    def __init__(self, service: str, package: str) -> None:
        self.service, self.package = service, package
        super().__init__(
            f"{service} is not installed, and tests that need it do not pass without it. "
            f"On Debian or Ubuntu: sudo apt-get install {package} (as root, `make test` does so)."
        )


class ServiceFailed(Exception):
    """A server did not start, or ended too early. The message ends with the last lines of its log."""

    def __init__(self, what: str, log: Path) -> None:
        lines = log.read_text(errors="replace").splitlines()[-20:] if log.exists() else []
        super().__init__("\n".join([what, *lines]))


class Server:
    """A server process on the loopback, with a folder and a port that stay the same across restarts.

    Subclasses say how to prepare the folder, what to execute, and when it is ready.
    """

    name = "server"
    unprivileged_user: str | None = None  # who to be instead of root

    def __init__(self, *, in_memory: bool = False) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        root = MEMORY if in_memory and _has_room(MEMORY) else None
        self.directory = Path(tempfile.mkdtemp(prefix=f"rota-{self.name}-", dir=root))
        self.log = self.directory / "log"
        self._prepared = False
        self._identity = _identity(self.unprivileged_user)
        if self._identity:
            os.chown(self.directory, *self._identity)
        self._guard = self._spawn(["sh", "-c", GUARD, "guard", str(self.directory)], stdin=subprocess.PIPE)
        self._owner = os.getpid()
        atexit.register(self.close)

    def prepare(self) -> None:
        """Fill the folder. Called once, before the first start."""

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start, and return when connections are accepted. Does nothing when it runs already."""
        if self.running:
            return
        if self._prepared:
            self._start()
            return
        self.prepare()
        for tries_left in (2, 1, 0):  # another process may have taken the port since we looked
            try:
                self._start()
            except ServiceFailed:
                if not tries_left:
                    raise
                self.port = free_port()
            else:
                self._prepared = True
                return

    def _start(self) -> None:
        self.process = self._spawn(self.command())
        self._tell_guard(str(self.process.pid))
        try:
            self._wait_until_ready(self.process)
        except BaseException:
            self.kill9()
            raise

    def _stop(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)  # a frozen process would not hear the first
        try:
            self.process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise ServiceFailed(
                f"{self.name} did not stop within {STOP_LIMIT_SECONDS:g} s", self.log
            ) from None
        self._ended()

    def kill9(self) -> None:
        """End the process the way a power cut does; the folder stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._ended()

    def stop(self) -> None:
        """Stop in an orderly way, and return when the process has ended."""
        self._stop(signal.SIGTERM)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop and remove everything. May be called twice."""
        if os.getpid() != self._owner:
            return  # a forked child that comes to its end
        atexit.unregister(self.close)
        self.kill9()
        if self._guard.stdin is not None:
            with suppress(BrokenPipeError):
                self._guard.stdin.close()
        try:
            self._guard.wait(10)
        except subprocess.TimeoutExpired:  # a forked child of ours lives on and holds the pipe
            self._guard.kill()
            self._guard.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ended(self) -> None:
        self.process = None
        self._tell_guard("")

    def _tell_guard(self, pid: str) -> None:
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.write(f"{pid}\n".encode())
            self._guard.stdin.flush()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(int(START_LIMIT_SECONDS / 0.02)):
            if self.is_ready():
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                raise ServiceFailed(
                    f"{self.name} ended with status {process.returncode} at its start", self.log
                )
        raise ServiceFailed(f"{self.name} was not ready within {START_LIMIT_SECONDS:g} s", self.log)

    def _spawn(
        self, command: Sequence[str | Path], stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a process of this server: its user, its folder, its log; Ctrl-C is not for it."""
        user, group = self._identity or (None, None)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in command],
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},  # and no PGPORT of ours
                user=user,
                group=group,
                extra_groups=[] if self._identity else None,
                start_new_session=True,
            )


def _has_room(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free >= MEMORY_NEEDED_BYTES


def free_port() -> int:
    """Return a port of the loopback that nothing listens on.

    Below the range that systems give to outgoing connections: a client that tries to reconnect to a
    stopped server from within that range can be given the server's port, and so connect to itself.
    """
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def children_of(pid: int) -> list[int]:
    """Return the pids of a process's children; none where the system has no /proc."""
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def wait_until_ended(pids: Sequence[int]) -> None:
    """Return when none of the killed processes holds memory any more: gone, or a zombie nobody reaps."""
    pause = threading.Event()
    for pid in pids:
        while _state(pid) not in ("Z", "X", ""):
            pause.wait(0.005)


def _state(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def _identity(user: str | None) -> tuple[int, int] | None:
    """Return whom a server is to run as instead of root, or None when we are not root."""
    if user is None or os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
