"""Many schedulers on many every-second schedules: each occurrence once, and how late it was recorded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tests.system.cluster import Cluster, wait_until
from tests.system.faults import Result

MANY = "tests.system.many:rota"
SETTLING = 3_000_000  # microseconds after the last scheduler has joined that do not count: Python starts
SECOND = 1_000_000
LOOK_EVERY = 0.02


def schedulers(cluster: Cluster, *, size: int, schedules: int, seconds: float) -> Result:
    """Run so many schedulers, and one worker, for a while."""
    cluster.app = MANY
    cluster.environment |= {"MANY_SCHEDULES": str(schedules)}
    assert cluster.call("sync").returncode == 0
    cluster.start("worker")
    nodes = [cluster.start("scheduler") for _ in range(size)]
    query = "SELECT count(*) FROM rota_node"
    wait_until(lambda: cluster.rows(query)[0][0] == size + 1, "all nodes")
    time.sleep(SETTLING / SECOND)
    since_us, before = int(time.time() * SECOND), cpu_seconds(node.pid for node in nodes)
    with closing(Watch(cluster)) as watch:
        time.sleep(seconds)
    used = cpu_seconds(node.pid for node in nodes) - before
    until_us = int(time.time() * SECOND) - SECOND
    result = Result(done=size, verdict=cluster.judge(), counted={"cpu_ms": round(used * 1000)})
    result.recorded = lateness(cluster, "created_us", since_us, until_us)
    result.started = lateness(cluster, "started_us", since_us, until_us)
    result.complete = sorted(watch.late)
    return result


class Watch:
    """Looks from outside, many times a second, until when all that is due at an instant has been decided.

    What it sees is committed, and as late as the last of all the schedules.

    Attributes:
        late: Seconds after each whole second.
    """

    QUERY = (
        "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint, min(next_due_us) FROM rota_schedule "
        "WHERE rota = 'many' AND next_due_us IS NOT NULL"
    )

    def __init__(self, cluster: Cluster) -> None:
        self.late: list[float] = []
        self._cluster, self._stopping = cluster, threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        with closing(self._cluster.connect()) as connection:
            complete_us = None
            while not self._stopping.wait(LOOK_EVERY):
                now_us, next_us = connection.execute(self.QUERY).fetchone()
                last_us = next_us - SECOND  # all that was due then, and before, is decided
                for instant_us in range(complete_us or last_us, last_us, SECOND):
                    self.late.append((now_us - instant_us - SECOND) / SECOND)
                complete_us = last_us

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return what these processes have used so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def lateness(cluster: Cluster, column: str, since_us: int, until_us: int) -> list[float]:
    """Return, sorted, how many seconds after its instant each occurrence was recorded, or started."""
    rows = cluster.rows(
        f"SELECT ({column} - planned_us) / 1e6 FROM rota_run WHERE origin = 'occurrence' "
        f"AND {column} IS NOT NULL AND planned_us BETWEEN {since_us} AND {until_us} ORDER BY 1"
    )
    return [float(late) for (late,) in rows]


def percentile(values: list[float], share: float) -> float:
    """Return the value that so large a share is not above; infinite if there is none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("inf")
