"""docs/cli.md says what the commands are."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from rota.cli.main import COMMANDS, rota
from rota.cli.reference import leaves, reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_in_step_with_the_commands():
    assert PAGE.read_text("utf-8") == reference(), "python -m rota.cli.reference > docs/cli.md"


@pytest.mark.parametrize("name", [name for part in COMMANDS.values() for name in part if name != "demo"])
def test_the_example_of_a_command_can_be_parsed(name):
    command = rota.get_command(click.Context(rota), name)
    assert command is not None
    for called, one in leaves(name, command):
        assert one.epilog is not None
        line = one.epilog.removeprefix("Example: ").partition(" > ")[0]
        assert line.startswith(f"rota {called} ") or line == f"rota {called}"
        one.make_context(called, shlex.split(line.removeprefix(f"rota {called}")))
