"""The long forms of the numbers that GUARANTEES promises, each bounded by its share of the time.

    python -m tests.system.soak --minutes 60 --report docs/soak-report.md

ends with 1 if an invariant was violated. Figures that are not reached are in the report, and are no error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.services.postgres import PostgresServer
from tests.system.soak_parts import PARTS, Bench
from tests.system.soak_report import Line, commit, write_report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--report", type=Path, default=Path("docs/soak-report.md"))
    parser.add_argument("--only", default="", help="parts whose name contains this")
    options = parser.parse_args()
    chosen = [part for part in PARTS if options.only in part.__name__]
    lines: list[Line] = []
    began, release = time.monotonic(), commit()
    with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        for part in chosen:
            bench = Bench(server, Path(folder) / part.__name__, options.minutes * 60 * part.share)
            print(f"{part.__name__}: {bench.seconds:.0f} s", flush=True)
            try:
                found = part(bench)
            except Exception as error:
                traceback.print_exc()
                found = [Line(part.__name__, "to end", f"broke off: {error}", False, "see the output")]
            finally:
                bench.close()
            for line in found:
                print(f"  {line.what}: {line.reached}", flush=True)
            lines += found
            server.start()
            write_report(options.report, lines, options.minutes, time.monotonic() - began, server, release)
    return 1 if any(line.violations for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
