"""Nodes are killed with -9 at each step by name; a healthy node then finishes, and nothing is lost."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from rota.failpoints import killer
from tests.system.cluster import PATIENCE, Cluster, wait_until

STORIES = [
    ["tick.before_plan"],
    ["record.before_commit:3"],
    ["record.after_commit:2"],
    ["notify.before:3"],
    ["claim.after_commit:2"],
    ["settle.before:2"],
    ["settle.before_commit:2"],
    ["settle.after_commit:2"],
    ["sync.before_commit"],
    ["body:3", "rescue.before_settle"],  # the rescuer of what the first leaves behind is killed, too
]
ENDED = "SELECT id FROM rota_run WHERE state NOT IN ('pending', 'running')"
WAITS = "SELECT id FROM rota_run WHERE task = 'purge' AND state <> 'succeeded'"


def dies_at(step: str, cluster: Cluster) -> None:
    node = cluster.start(ROTA_FAILPOINT=step)
    code = node.wait(PATIENCE)
    assert code == -signal.SIGKILL, f"{step}: ended with {code}: {cluster.log.read_text()[-2000:]}"
    cluster.nodes.remove(node)


def then_heals(cluster: Cluster):
    cluster.start_all(1)
    cluster.wait_for_rescue()
    cluster.wait_for_runs(2)
    return cluster.judge()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_node_killed_at_any_step_loses_and_doubles_nothing(kind, new_cluster):
    clusters = [new_cluster(kind) for _ in STORIES]

    def violations(steps: list[str], cluster: Cluster) -> list[str]:
        for step in steps:
            dies_at(step, cluster)
        return then_heals(cluster).violations

    with ThreadPoolExecutor(5) as threads:
        found = list(threads.map(violations, STORIES, clusters))
    assert [(steps, bad) for steps, bad in zip(STORIES, found, strict=True) if bad] == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_purge_that_is_killed_is_whole_and_goes_on(kind, new_cluster):
    cluster = new_cluster(kind)
    cluster.start()
    cluster.wait_for_runs(6)
    assert cluster.judge().violations == []
    ended_before = {one[0] for one in cluster.rows(ENDED)}
    since = cluster.now()
    assert cluster.call("enqueue", "purge", "--arg", f"before={since.isoformat()}").returncode == 0
    dies_at("purge.before_commit", cluster)
    assert ended_before <= {one[0] for one in cluster.rows(ENDED)}  # nothing of the batch is gone
    cluster.start()
    cluster.wait_for_rescue()
    wait_until(lambda: not cluster.rows(WAITS), "the second attempt of the purge")
    cluster.wait_for_runs(3)
    assert cluster.judge(since).violations == []
    assert not {one[0] for one in cluster.rows(ENDED)} & ended_before


def test_a_failpoint_is_hit_at_the_nth_time_only():
    killed = []
    hit = killer("record.before_commit:2", lambda: killed.append(True))
    hit("record.before_commit")
    hit("record.after_commit")
    assert killed == []
    hit("record.before_commit")
    hit("record.before_commit")
    assert killed == [True]
