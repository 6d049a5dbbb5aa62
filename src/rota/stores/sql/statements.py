"""Named SQL: a `.sql` file read once."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- ([a-z_]+)$", re.MULTILINE)
_INCLUDE = re.compile(r"\{([a-z_]+)\}")
_STEP = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


def load_statements(package: str) -> Mapping[str, str]:
    """Return the statements of `package`'s `statements.sql` by name, includes resolved, comments dropped."""
    text = files(package).joinpath("statements.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    blocks = {name: _bare(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}

    def included(body: str) -> str:
        return _INCLUDE.sub(lambda match: included(blocks[match[1]]), body)

    return {name: included(body) for name, body in blocks.items()}


def load_steps(package: str) -> list[tuple[int, str, str]]:
    """Return the schema steps of `package` in order: number, name and SQL of each."""
    steps = []
    for file in files(package).joinpath("schema").iterdir():
        if match := _STEP.match(file.name):
            steps.append((int(match[1]), file.name.removesuffix(".sql"), file.read_text("utf-8")))
    return sorted(steps)


def split_script(text: str) -> list[str]:
    """Split a script, for drivers that take one statement at a time, or commit in between.

    A semicolon at the end of a line ends a statement, but not within the body of a trigger.
    """
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("--")]
    statements = [""]
    for part in "\n".join(lines).split(";\n"):
        statements[-1] += f"{part};\n"
        if sqlite3.complete_statement(statements[-1]):
            statements.append("")
    return [one for one in statements if one.strip(" \n;")]


def _bare(body: str) -> str:
    lines = [line for line in body.split("\n") if not line.lstrip().startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")
