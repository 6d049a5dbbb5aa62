"""Whole systems under faults: every invariant that a table can show holds, whatever the seed decides.

More seeds, and longer: `python -m rota.testing.sim --seeds 0:500 --hours 48`.
"""

from collections import Counter

import pytest

from rota.testing.chaos.command import quiet, simulate

CHUNK, CHUNKS, HOURS = 6, 2, 6
# What must have happened, or the simulation shows nothing.
HAPPENED = [
    "killed in dispatch",
    "killed in rescue",
    "serialization failure",
    "slow uses of the store",
    "store down",
    "wake-ups lost",
    "wall clock set",
    "operator: pause",
    "operator: override",
    "operator: cancel",
    "operator: sync",
]


@pytest.fixture(autouse=True)
def silence():
    quiet()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_invariant_is_violated(chunk):
    seen = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        report = simulate(seed, HOURS)
        assert report.violations == {}, f"python -m rota.testing.sim --seed {seed} --hours {HOURS} --trace"
        seen += report.counts
    assert [what for what in HAPPENED if not seen[what]] == []


def test_the_same_seed_gives_the_same_history():
    assert simulate(7, 2).history == simulate(7, 2).history != simulate(8, 2).history
