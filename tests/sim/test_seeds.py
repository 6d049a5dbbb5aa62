"""Hundreds of simulated systems under chaos: nothing that must never happen has happened.

`python -m rota.testing.sim --seeds 0:500 --hours 6` is the same by hand. A failure shows the command that
replays its seed. `tests/mutations` shows that the judge sees what it must.
"""

from collections import Counter

import pytest

from rota.testing.chaos.command import Report, simulate
from rota.testing.chaos.faults import Kind
from tests.sim import HOURS, SEEDS

CHUNK = 25

# In each chunk: of the kinds of faults, and of what operators and deploys do, hardly one may be absent.
FAULTS = {
    *(kind.value for kind in Kind),
    "SIGSTOP", "SIGTERM", "kill -9", "killed by a body", "power cut", "cut off", "store down",
    "slow uses of the store", "steps in between", "wake-ups lost", "wall clock set", "row broken by hand",
}  # fmt: skip
REQUESTS = {
    "pause", "pause until", "pause ahead", "resume", "skip next", "override", "override until",
    "clear override", "trigger", "backfill", "retry", "cancel", "enqueue", "enqueue with key",
    "enqueue in a transaction", "create", "edit", "delete", "sync", "purge",
}  # fmt: skip


def run(seeds) -> Report:
    total = Report()
    for seed in seeds:
        total.add(simulate(seed, HOURS))
    return total


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_happens_that_must_never_happen(first, caplog):
    caplog.set_level("CRITICAL")
    total = run(range(first, first + CHUNK))
    replay = [
        f"python -m rota.testing.sim --seed {seed} --hours {HOURS:g} --trace" for seed in total.violations
    ]
    assert total.violations == {}, "\n".join(replay)
    happened = Counter(total.counts)
    assert sorted(kind for kind in FAULTS if not happened[kind]) == []
    assert sorted(kind for kind in REQUESTS if not happened[f"operator: {kind}"]) == []
    assert happened["deploys"] >= CHUNK / 2
    assert any(kind.startswith("killed in tick") for kind in happened)
    assert total.runs >= 50 * CHUNK


def test_the_same_seed_gives_the_same_history(caplog):
    caplog.set_level("CRITICAL")
    first, second, other = (simulate(seed, 3.0) for seed in (7, 7, 8))
    assert first.history == second.history != other.history
    assert first.counts == second.counts
