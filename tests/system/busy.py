"""The rota of the soak: that of the system tests, and more bodies, so that whoever is hit is at work."""

import time

from rota import RunContext, every
from tests.system.clockwork import mark, rota


@rota.task
def working(run: RunContext) -> None:
    mark(run)
    time.sleep(0.7)


for number in range(12):
    rota.schedule(working, every("1s"), name=f"working-{number}", overlap="allow", catch_up="all")
