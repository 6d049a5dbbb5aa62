"""Housekeeping for Django, tested in a process of its own: a process has one Django."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_tests_of_the_folder_pass():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", HERE / "django"],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
