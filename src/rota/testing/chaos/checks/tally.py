"""What is counted as it happens is what a recount gives, hour by hour: I24."""

from __future__ import annotations

from rota.testing.chaos.world import World

COUNTED = "SELECT rota, hour_us, state, count FROM rota_tally"
RECOUNT = """
    SELECT rota, finished_us - finished_us % 3600000000, state, count(*) FROM rota_run
     WHERE finished_us IS NOT NULL GROUP BY 1, 2, 3
"""


def check_tally(world: World) -> None:
    """Compare the tally of ended runs with the runs."""
    connection = world.disk.connection
    counted, recount = (set(connection.execute(query).fetchall()) for query in (COUNTED, RECOUNT))
    for one in sorted(counted - recount):
        world.violate(f"I24 the tally says {one}, a recount does not")
    for one in sorted(recount - counted):
        world.violate(f"I24 a recount says {one}, the tally does not")
