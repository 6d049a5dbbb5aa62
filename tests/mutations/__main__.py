"""`python -m tests.mutations [NAME ...]`: plant each bug in turn, and print what catches it, and when."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.mutations.catalogue import MUTATIONS
from tests.mutations.plant import Mutation, plant

MOST_SEEDS = 200


def hunt(mutation: Mutation, seeds: int, hours: float) -> dict[str, object]:
    """Plant a bug in this process, and simulate until it is caught."""
    plant(mutation)
    from rota.testing.chaos.command import quiet, simulate

    quiet()
    began = time.perf_counter()
    for seed in range(seeds):
        report = simulate(seed, hours, patience=1)
        if report.violations:
            [violations] = report.violations.values()
            telling = [one for one in violations if one.split()[0] in mutation.cause]
            return {
                "seeds": seed + 1,
                "seconds": time.perf_counter() - began,
                "right": bool(telling),
                "violation": (telling or violations)[0],
            }
    return {"seeds": seeds, "seconds": time.perf_counter() - began, "right": False, "violation": None}


def hunt_apart(mutation: Mutation, seeds: int = MOST_SEEDS, hours: float = 6.0) -> dict[str, object]:
    """Hunt in a process of its own."""
    command = [sys.executable, "-m", "tests.mutations", "--hunt", mutation.name]
    command += ["--seeds", str(seeds), "--hours", str(hours)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; default: all")
    parser.add_argument("--hunt", help=argparse.SUPPRESS)
    parser.add_argument(
        "--seeds", type=int, default=MOST_SEEDS, help=f"at most so many for each; {MOST_SEEDS}"
    )
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.hunt:
        [mutation] = [one for one in MUTATIONS if one.name == given.hunt]
        print(json.dumps(hunt(mutation, given.seeds, given.hours)))
        return 0
    chosen = [one for one in MUTATIONS if not given.names or any(name in one.name for name in given.names)]
    survived = 0
    print(f"{'seeds':>5} {'seconds':>7}  mutation -> violation")
    with ThreadPoolExecutor(given.workers) as pool:
        for mutation, found in zip(
            chosen, pool.map(lambda one: hunt_apart(one, given.seeds, given.hours), chosen), strict=True
        ):
            caught = found["violation"] or "SURVIVED"
            survived += found["violation"] is None
            note = "" if found["right"] or not found["violation"] else f" (not {' '.join(mutation.cause)})"
            print(
                f"{found['seeds']:>5} {found['seconds']:>7.1f}  {mutation.name} -> {str(caught)[:150]}{note}",
                flush=True,
            )
    print(f"{len(chosen)} mutations, {len(chosen) - survived} caught")
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main())
