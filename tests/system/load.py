"""Many schedulers on many every-second schedules: each occurrence once, and how late it was recorded."""

from __future__ import annotations

import time

from tests.system.cluster import Cluster, wait_until
from tests.system.faults import Result

MANY = "tests.system.many:rota"
SETTLING = 3_000_000  # microseconds after the last scheduler has joined that do not count: Python starts


def schedulers(cluster: Cluster, *, size: int, schedules: int, seconds: float) -> Result:
    """Run so many schedulers, and one worker, for a while."""
    cluster.app = MANY
    cluster.environment |= {"MANY_SCHEDULES": str(schedules)}
    assert cluster.call("sync").returncode == 0
    cluster.start("worker")
    for _ in range(size):
        cluster.start("scheduler")
    nodes = "SELECT count(*) FROM rota_node"
    wait_until(lambda: cluster.rows(nodes)[0][0] == size + 1, "all nodes")
    since_us = int(time.time() * 1e6) + SETTLING
    time.sleep(SETTLING / 1e6 + seconds)
    until_us = int(time.time() * 1e6) - 1_000_000
    result = Result(done=size, verdict=cluster.judge())
    result.recorded = lateness(cluster, "created_us", since_us, until_us)
    result.started = lateness(cluster, "started_us", since_us, until_us)
    return result


def lateness(cluster: Cluster, column: str, since_us: int, until_us: int) -> list[float]:
    """Return, sorted, how many seconds after its instant each occurrence was recorded, or started."""
    rows = cluster.rows(
        f"SELECT ({column} - planned_us) / 1e6 FROM rota_run WHERE origin = 'occurrence' "
        f"AND {column} IS NOT NULL AND planned_us BETWEEN {since_us} AND {until_us} ORDER BY 1"
    )
    return [float(late) for (late,) in rows]


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]
