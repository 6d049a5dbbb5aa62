"""Each planted bug is caught by the simulation, and for what it does wrong.

The seed that is known to catch it is tried first, others when the product has changed since;
`python -m tests.mutations --save` learns the seeds anew. `tests/sim/test_seeds.py` shows that the product
without a bug is clean on all of them.
"""

import pytest

from tests.mutations.catalogue import MUTATIONS
from tests.mutations.hunt import hunt_apart, known_seeds
from tests.mutations.plant import DoesNotApply, Edit
from tests.sim import HOURS, SEEDS

NAMES = [mutation.name for mutation in MUTATIONS]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=NAMES)
def test_the_simulation_catches_the_bug(mutation):
    found = hunt_apart(mutation, known_seeds()[mutation.name], SEEDS, HOURS)
    assert found.seed is not None, f"it survived {found.tried} seeds"


def test_there_are_many_bugs_each_with_a_seed_that_the_product_passes():
    assert len(set(NAMES)) == len(NAMES) >= 25
    assert sorted(known_seeds()) == sorted(NAMES)
    assert all(0 <= seed < SEEDS for seed in known_seeds().values())


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(Edit("rota.core.planning", "no such text", ""), id="a text that is gone"),
        pytest.param(Edit("rota.core.planning", "def ", ""), id="a text that is there twice"),
        pytest.param(
            Edit("sqlite/statements.sql", "max(cursor_us, ?4)", "", "renew"), id="another statement"
        ),
        pytest.param(Edit("sqlite/statements.sql", "SELECT", "", "no_such_one"), id="no such statement"),
    ],
)
def test_a_bug_that_no_longer_fits_the_product_is_reported(edit):
    with pytest.raises(DoesNotApply):
        edit.change(edit.file.read_text("utf-8"))
