"""An application in a folder of its own, and two ways to call the program: in this process, and as one."""

from __future__ import annotations

import itertools
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
from click.testing import CliRunner, Result

from rota.cli.main import rota as program

PATIENCE = 60  # seconds: for a machine that is busy, never reached otherwise
_numbers = itertools.count()

SHOP = '''\
import sys, threading

from rota import Rota, RunContext, daily, every

rota = Rota("shop", timezone="Europe/Paris", store="sqlite:///rota.db", tick_interval="1s")
other = "not a rota"


@rota.task(retries=1, backoff="1s")
def purge(limit: int = 5, password: str = "x") -> dict:
    """Purge what has expired."""
    print("noise of the body")
    return {"purged": limit}


@rota.task
def broken(context: RunContext) -> None:
    context.log.info("about to fail")
    raise ValueError("no [bold]good[/bold]")


@rota.task
def slow(seconds: float = 60) -> None:
    print("slow began", file=sys.stderr, flush=True)
    threading.Event().wait(seconds)


@rota.task
def gated(gate: str) -> str:
    with open(gate) as pipe:  # until somebody opens it for writing
        return pipe.read()


@rota.task(queue="mail")
def send(user: int) -> None: ...


rota.schedule(purge, daily("02:30"), name="nightly", args={"password": "hunter2"}, tags=["house"])
rota.schedule(purge, every("90d"), name="odd [red] 'name' ü", tags=["house"])
rota.schedule(broken, daily("03:00"), name="billing:daily")
'''


@dataclass
class Shop:
    """The application, as `module`, in the current folder."""

    module: str
    folder: Path

    @property
    def app(self) -> str:
        return f"{self.module}:rota"

    def __call__(self, *args: str, code: int | None = 0, **environment: str) -> Result:
        """Call `rota` in this process; `code` is the exit code it must end with."""
        result = CliRunner().invoke(program, list(args), prog_name="rota", env=dict(environment))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert code is None or result.exit_code == code, result.output + result.stderr
        return result

    def json(self, *args: str, code: int = 0):
        return json.loads(self(*args, "--json", code=code).stdout)

    def process(self, *args: str, **environment: str) -> Process:
        return Process([sys.executable, "-m", "rota.cli", *args], self.folder, environment)


class Process:
    """`rota` as a process of its own; its output is read while it runs."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROTA_")}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        self._queue: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._queue.put(line)

    def wait_for(self, text: str, times: int = 1) -> str:
        """Return the line of stderr that holds `text`, once it has come so often."""
        while True:
            try:
                line = self._queue.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"{text!r} did not come; this did: {''.join(self.lines)}") from None
            self.lines.append(line)
            times -= text in line
            if times == 0:
                return line

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Return exit code, stdout and the rest of stderr."""
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._queue.empty():
            self.lines.append(self._queue.get())
        self.process.stdout.close()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code, out, "".join(self.lines)

    def kill(self) -> None:
        """End it, unless it has been waited for."""
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.kill()
            self.end()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The application in the current folder, not yet synced."""
    module = f"shop_{os.getpid()}_{next(_numbers)}"
    (tmp_path / f"{module}.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in os.environ if name.startswith("ROTA_") or name == "COLUMNS"]:
        monkeypatch.delenv(name)
    yield Shop(module, tmp_path)
    sys.modules.pop(module, None)
    root = logging.getLogger()
    for handler in [one for one in root.handlers if one.get_name() == "rota-cli"]:
        root.removeHandler(handler)
    root.setLevel(logging.WARNING)


@pytest.fixture
def synced(shop, monkeypatch):
    """The application, synced, and named by ROTA_APP."""
    shop("sync", shop.app)
    monkeypatch.setenv("ROTA_APP", shop.app)
    return shop
