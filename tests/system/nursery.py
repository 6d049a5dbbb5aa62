"""Processes of `rota` that begin at once: forked from one that has imported everything already.

Importing is nearly all of what the start of a node costs, and nothing that a kill could spoil. A thousand
kills in a few minutes need nodes that begin in milliseconds.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import psycopg  # noqa: F401

import rota

# What a node needs nothing of, and what is a program, or wants the settings of a Django project.
NOT_IMPORTED = (
    "rota.testing", "rota.demo", "rota.__main__", "rota.cli.__main__",
    "rota.integrations", "rota.housekeeping.django",
)  # fmt: skip


class Nursery:
    """Starts commands of `rota`, each in a process of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parent = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def start(self, words: Sequence[str], environment: dict[str, str], folder: Path, log: Path) -> Child:
        pid = self.ask(words=list(words), environment=environment, folder=str(folder), log=str(log))
        assert pid is not None
        return Child(self, pid)

    def ask(self, **request: object) -> int | None:
        with self._lock:
            self._parent.stdin.write(json.dumps(request) + "\n")
            self._parent.stdin.flush()
            return json.loads(self._parent.stdout.readline())

    def close(self) -> None:
        self._parent.stdin.close()
        self._parent.wait()
        self._parent.stdout.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Child:
    """A process of a nursery. It has what the tests use of `subprocess.Popen`."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid, self.returncode = pid, None
        self._nursery = nursery

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        ends = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.005)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def tend() -> None:
    """Fork for each request, and answer with the pid; or say how one has ended, `null` if it has not."""
    import_all(rota)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(ended(**request) if "ended" in request else fork(request)), flush=True)


def import_all(package: ModuleType) -> None:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not found.name.startswith(NOT_IMPORTED):
            module = import_module(found.name)
            if found.ispkg:
                import_all(module)


def fork(request: dict) -> int:
    pid = os.fork()
    if pid == 0:
        become(**request)
    return pid


def ended(ended: int) -> int | None:
    pid, status = os.waitpid(ended, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def become(words: list[str], environment: dict[str, str], folder: str, log: str) -> None:
    """Be a `rota` process in that environment."""
    code = 1
    try:
        os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), 1)
        os.dup2(1, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.path.insert(0, environment["PYTHONPATH"])
        from rota.cli import main

        main(words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    tend()
