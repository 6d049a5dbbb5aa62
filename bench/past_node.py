"""The application of `bench.past`, for a node that notes how late its schedules of each second start."""

from counting import work

from bench.past_app import rota
from rota import RunContext

LATE = 50


@rota.task
def lateness(run: RunContext) -> None:
    """Note how long after its due time this run has started."""
    assert run.planned_at is not None
    work(run.planned_at.timestamp())


for number in range(LATE):
    rota.schedule(lateness, "every 1s", name=f"late-{number}")
