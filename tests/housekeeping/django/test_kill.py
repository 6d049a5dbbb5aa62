"""A purge whose process is killed in the middle, and gone on with by another node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from rota import Rota
from rota.core.records import RunState
from tests.housekeeping.django.project.models import Report

ROWS, PATIENCE = 4000, 60
NODE = ("-m", "rota.cli", "run", "tests.housekeeping.django.project.duties:rota", "--log-level", "error")
ROOT = Path(__file__).parents[3]


def until(condition):
    """Wait until `condition` is true."""
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if found := condition():
            return found
        pause.wait(0.01)
    raise AssertionError("it did not come to it")


@pytest.fixture
def variables(database, tmp_path):
    return {
        **os.environ,
        "PROJECT_DATABASE": database,
        "PROJECT_ARCHIVE": str(tmp_path / "archive"),
        "ROTA_STORE": f"sqlite:///{tmp_path / 'rota.db'}",
        "ROTA_LEASE": "2s",
        "PYTHONPATH": str(ROOT),
    }


def test_the_next_node_goes_on_where_one_was_killed(variables, tmp_path, now):
    Report.objects.bulk_create(Report(created_at=now - timedelta(days=60)) for _ in range(ROWS))
    young = Report.objects.create(created_at=now)
    rota = Rota("project", store=variables["ROTA_STORE"], housekeeping=False)
    rota.store.migrate()
    run_id = rota.task(name="purge-project.report", retries=3, backoff="0s")(lambda: None).enqueue()

    with subprocess.Popen([sys.executable, *NODE], env=variables, cwd=tmp_path) as first:
        until(lambda: Report.objects.count() < ROWS - 100)
        first.send_signal(signal.SIGKILL)
    left = Report.objects.count()
    assert 1 < left < ROWS - 100

    with subprocess.Popen([sys.executable, *NODE], env=variables, cwd=tmp_path) as second:
        until(lambda: rota.store.run(run_id).state is RunState.SUCCEEDED)
        second.terminate()
    run = rota.store.run(run_id)
    rota.close()
    assert run.attempt == 2
    assert run.result["deleted"] == left - 1
    assert Report.objects.get() == young
    archived = set()
    for file in (tmp_path / "archive").iterdir():
        for line in file.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # the last one may have been cut
                archived.add(json.loads(line)["pk"])
    assert len(archived) == ROWS
