"""How much is simulated in the tests: the planted bugs are hunted with these very simulations."""

SEEDS = 500
HOURS = 6.0
