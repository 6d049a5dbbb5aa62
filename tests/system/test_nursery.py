"""The long soak forks its nodes: it has to work on the day on which somebody runs it."""

from pathlib import Path

import rota
from tests.system.nursery import Nursery


def test_a_forked_process_is_the_command_that_was_asked_for(tmp_path: Path):
    log = tmp_path / "log"
    with Nursery() as nursery:
        said = nursery.start(("--version",), {"PYTHONPATH": ""}, tmp_path, log)
        failed = nursery.start(("no-such-command",), {"PYTHONPATH": ""}, tmp_path, log)
        assert (said.wait(), failed.wait()) == (0, 2)
    assert f"version {rota.__version__}" in log.read_text()
    assert "no-such-command" in log.read_text()
