"""The long forms that need more than running nodes: a month off, a purge under load, fail-over times."""

from __future__ import annotations

import re
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rota.stores import open_store
from tests.system.cluster import Cluster, wait_until
from tests.system.faults import Result
from tests.system.load import MANY, Watch, cpu_seconds, lateness

MONTH = timedelta(days=30)


def long_stop(cluster: Cluster, *, schedules: int) -> Result:
    """Let every-minute schedules come back after 30 days off; compare with a start where nothing is due."""
    cluster.app = MANY
    cluster.environment |= {
        "MANY_SCHEDULES": str(schedules),
        "MANY_EVERY": "* * * * *",
        "MANY_CATCH_UP": "latest",
    }
    assert cluster.call("sync").returncode == 0
    quiet = cluster.start("scheduler")
    wait_until(lambda: bool(cluster.rows("SELECT 1 FROM rota_node")), "the node")
    time.sleep(3)
    idle_kb = peak_kb(quiet.pid)
    cluster.kill(quiet)
    set_back(cluster, MONTH)
    due_us = int(datetime.now(UTC).replace(second=0, microsecond=0).timestamp() * 1e6)
    began = time.monotonic()
    node = cluster.start("scheduler")
    decided = f"SELECT count(*) FROM rota_schedule WHERE cursor_us >= {due_us}"
    wait_until(lambda: cluster.rows(decided)[0][0] == schedules, "each schedule to be decided")
    took = time.monotonic() - began
    result = Result(done=schedules)
    result.counted["memory_mb"] = (peak_kb(node.pid) - idle_kb) // 1024
    result.again.append(took)
    result.verdict = cluster.judge(most=20)  # each has 43,200 occurrences to enumerate
    for state, name in (("missed", "missed records"), ("succeeded", "runs")):
        query = f"SELECT count(DISTINCT schedule_id) FROM rota_run WHERE state = '{state}'"
        result.counted[name] = cluster.rows(query)[0][0]
        result.verdict.expect(result.counted[name] == schedules, f"{result.counted[name]} have {name}")
    return result


def set_back(cluster: Cluster, by: timedelta) -> None:
    """Let all schedules be that much older, and the last time they were looked at."""
    by_us = int(by.total_seconds() * 1e6)
    with closing(cluster.connect()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("DELETE FROM rota_run")
        cursor.execute(
            f"UPDATE rota_schedule SET cursor_us = cursor_us - {by_us}, created_us = created_us - {by_us}, "
            f"next_due_us = next_due_us - {by_us}"
        )
        connection.commit()


def peak_kb(pid: int) -> int:
    """Return the most memory a process has held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def purge_under_load(cluster: Cluster, *, runs: int, schedules: int, seconds: float) -> Result:
    """Purge old runs while every-second schedules go on, and measure how late these are meanwhile."""
    cluster.app = MANY
    cluster.environment |= {"MANY_SCHEDULES": str(schedules)}
    assert cluster.call("sync").returncode == 0
    now = datetime.now(UTC)
    fill(cluster, runs, now - timedelta(days=60))
    cluster.start()
    cluster.wait_for_runs(schedules * 3)
    since_us = int(time.time() * 1e6)
    result = Result()
    ends = time.monotonic() + seconds
    with closing(open_store(cluster.store)) as store:
        while deleted := store.purge("many", now - timedelta(days=30), 0, 1000):
            result.done += deleted
            if time.monotonic() > ends:
                break
    result.again.append((time.time() * 1e6 - since_us) / 1e6)
    until_us = int(time.time() * 1e6) - 1_000_000
    result.verdict = cluster.judge()
    result.recorded = lateness(cluster, "created_us", since_us, until_us)
    result.started = lateness(cluster, "started_us", since_us, until_us)
    return result


def fill(cluster: Cluster, runs: int, before: datetime) -> None:
    """Insert so many ended runs without a schedule, each a millisecond older than the next."""
    last_us = int(before.timestamp() * 1e6)
    with closing(cluster.connect()) as connection:
        connection.execute(
            "INSERT INTO rota_run (id, rota, task, state, origin, args, policy, queue, priority, created_us, "
            "run_at_us, count, is_catch_up, serial, lane_limit, gated, attempt, token, started_us, "
            "finished_us, outcome) SELECT gen_random_uuid(), 'many', 'nothing', 'succeeded', 'manual', '{}', "
            "'{}', 'default', 0, at, at, 1, false, false, 0, false, 1, 1, at, at, 'succeeded' "
            f"FROM (SELECT {last_us} - 1000 * n::bigint AS at FROM generate_series(1, {runs}) AS n) AS old"
        )
        connection.execute("ANALYZE rota_run")


def worker_takeover(cluster: Cluster) -> float:
    """Return after how many seconds another worker began a run of a killed one, by default settings."""
    cluster.environment["ROTA_LEASE"] = "15s"
    first, _ = cluster.start_all(2)
    query = f"SELECT id FROM rota_run WHERE state = 'running' AND node LIKE '%-{first.pid}-%'"
    wait_until(lambda: bool(cluster.rows(query)), "a run to interrupt")
    cluster.kill(first)
    held = cluster.rows(query)
    if not held:
        return 0.0
    began = time.monotonic()
    wait_until(lambda: not cluster.rows(query), "its take-over")
    return time.monotonic() - began


def scheduler_failover(cluster: Cluster, *, times: int) -> list[float]:
    """Kill the scheduler that decides, so many times, while three more stand by; return how late each time
    the slowest of 200 every-second schedules was."""
    cluster.app = MANY
    cluster.environment |= {"MANY_SCHEDULES": "200"}
    assert cluster.call("sync").returncode == 0
    cluster.start_all(4, "scheduler")
    found = []
    with closing(Watch(cluster)) as watch:
        for _ in range(times):
            time.sleep(3)  # they agree on who decides
            cluster.kill(busiest(cluster))
            seen = len(watch.late)
            wait_until(lambda seen=seen: len(watch.late) >= seen + 2, "the next occurrences")
            found.append(max(watch.late[seen:]))
            cluster.start_all(1, "scheduler")
    return found


def busiest(cluster: Cluster):
    """Return the process that has used the most of the last two seconds."""
    before = {node.pid: cpu_seconds([node.pid]) for node in cluster.nodes}
    time.sleep(2)
    return max(cluster.nodes, key=lambda node: cpu_seconds([node.pid]) - before[node.pid])
