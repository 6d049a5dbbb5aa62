"""Some nodes on one store; one of them is killed with -9 and another one started, over and over.

    python -m tests.system.kill_loop --minutes 10 --every 20

starts a PostgreSQL server of its own, and ends with 1 if an occurrence was doubled or lost.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from rota.stores import open_store
from tests.services.postgres import PostgresServer
from tests.system.checker import Verdict
from tests.system.cluster import Cluster


def kill_loop(
    cluster: Cluster, *, seconds: float, every: float, size: int = 3, most: int = 1_000_000, seed: int = 0
) -> tuple[Verdict, int]:
    """Run the loop, let the rest settle, and check. Returns the verdict and the number of kills."""
    chance, kills = random.Random(seed), 0
    cluster.start_all(size)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and kills < most:
        time.sleep(every * 2 * chance.random())
        cluster.kill(chance.choice(cluster.nodes))
        cluster.start()
        kills += 1
    cluster.wait_for_joined(cluster.nodes)
    cluster.wait_for_rescue()
    return cluster.judge(), kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=20, help="seconds between two kills")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.create_database()
        with closing(open_store(dsn)) as store:
            store.migrate()
        cluster = Cluster(dsn, Path(folder))
        verdict, kills = kill_loop(
            cluster, seconds=options.minutes * 60, every=options.every, seed=options.seed
        )
    print(f"{kills} kills, {verdict}")
    print("\n".join(verdict.violations[:20]))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
