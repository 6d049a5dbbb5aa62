"""Rota and its peers do the same work, in turn, on this machine: `python -m bench`.

Tables go to bench/results as Markdown and JSON; with --write-docs into docs/performance.md, too.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import report
from bench.arena import Arena
from bench.environments import NotInstalled, install, versions
from bench.figures import Figure, Results
from bench.machine import machine, own_versions
from bench.services import Services

ROWS = (
    "drain", "enqueue", "latency", "burst", "stored", "change", "cron", "catchup", "history", "web",
    "housekeeping",
)  # fmt: skip
PEERS = (
    "pgqueuer", "procrastinate", "huey", "dramatiq", "celery", "saq", "taskiq", "rq", "django_tasks",
    "apscheduler3", "apscheduler4",
)  # fmt: skip
HERE = Path(__file__).parent


def main() -> int:
    options = _options()
    form = "quick" if options.quick else "full" if options.full else "default"
    began = time.monotonic()
    failed: dict[str, str] = {}
    there = _installed(options.peers, failed)
    services = Services()
    try:
        arena = Arena(services, form, frozenset(there))
        figures: list[Figure] = []
        for row in options.only:
            started = time.monotonic()
            arena.say(f"{row} ...")
            figures += importlib.import_module(f"bench.rows.{row}").measure(arena)
            arena.say(f"{row}: {time.monotonic() - started:.0f} s")
        found = {**own_versions(), **services.versions(), **there}
    finally:
        services.close()
    results = Results(
        figures=figures,
        machine=machine(),
        versions=found,
        failed=failed,
        form=form,
        took=time.monotonic() - began,
    )
    text = report.write(results, options.out)
    print(text)
    if options.write_docs:
        report.write_docs(results)
    return 0


def _installed(peers: list[str], failed: dict[str, str]) -> dict[str, str]:
    """Install the peers; return the versions of those that are there, and fill `failed` with the others."""
    there = {}
    for peer in peers:
        print(f"environment of {peer}", file=sys.stderr, flush=True)
        try:
            install(peer)
            there[peer] = ", ".join(f"{name} {version}" for name, version in versions(peer).items())
        except (NotInstalled, OSError) as error:
            failed[peer] = str(error)
    return there


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=_names(ROWS), default=list(ROWS), help="rows: " + ",".join(ROWS))
    parser.add_argument(
        "--peers", type=_names(PEERS), default=list(PEERS), help="none, or " + ",".join(PEERS)
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--quick", action="store_true", help="small counts: does it work?")
    form.add_argument("--full", action="store_true", help="millions of schedules and runs")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--write-docs", action="store_true", help="renew the table of docs/performance.md")
    return parser.parse_args()


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        asked = [] if text == "none" else [one.strip() for one in text.split(",")]
        if unknown := [one for one in asked if one not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose of {', '.join(known)}")
        return asked

    return names


if __name__ == "__main__":
    sys.exit(main())
