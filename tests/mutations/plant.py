"""Plants a mutation: the text of modules and statements is changed while they are imported here."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from dataclasses import dataclass
from pathlib import Path
from types import CodeType


@dataclass(frozen=True)
class Edit:
    """One change of text.

    Attributes:
        place: A module (`rota.core.planning`), or a SQL file: `sqlite/statements.sql`.
        old, new: The text, which must be there exactly once, and what takes its place.
    """

    place: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """One bug.

    Attributes:
        name: What the product would do wrong.
        edits: How it comes to do so.
        cause: The invariants of which one must be reported violated, such as `("I1",)`.
    """

    name: str
    edits: tuple[Edit, ...]
    cause: tuple[str, ...]


class DoesNotApply(Exception):
    """The text that a mutation changes is not there: the product has changed, and it must follow."""

    def __init__(self, edit: Edit, count: int) -> None:
        super().__init__(f"{edit.place} holds {count} times, and not once: {edit.old!r}")


def plant(mutation: Mutation) -> None:
    """Change the product in this process. Nothing of it may have been imported before."""
    loaded = [name for name in sys.modules if name.startswith("rota.")]
    assert not loaded, f"imported already: {loaded[:3]}"
    sys.meta_path.insert(0, _Planter([edit for edit in mutation.edits if not edit.place.endswith(".sql")]))
    sql = [edit for edit in mutation.edits if edit.place.endswith(".sql")]
    if sql:
        _plant_sql(sql)


def _changed(text: str, edits: list[Edit]) -> str:
    for edit in edits:
        if (count := text.count(edit.old)) != 1:
            raise DoesNotApply(edit, count)
        text = text.replace(edit.old, edit.new)
    return text


class _Loader(importlib.machinery.SourceFileLoader):
    edits: list[Edit]

    def get_code(self, fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8")
        return compile(_changed(text, self.edits), self.path, "exec", dont_inherit=True)


class _Planter(importlib.abc.MetaPathFinder):
    def __init__(self, edits: list[Edit]) -> None:
        self._edits = edits

    def find_spec(self, name, path, target=None):
        edits = [edit for edit in self._edits if edit.place == name]
        if not edits:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        loader = _Loader(name, spec.origin)
        loader.edits = edits
        spec.loader = loader
        return spec


def _plant_sql(edits: list[Edit]) -> None:
    """Change what is read of SQL files."""
    read = Path.read_text

    def changed(path: Path, *args, **kwargs) -> str:
        text = read(path, *args, **kwargs)
        return _changed(text, [edit for edit in edits if path.as_posix().endswith(f"stores/{edit.place}")])

    Path.read_text = changed
