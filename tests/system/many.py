"""A rota of many schedules; the environment says how many, how often and what becomes of a gap."""

import os

from rota import Rota

rota = Rota("many", housekeeping=False)


@rota.task
def nothing() -> None: ...


EVERY = os.environ.get("MANY_EVERY", "1s")
for number in range(int(os.environ.get("MANY_SCHEDULES", "100"))):
    rota.schedule(
        nothing,
        EVERY,
        name=f"many-{number}",
        overlap="allow",
        catch_up=os.environ.get("MANY_CATCH_UP", "all"),
    )
