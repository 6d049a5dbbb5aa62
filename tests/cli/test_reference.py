"""docs/cli.md says what the commands are."""

from __future__ import annotations

from pathlib import Path

from rota.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_in_step_with_the_commands():
    assert PAGE.read_text("utf-8") == reference(), "python -m rota.cli.reference > docs/cli.md"
