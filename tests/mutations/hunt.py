"""Hunts a planted bug: simulates one seed after the other, until what it does wrong is reported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutations.plant import Mutation, plant

ROOT = Path(__file__).parents[2]
KNOWN = Path(__file__).with_name("seeds.json")  # a seed that catches each, written by `--save`
PATIENCE = 280  # seconds, when a seed is known: an open search takes what it takes


@dataclass(frozen=True)
class Hunt:
    """How a hunt ended.

    Attributes:
        seed: The seed that caught it; `None`: it survived.
        tried: How many seeds were simulated.
        violation: What was reported; of one that survived, what else was.
    """

    seed: int | None
    tried: int
    violation: str


def known_seeds() -> dict[str, int]:
    """Return the seed that is known to catch each mutation, by its name."""
    return json.loads(KNOWN.read_text("utf-8"))


def order(first: int | None, count: int) -> list[int]:
    """Return `count` seeds in the order in which to try them."""
    rest = [seed for seed in range(count) if seed != first]
    return ([] if first is None else [first]) + rest


def hunt(mutation: Mutation, seeds: Iterable[int], hours: float) -> Hunt:
    """Plant a bug in this process, and simulate until it is caught."""
    plant(mutation)
    from rota.testing.chaos.command import quiet, simulate

    quiet()
    tried, seen = 0, ""
    for seed in seeds:
        tried += 1
        for violations in simulate(seed, hours, patience=1).violations.values():
            telling = [one for one in violations if one.split()[0] in mutation.cause]
            if telling:
                return Hunt(seed, tried, telling[0])
            seen = violations[0]
    return Hunt(None, tried, seen)


def hunt_apart(mutation: Mutation, first: int | None, count: int, hours: float) -> Hunt:
    """Hunt in a process of its own."""
    command = [sys.executable, "-m", "tests.mutations", "--hunt", mutation.name]
    command += ["--seeds", str(count), "--hours", str(hours)]
    command += [] if first is None else ["--first", str(first)]
    patience = None if first is None else PATIENCE
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience)
    if done.returncode != 0:
        raise AssertionError(f"{mutation.name}: {done.stderr[-2000:]}")
    return Hunt(**json.loads(done.stdout))


def shown(found: Hunt) -> str:
    """Return a hunt as `hunt_apart` reads it."""
    return json.dumps(asdict(found))
