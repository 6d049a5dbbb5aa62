"""Ready tasks: what a library brings is declared by the rota that schedules it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rota import Rota, daily
from rota.declare.ready import ReadyTask
from rota.errors import DuplicateName


def ready(name="sweep"):
    def sweep(limit: int = 10) -> int:
        """Sweep the floor."""
        return limit

    options = {"retries": 3, "tags": ["house"]}
    return ReadyTask(name=name, function=sweep, options=options, place="a_library:7")


@pytest.fixture
def rota():
    return Rota("shop", housekeeping=False)


def test_it_is_declared_with_its_schedule(rota):
    assert rota.schedule(ready(), daily("02:00"), args={"limit": 5}) == "sweep"
    task = rota.registry.task("sweep")
    assert (task.options.policy.retry.attempts, task.options.tags) == (4, ("house",))
    assert task(limit=3) == 3
    assert task.place == "a_library:7"


def test_options_of_the_call_win_over_its_own(rota):
    task = rota.task(ready(), name="sweep-twice", retries=0)
    assert (task.name, task.options.policy.retry.attempts, task.options.tags) == (
        "sweep-twice",
        1,
        ("house",),
    )


def test_the_same_one_may_be_scheduled_again_and_another_may_not(rota):
    one = ready()
    rota.schedule(one, daily("02:00"))
    rota.schedule(one, daily("14:00"), name="in-the-afternoon")
    assert list(rota.registry.tasks) == ["sweep"]
    with pytest.raises(DuplicateName, match="a_library:7"):
        rota.schedule(ready(), daily("03:00"))


def test_rota_does_without_django():
    text = "import sys; from rota import Rota; Rota('shop').registry; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0
