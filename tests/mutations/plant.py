"""Plants a mutation: the text of modules and statements is changed while they are imported here."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class Edit:
    """One change of text.

    Attributes:
        place: A module (`rota.core.planning`), or a SQL file (`sqlite/statements.sql`).
        old, new: The text, which must be there exactly once, and what takes its place.
        statement: Only within the statement of this name.
    """

    place: str
    old: str
    new: str
    statement: str | None = None

    @property
    def file(self) -> Path:
        if self.place.endswith(".sql"):
            return SOURCE / "rota" / "stores" / self.place
        return SOURCE.joinpath(*self.place.split(".")).with_suffix(".py")

    def change(self, text: str) -> str:
        """Return the text of the file with this change."""
        start, end = 0, len(text)
        if self.statement is not None:
            found = re.search(
                rf"^-- {self.statement}\n.*?(?=^-- [a-z_]+\n|\Z)", text, re.MULTILINE | re.DOTALL
            )
            if found is None:
                raise DoesNotApply(self, 0)
            start, end = found.span()
        if (count := text.count(self.old, start, end)) != 1:
            raise DoesNotApply(self, count)
        return text[:start] + text[start:end].replace(self.old, self.new) + text[end:]


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

    def texts(self) -> dict[Path, str]:
        """Return the files that it changes, with their changed text.

        Raises:
            DoesNotApply: The product no longer has the text that an edit changes.
        """
        texts: dict[Path, str] = {}
        for edit in self.edits:
            texts[edit.file] = edit.change(texts.get(edit.file) or edit.file.read_text("utf-8"))
        return texts


class DoesNotApply(Exception):
    """The text that a mutation changes is not there: the product has changed, and it must follow."""

    def __init__(self, edit: Edit, count: int) -> None:
        where = f"{edit.place}, statement {edit.statement}," if edit.statement else edit.place
        super().__init__(f"{where} holds {count} times, and not once: {edit.old!r}")


def plant(mutation: Mutation) -> None:
    """Change the product in this process. Nothing of it may have been imported before."""
    loaded = [name for name in sys.modules if name.startswith("rota.")]
    assert not loaded, f"imported already: {loaded[:3]}"
    texts = mutation.texts()
    sys.meta_path.insert(0, _Planter(texts))
    read = Path.read_text

    def changed(path: Path, *args: str, **kwargs: str) -> str:
        return texts[path] if path in texts else read(path, *args, **kwargs)

    Path.read_text = changed  # type: ignore[method-assign]


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles what is planted, and leaves no byte code behind."""

    def get_code(self, fullname: str) -> CodeType:
        return compile(Path(self.path).read_text("utf-8"), self.path, "exec", dont_inherit=True)


class _Planter(importlib.abc.MetaPathFinder):
    def __init__(self, texts: dict[Path, str]) -> None:
        self._texts = texts

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name.startswith("rota") else None
        if spec is None or spec.origin is None or Path(spec.origin) not in self._texts:
            return None
        spec.loader = _Loader(name, spec.origin)
        return spec
