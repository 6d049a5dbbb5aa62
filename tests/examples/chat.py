"""The example `django_chat` as somebody has it who follows its README: a copy of it, and a server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services.process import free_port

ROOT = Path(__file__).parents[2]
EXAMPLE = Path("examples", "django_chat")
PATIENCE = 90.0
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8000"  # in the README


@dataclass(slots=True)
class Chat:
    """A copy of the example, and the commands of its README."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        shutil.copytree(
            ROOT / EXAMPLE,
            self.folder / EXAMPLE,
            ignore=shutil.ignore_patterns("__pycache__", "chat.sqlite3*", "backups"),
        )
        self.log = self.folder / "server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def home(self) -> Path:
        return self.folder / EXAMPLE

    def blocks(self) -> list[list[str]]:
        """Return the commands of each console block; only the port is another."""
        text = (ROOT / EXAMPLE / "README.md").read_text("utf-8").replace(PORT, str(self.port))
        return [
            [line[2:] for line in block.splitlines() if line.startswith("$ ")]
            for block in BLOCK.findall(text)
        ]

    def follow(self, lines: list[str], folder: Path | None = None) -> str:
        """Type commands into one shell, up to the first that fails; return what they print."""
        done = subprocess.run(
            ["bash", "-euc", "\n".join(lines)],
            cwd=folder or self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout}{done.stderr}{self.said()}"
        return done.stdout

    def manage(self, *words: str) -> str:
        return self.follow([f"python manage.py {' '.join(words)}"])

    def said(self) -> str:
        """Return what the server has printed."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    @contextmanager
    def serving(self, line: str) -> Iterator[None]:
        """Let a command of the README serve until the end of the block."""
        with self.log.open("ab") as output:
            server = subprocess.Popen(
                ["bash", "-uc", line],
                cwd=self.home,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_until(lambda: self.answers(server), lambda: f"no answer\n{self.said()}")
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # Ctrl-C is ignored by what runs in the background
            try:
                server.wait(PATIENCE)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(server.pid, signal.SIGKILL)

    def answers(self, server: subprocess.Popen[bytes]) -> bool:
        assert server.poll() is None, self.said()
        with suppress(OSError):
            return urllib.request.urlopen(f"{self.url}/login/", timeout=5).status == 200
        return False

    def curl(self, path: str, *words: str, token: str = "") -> tuple[int, Any]:
        """Call the API as a script does; return status and answer."""
        command = ["curl", "-s", "-w", "\n%{http_code}", *words, f"{self.url}{path}"]
        if token:
            command[1:1] = ["-H", f"Authorization: Bearer {token}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        text, _, status = done.stdout.rpartition("\n")
        with suppress(ValueError):
            return int(status), json.loads(text)
        return int(status), text


def chat_in(folder: Path, database: str) -> Chat:
    """Return a fresh copy whose database is at a URL, or where the example has it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CHAT_", "DJANGO_"))}
    more = {"CHAT_DATABASE": database} if database else {}
    return Chat(folder, {**kept, **more, "PATH": path, "PYTHONUNBUFFERED": "1"})


def wait_until(condition: Callable[[], bool], failure: Callable[[], str]) -> None:
    """Return once `condition` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, failure()
        threading.Event().wait(0.1)
