"""The checker finds what it is there to find."""

from contextlib import closing
from datetime import datetime

from tests.system.checker import check
from tests.system.cluster import Cluster

FIRST = (
    "SELECT id FROM rota_run WHERE schedule = 'second' AND state = 'succeeded' ORDER BY planned_us LIMIT 1"
)

SPOILED = {
    "lost": "DELETE FROM rota_run WHERE id = {run}",
    "doubled": "INSERT INTO rota_run SELECT '00000000-0000-0000-0000-000000000000', {columns} FROM rota_run "
    "WHERE id = {run}",
    "no occurrence": "UPDATE rota_run SET planned_us = planned_us - 500000 WHERE id = {run}",
    "still running": "UPDATE rota_run SET state = 'running' WHERE id = {run}",
    "before its instant": "UPDATE rota_run SET started_us = planned_us - 1 WHERE id = {run}",
    "before it started": "UPDATE rota_run SET finished_us = started_us - 1 WHERE id = {run}",
    "kept of 3 attempts": "UPDATE rota_run SET attempt = 3 WHERE id = {run}",
    "are of no run": "INSERT INTO rota_attempt (run_id, number) VALUES ('none', 1)",
}


def test_what_is_spoiled_is_found(new_cluster):
    cluster = new_cluster("sqlite")
    cluster.start_all(1)
    cluster.wait_for_runs(3)
    until = cluster.now()
    assert cluster.judge().violations == []
    assert {
        what for what, statement in SPOILED.items() if not is_found(what, statement, cluster, until)
    } == set()


def is_found(what: str, statement: str, cluster: Cluster, until: datetime) -> bool:
    """Spoil one thing, check, and take it back."""
    with closing(cluster.connect()) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(rota_run)")]
        ((run,),) = connection.execute(FIRST).fetchall()
        connection.execute(statement.format(run=f"'{run}'", columns=", ".join(columns[1:])))
        violations = check(connection, until).violations
        connection.rollback()
    return any(what in one for one in violations)
