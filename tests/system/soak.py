"""The long forms of the numbers that GUARANTEES promises, each bounded by its share of the time.

    python -m tests.system.soak --minutes 60 --report docs/soak-report.md

ends with 1 if an invariant was violated. Figures that are not reached are in the report, and are no error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.services.postgres import PostgresServer
from tests.system import soak_faults, soak_measures  # noqa: F401 - each adds its parts
from tests.system.lanes import PARTS, Soak
from tests.system.nursery import Nursery
from tests.system.soak_report import Line, commit, write_report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--report", type=Path, default=Path("docs/soak-report.md"))
    parser.add_argument("--only", default="", help="parts whose name contains one of these: a,b")
    options = parser.parse_args()
    chosen = [part for part in PARTS if any(word in part.__name__ for word in options.only.split(","))]
    began, release = time.monotonic(), commit()
    with (
        PostgresServer(durable=True) as server,
        Nursery() as nursery,
        tempfile.TemporaryDirectory() as folder,
    ):

        def tell(lines: list[Line]) -> None:
            took = time.monotonic() - began
            write_report(options.report, lines, options.minutes, took, server, release)

        lines = Soak(server, nursery, Path(folder), options.minutes * 60, tell).run(chosen)
    return 1 if any(line.violations for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
