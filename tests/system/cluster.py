"""A store, and the `rota` processes on it: started, killed, frozen, drained, and judged in the end."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.system.checker import Verdict, check, rows
from tests.system.nursery import Child, Nursery

APP = "tests.system.clockwork:rota"
ROOT = Path(__file__).parents[2]
LEASE = 3
PATIENCE = 60  # seconds to wait for what must come; the machine may be busy with other things


@dataclass
class Cluster:
    """Some `rota` processes on one store.

    Attributes:
        store: URL for the processes; may lead through a proxy.
        folder: Where they leave their log and their marks.
        direct: URL for the checker, when it is another one.
        environment: For all of the processes.
        nursery: Where nodes come from, if they are to begin at once.
    """

    store: str
    folder: Path
    app: str = APP
    direct: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    nodes: list[subprocess.Popen | Child] = field(default_factory=list)
    nursery: Nursery | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.marks = self.folder / "marks"
        self.log = self.folder / "nodes.log"

    def start(self, role: str = "run", *options: str, **environment: str) -> subprocess.Popen:
        """Start a process of that role."""
        variables = self._environment(environment)
        if self.nursery is not None:
            node = self.nursery.start((role, self.app, *options), variables, self.folder, self.log)
        else:
            with self.log.open("ab") as log:
                node = subprocess.Popen(
                    self._command(role, *options), env=variables, stdout=log, stderr=log, cwd=self.folder
                )
        self.nodes.append(node)
        return node

    def call(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        """Run a command to its end, with the code it ends with."""
        return subprocess.run(
            self._command(*words), env=self._environment(environment), cwd=self.folder, capture_output=True
        )

    def _command(self, word: str, *options: str) -> list[str]:
        return [sys.executable, "-m", "rota", word, self.app, *options]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "ROTA_STORE": self.store,
            "ROTA_LEASE": f"{LEASE}s",
            "CLOCKWORK_MARKS": str(self.marks),
            "PYTHONPATH": str(ROOT),
            **self.environment,
            **more,
        }

    def kill(self, node: subprocess.Popen) -> None:
        """End a process the way a power cut does."""
        node.kill()
        node.wait()
        self.nodes.remove(node)

    def drain(self) -> list[int]:
        """End all processes by SIGTERM; return their exit codes."""
        nodes, self.nodes = self.nodes, []
        for node in nodes:
            node.send_signal(signal.SIGTERM)
        return [node.wait(PATIENCE) for node in nodes]

    def close(self) -> None:
        """Kill what is left."""
        for node in list(self.nodes):
            self.kill(node)

    @property
    def path(self) -> str:
        """The file of a SQLite store."""
        return self.store.removeprefix("sqlite:///")

    def connect(self):
        url = self.direct or self.store
        if url.startswith("sqlite:///"):
            return sqlite3.connect(self.path, timeout=PATIENCE)
        return psycopg.connect(url, autocommit=True)

    def rows(self, query: str) -> list[tuple]:
        with closing(self.connect()) as connection:
            return rows(connection, query)

    def now(self) -> datetime:
        return datetime.now(UTC)  # the store is on this machine

    def start_all(self, count: int, role: str = "run") -> list[subprocess.Popen]:
        """Start so many processes, and return when all have joined."""
        nodes = [self.start(role) for _ in range(count)]
        self.wait_for_joined(nodes)
        return nodes

    def wait_for_joined(self, nodes: list[subprocess.Popen]) -> None:
        for node in nodes:
            query = f"SELECT 1 FROM rota_node WHERE id LIKE '%-{node.pid}-%'"
            self.wait_until(lambda query=query: bool(self.rows(query)), "a node to join")

    def wait_until(self, holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait, as long as all nodes live."""

        def looks() -> bool:
            ended = {node.pid: node.poll() for node in self.nodes if node.poll() is not None}
            assert not ended, f"nodes ended while we waited for {what}: {ended}"
            return holds()

        wait_until(looks, what, patience)

    def wait_for_runs(self, more: int, patience: float = PATIENCE) -> float:
        """Wait until so many more runs have succeeded; return how many seconds that took."""
        query = "SELECT count(*) FROM rota_run WHERE state = 'succeeded'"
        began, before = time.monotonic(), self.rows(query)[0][0]
        self.wait_until(lambda: self.rows(query)[0][0] >= before + more, "runs that succeed", patience)
        return time.monotonic() - began

    def wait_for_rescue(self) -> None:
        """Wait until nothing that is running now, or was left behind, runs under the same token."""
        held = set(self.rows("SELECT id, token FROM rota_run WHERE state = 'running'"))
        query = "SELECT id, token FROM rota_run WHERE state = 'running'"
        self.wait_until(lambda: not held & set(self.rows(query)), "the end of what was running")

    def finish(self) -> None:
        """Decide what is due by now, and run what is left over to its end: what was queued, and retries."""
        done = self.call("tick")
        assert done.returncode == 0, done.stderr.decode()
        left = "SELECT 1 FROM rota_run WHERE state IN ('pending', 'running') LIMIT 1"
        if self.rows(left):
            self.wait_for_joined([self.start("worker")])
            self.wait_until(lambda: not self.rows(left), "all runs to end")
            self.drain()

    def judge(self, since: datetime | None = None, most: int = 10_000) -> Verdict:
        """Drain, run what is left, and check all that was due until now.

        Args:
            since: What was due before was purged.
            most: Check no more schedules than this.
        """
        until = self.now().replace(microsecond=0)
        codes = self.drain()
        self.finish()
        with closing(self.connect()) as connection:
            verdict = check(connection, until, since, most)
        verdict.expect(codes == [0] * len(codes), f"nodes ended with {codes}")
        check_marks(self.marks, verdict)
        return verdict


def check_marks(path: Path, verdict: Verdict) -> None:
    """No attempt ran twice under one number: an extra execution is an extra attempt, and is recorded."""
    lines = path.read_text().splitlines() if path.exists() else []
    seen = [tuple(line.split()[:2]) for line in lines]
    verdict.marks = set(seen)
    doubled = len(seen) - len(set(seen))
    verdict.expect(doubled == 0, f"{doubled} attempts ran twice under the same number")


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    ends = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < ends, f"waited {patience:g} s for {what}"
        time.sleep(0.05)
