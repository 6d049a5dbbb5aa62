"""`python -m rota.testing.sim`: what it prints, and its exit status."""

import logging
import re

import pytest

from rota.testing.chaos import command


@pytest.fixture(autouse=True)
def log_again():
    yield
    logging.disable(logging.NOTSET)


def test_it_prints_node_hours_faults_and_violations(capsys):
    assert command.main(["--seeds", "0:2", "--hours", "1", "--workers", "1"]) == 0
    *counts, total = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        r"2 seeds, [\d,]+ node-hours, [\d,]+ runs, [\d,]+ faults, 0 violations in 0 seeds, [\d.]+ s", total
    )
    assert any(line.endswith("  steps in between") for line in counts)


def test_two_processes_find_what_one_does(capsys):
    totals = []
    for workers in ("1", "2"):
        assert command.main(["--seeds", "0:4", "--hours", "1", "--workers", workers]) == 0
        totals.append(capsys.readouterr().out.rpartition(", ")[0])
    assert totals[0] == totals[1]


def test_a_violation_comes_with_the_command_that_replays_it(capsys, monkeypatch):
    monkeypatch.setattr(command, "judge", lambda scenario: ["I1 twice"])
    assert command.main(["--seeds", "7", "--hours", "1", "--workers", "1"]) == 1
    told = capsys.readouterr().out
    assert "seed 7: 1 violations\n  I1 twice\n" in told
    assert "  replay: python -m rota.testing.sim --seed 7 --hours 1 --trace\n" in told


def test_a_replay_tells_what_happens(capsys):
    assert command.main(["--seed", "7", "--hours", "1", "--trace"]) == 0
    assert re.search(
        r"^\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} node-1\.1\(v1\) starts as ", capsys.readouterr().out, re.MULTILINE
    )
