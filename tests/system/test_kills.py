"""The short form of the kill loop; the long form is `python -m tests.system.kill_loop`."""

import pytest

from tests.system.kill_loop import kill_loop


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nodes_that_are_killed_lose_and_double_nothing(kind, new_cluster):
    verdict, kills = kill_loop(new_cluster(kind), seconds=12, every=2.4)
    assert kills >= 5
    assert verdict.occurrences >= 10
    assert verdict.violations == []
