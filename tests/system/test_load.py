"""Several schedulers at once, and nodes whose wall clock is years off."""

import ast
import json
from pathlib import Path

import rota
from tests.system.load import percentile, schedulers

TEN_YEARS = 315_576_000
READINGS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}
# Who reads the wall clock, and why it does not matter there.
READERS = {
    "runtime/clock.py": "how far off it is, for people to see",
    "runners/inline.py": "the tests of an application, without a store",
    "cli/timetables.py": "`rota next`, without a store",
    "demo/command.py": "when the demo began",
    "demo/traffic.py": "the rows of the demo's shop",
    "housekeeping/django/backups.py": "the name of a backup",
    "housekeeping/django/rows.py": "how old rows are, whose times the site's own clock wrote",
    "web/ui/pages.py": "the page that tells that the store can not be reached",
}


def test_many_schedulers_record_each_occurrence_once(new_cluster):
    result = schedulers(new_cluster("postgres"), size=6, schedules=100, seconds=15)
    assert result.verdict.violations == []
    assert len(result.recorded) >= 1_000
    assert percentile(result.complete, 0.5) <= 2  # seen from outside; it takes some 0.1 s on a quiet machine


def test_nodes_whose_wall_clock_is_ten_years_off_behave(new_cluster):
    cluster = new_cluster("postgres")
    for offset in (TEN_YEARS, -TEN_YEARS):
        cluster.start(ROTA_CLOCK_OFFSET=str(offset))
    cluster.wait_for_runs(12)
    shown = [json.loads(row) for (row,) in cluster.rows("SELECT node FROM rota_node")]
    assert len(shown) == 2
    assert "clock_offset" in shown[0]
    assert shown[0]["clock_offset"] != shown[1]["clock_offset"]
    assert cluster.judge().violations == []


def test_nothing_that_matters_reads_the_wall_clock():
    root = Path(rota.__file__).parent
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if reads_wall_clock(path.read_text("utf-8"))
    }
    assert {one for one in found if not one.startswith("testing/")} == set(READERS)


def reads_wall_clock(source: str) -> bool:
    """Say whether `datetime.now`, `time.time` or the like is named."""
    return any(
        (isinstance(node, ast.Attribute) and ast.unparse(node) in READINGS)
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and "time" in {one.name for one in node.names}
        )
        for node in ast.walk(ast.parse(source))
    )
