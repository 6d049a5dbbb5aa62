"""The command `python -m rota.testing.sim`: many scenarios, what happened in them, and how to replay one."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from multiprocessing import get_context

from rota.testing.chaos.judge import judge
from rota.testing.chaos.scenario import Scenario
from rota.testing.chaos.witness import entries
from rota.testing.chaos.world import HOUR

SHOWN = 5


@dataclass(slots=True)
class Report:
    """What one scenario, or many together, came to.

    Attributes:
        counts: How often each thing happened, by its name.
        violations: What must never happen, by seed.
        history: A hash of all that was committed, which is the same for the same seed.
    """

    seeds: int = 0
    node_hours: float = 0.0
    runs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    violations: dict[int, list[str]] = field(default_factory=dict)
    history: str = ""

    def add(self, other: Report) -> None:
        self.seeds += other.seeds
        self.node_hours += other.node_hours
        self.runs += other.runs
        self.counts += other.counts
        self.violations |= other.violations

    @property
    def faults(self) -> int:
        """How many faults of all kinds were injected."""
        return sum(count for name, count in self.counts.items() if name not in HARMLESS and ":" not in name)


HARMLESS = frozenset({"starts", "deploys", "steps in between"})


def simulate(
    seed: int, hours: float, trace: Callable[[str], None] | None = None, patience: int = 1 << 30
) -> Report:
    """Run one scenario, and judge it.

    Args:
        patience: The scenario ends early when so many violations have shown while it ran.
    """
    scenario = Scenario(seed, hours, trace)
    try:
        scenario.run(patience)
        violations = judge(scenario)
        world = scenario.world
        log = list(entries(world.disk.connection))
        seen = [
            (one.at, one.who, one.table, one.verb, one.subject, one.row) for one in log if one.table != "node"
        ]
        return Report(
            seeds=1,
            node_hours=world.node_us / HOUR,
            runs=sum(one.table == "run" and one.verb == "+" for one in log),
            counts=world.counts + world.faults.counts,
            violations={seed: violations} if violations else {},
            history=blake2b(repr(seen).encode(), digest_size=16).hexdigest(),
        )
    finally:
        scenario.close()


def simulate_all(seeds: Sequence[int], hours: float, workers: int) -> Iterator[Report]:
    """Run many scenarios, in processes of their own."""
    run = partial(simulate, hours=hours)
    if workers == 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=quiet) as pool:
        yield from pool.map(run, seeds, chunksize=4)


def quiet() -> None:
    """Log nothing: thousands of faults are warned of, rightly."""
    logging.disable(logging.CRITICAL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 1 when something happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m rota.testing.sim", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(20), help="FIRST:END, END not included; 0:20")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--hours", type=float, default=6.0, help="how long each lasts, in simulated hours; 6")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes; one for each core")
    parser.add_argument("--trace", action="store_true", help="tell everything that happens")
    given = parser.parse_args(arguments)
    quiet()
    began = time.perf_counter()
    if given.seed is not None:
        found: Iterable[Report] = [simulate(given.seed, given.hours, _say if given.trace else None)]
    else:
        found = simulate_all(given.seeds, given.hours, given.workers)
    total = Report()
    for report in found:
        total.add(report)
        for seed, violations in report.violations.items():
            _tell_violations(seed, violations, given.hours)
    _tell_total(total, time.perf_counter() - began)
    return 1 if total.violations else 0


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end or int(first) + 1))


def _tell_violations(seed: int, violations: list[str], hours: float) -> None:
    _say(f"seed {seed}: {len(violations)} violations")
    for one in violations[:SHOWN]:
        _say(f"  {one}")
    _say(f"  replay: python -m rota.testing.sim --seed {seed} --hours {hours:g} --trace")


def _tell_total(total: Report, seconds: float) -> None:
    for name, count in sorted(total.counts.items()):
        _say(f"{count:>9,}  {name}")
    _say(
        f"{total.seeds} seeds, {total.node_hours:,.0f} node-hours, {total.runs:,} runs, "
        f"{total.faults:,} faults, {sum(map(len, total.violations.values()))} violations "
        f"in {len(total.violations)} seeds, {seconds:.1f} s"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # one of thousands of seeds has failed: whoever waits wants to know
