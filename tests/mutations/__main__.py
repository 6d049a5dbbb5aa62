"""`python -m tests.mutations [NAME ...]`: plant each bug in turn, and print what catches it, and when."""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.mutations.catalogue import MUTATIONS
from tests.mutations.hunt import KNOWN, Hunt, hunt, hunt_apart, known_seeds, order, shown
from tests.mutations.plant import Mutation
from tests.sim import HOURS, SEEDS


def main() -> int:
    given = _parser().parse_args()
    if given.hunt:
        [mutation] = [one for one in MUTATIONS if one.name == given.hunt]
        print(shown(hunt(mutation, order(given.first, given.seeds), given.hours)))
        return 0
    chosen = [one for one in MUTATIONS if not given.names or any(name in one.name for name in given.names)]
    print(f"{'seeds':>5} {'seconds':>7}  mutation -> violation")

    def one_hunt(mutation: Mutation) -> Hunt:
        began = time.perf_counter()
        found = hunt_apart(mutation, None, given.seeds, given.hours)
        caught = found.violation if found.seed is not None else f"SURVIVED {found.violation}"
        seconds = time.perf_counter() - began
        print(f"{found.tried:>5} {seconds:>7.1f}  {mutation.name} -> {caught[:150]}", flush=True)
        return found

    with ThreadPoolExecutor(given.workers) as pool:
        found = dict(zip([one.name for one in chosen], pool.map(one_hunt, chosen), strict=True))
    caught = {name: one.seed for name, one in found.items() if one.seed is not None}
    print(f"{len(chosen)} mutations, {len(caught)} caught")
    if given.save:
        names = {one.name for one in MUTATIONS}
        seeds = {name: seed for name, seed in (known_seeds() | caught).items() if name in names}
        KNOWN.write_text(json.dumps(seeds, indent=2, sort_keys=True) + "\n", "utf-8")
    return 0 if len(caught) == len(chosen) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"at most so many for each; {SEEDS}")
    parser.add_argument("--hours", type=float, default=HOURS, help=f"of each simulation; {HOURS:g}")
    parser.add_argument("--workers", type=int, default=2, help="processes; 2")
    parser.add_argument("--save", action="store_true", help=f"write what catches each to {KNOWN.name}")
    parser.add_argument("--hunt", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
