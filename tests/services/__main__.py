"""`python -m tests.services`: install what the suite needs beyond Python, or say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from tests.services.chromium import chromium_program
from tests.services.pgbouncer import pgbouncer_program
from tests.services.postgres import postgres_bin
from tests.services.process import ServiceMissing
from tests.services.redis import redis_program

# Each returns where it found its program, or raises ServiceMissing. Another service adds a line.
NEEDED: list[Callable[[], object]] = [postgres_bin, redis_program, pgbouncer_program, chromium_program]


def missing() -> list[ServiceMissing]:
    found = []
    for look in NEEDED:
        try:
            look()
        except ServiceMissing as error:
            found.append(error)
    return found


def apt_install(packages: list[str]) -> None:
    """Install Debian packages, and start none of the services in them: the tests start their own."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-qq"], install):
        # Its talk goes to stderr: stdout is for the test runner's report.
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)


def main() -> int:
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install([error.package for error in lacking])
        lacking = missing()
    for error in lacking:
        print(f"rota: {error}", file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
