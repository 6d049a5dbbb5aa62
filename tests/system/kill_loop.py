"""Three nodes on one store; one of them is killed with -9 and started again, over and over.

    python -m tests.system.kill_loop --minutes 10 --every 20

starts a PostgreSQL server of its own, and ends with 1 if an occurrence was doubled or lost.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.system.checker import Verdict, check

APP = "tests.system.clockwork:rota"
ROOT = Path(__file__).parents[2]
SETTLED_WITHIN = 60


@dataclass
class Cluster:
    """Some `rota run` processes on one store."""

    store: str
    folder: Path
    size: int = 3

    def __post_init__(self) -> None:
        self.nodes = [self.start() for _ in range(self.size)]

    def start(self) -> subprocess.Popen:
        environment = environment_of(self.store, self.folder)
        command = [sys.executable, "-m", "rota", "run", APP]
        with (self.folder / "nodes.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.folder)

    def kill_one(self, chance: random.Random) -> None:
        """Kill one node with -9 and start another."""
        victim = chance.randrange(len(self.nodes))
        self.nodes[victim].send_signal(signal.SIGKILL)
        self.nodes[victim].wait()
        self.nodes[victim] = self.start()

    def drain(self) -> list[int]:
        """End all nodes by SIGTERM; return their exit codes."""
        for node in self.nodes:
            node.send_signal(signal.SIGTERM)
        return [node.wait(SETTLED_WITHIN) for node in self.nodes]


def environment_of(store: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "ROTA_STORE": store,
        "ROTA_LEASE": "3s",
        "CLOCKWORK_MARKS": str(folder / "marks"),
        "PYTHONPATH": str(ROOT),
    }


def kill_loop(
    store: str, connect, folder: Path, *, seconds: float, every: float, seed: int = 0
) -> tuple[Verdict, int]:
    """Run the loop, let the rest settle, and check. Returns the verdict and the number of kills."""
    chance, kills = random.Random(seed), 0
    cluster = Cluster(store, folder)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(every)
        cluster.kill_one(chance)
        kills += 1
    time.sleep(6)  # two leases: the runs of the last victim are taken over
    until = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=3)
    codes = cluster.drain()
    finish(store, folder)
    with closing(connect()) as connection:
        verdict = check(connection, until)
    verdict.expect(codes == [0] * len(codes), f"nodes ended with {codes}")
    check_marks(folder / "marks", verdict)
    return verdict, kills


def finish(store: str, folder: Path) -> None:
    """Run what is left over to its end: what was queued, and retries."""
    environment = {
        **os.environ,
        "ROTA_STORE": store,
        "CLOCKWORK_MARKS": str(folder / "marks"),
        "PYTHONPATH": str(ROOT),
    }
    for _ in range(3):
        time.sleep(1.1)
        command = [sys.executable, "-m", "rota", "tick", APP]
        subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)


def check_marks(path: Path, verdict: Verdict) -> None:
    """No attempt ran twice under one number: an extra execution is an extra attempt, and is recorded."""
    seen = [tuple(line.split()[:2]) for line in path.read_text().splitlines()]
    doubled = len(seen) - len(set(seen))
    verdict.expect(doubled == 0, f"{doubled} attempts ran twice under the same number")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=20, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import psycopg

    from tests.services.postgres import PostgresServer

    with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.create_database()
        subprocess.run([sys.executable, "-m", "rota", "migrate", APP, "--store", dsn], check=True, cwd=ROOT)
        verdict, kills = kill_loop(
            dsn,
            lambda: psycopg.connect(dsn),
            Path(folder),
            seconds=options.minutes * 60,
            every=options.every,
            seed=options.seed,
        )
    print(
        f"{kills} kills, {verdict.occurrences} occurrences, {verdict.runs} runs and records, "
        f"{verdict.retried} tried again: {len(verdict.violations)} violations"
    )
    print("\n".join(verdict.violations[:20]))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
