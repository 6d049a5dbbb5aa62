"""Where the time goes: `python -m bench.profile drain|enqueue|burst|latency|all`.

Each on SQLite and on PostgreSQL; what waits for PostgreSQL's disk is told by taking it once more with
`synchronous_commit=off`. With --write-docs the tables become the budget of docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
import psycopg.sql

from bench import report
from bench.profile import burst, drain, enqueue, latency
from bench.services import Services

PROFILES: dict[str, list[tuple[str, Callable[[str], str]]]] = {
    "drain": [("A drain of 100,000 runs, concurrency 10", drain.profile)],
    "enqueue": [("Enqueueing", enqueue.profile)],
    "burst": [("10,000 schedules due at one instant", burst.profile)],
    "latency": [
        ("From `enqueue` to the body, in one process", partial(latency.profile, across=False)),
        ("From `enqueue` to the body, across processes", partial(latency.profile, across=True)),
    ],
}
STORES = {
    "SQLite": ("sqlite", "on"),
    "PostgreSQL": ("postgres", "on"),
    "PostgreSQL, synchronous_commit off": ("postgres", "off"),
}
NEEDS_NO_DISK = "drain"  # many runs share each commit


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.profile", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("what", choices=[*PROFILES, "all"])
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--write-docs", action="store_true", help="renew the budget of docs/performance.md")
    options = parser.parse_args()
    wanted = list(PROFILES) if options.what == "all" else [options.what]
    services = Services()
    try:
        text = "\n".join(part for what in wanted for part in _parts(services, what, options.store))
    finally:
        with suppress(Exception):
            services.close()
    if options.write_docs:
        report.replace_section("budget", text)
    return 0


def _parts(services: Services, what: str, only: str) -> Iterator[str]:
    for title, profile in PROFILES[what]:
        yield _shown(f"### {title}\n")
        for name, (store, commits) in STORES.items():
            if only not in ("both", store) or (what == NEEDS_NO_DISK and commits == "off"):
                continue
            with _place(services, store, commits) as url:
                yield _shown(f"**{name}**\n\n{profile(url)}")


def _shown(text: str) -> str:
    print(text, flush=True)
    return text


@contextmanager
def _place(services: Services, store: str, commits: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, services.place(store, Path(folder)) as variables:
        url = variables["ROTA_STORE"]
        if commits == "off":
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', "
                    "current_database()); END$$"
                )
        yield url


if __name__ == "__main__":
    sys.exit(main())
