"""Management commands as tasks: what is declared, and what is refused."""

from __future__ import annotations

import pytest

from rota import daily
from rota.errors import DuplicateName, InvalidValue
from rota.integrations.django.app import DjangoRota


@pytest.fixture
def fresh():
    """A rota of its own: what is declared here is nobody else's."""
    return DjangoRota()


def test_a_command_is_declared_with_its_timetable_and_options(fresh):
    task = fresh.management_command(
        "noisy",
        daily("02:00"),
        "--fail",
        task={"name": "sweep", "retries": 2},
        schedule={"name": "nightly", "overlap": "allow"},
    )
    definition = fresh.registry.schedules["nightly"].declared.definition
    assert (task.name, task.options.policy.retry.attempts, definition.task) == ("sweep", 3, "sweep")
    assert task.options.description == "manage.py noisy --fail"
    assert task.place.startswith(f"{__name__}:")


def test_a_command_called_as_a_function_prints(fresh, capsys):
    fresh.management_command("noisy")()
    assert capsys.readouterr().out == "swept 3 corners\n"


def test_a_command_that_does_not_exist_is_refused_with_the_nearest(fresh):
    with pytest.raises(InvalidValue, match="Did you mean 'clearsessions'"):
        fresh.management_command("clear-sessions")


def test_two_declarations_of_one_name_are_refused_with_both_places(fresh):
    fresh.management_command("noisy")
    with pytest.raises(DuplicateName) as caught:
        fresh.management_command("noisy")
    assert str(caught.value).count(f"{__name__}:") == 2
