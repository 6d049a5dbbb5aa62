"""Rows written down as JSON lines before they are deleted; `manage.py loaddata` reads them back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from rota.errors import InvalidValue
from rota.housekeeping.django.running import name_of_attempt


class Archive(Protocol):
    """Where rows are written. What `put` has returned from is safe there."""

    def put(self, rows: Iterable[Model]) -> int: ...
    def close(self) -> None: ...


def archive_at(place: str | Path, label: str) -> Archive:
    """Return an archive for one attempt: in a folder, or at a URL that fsspec knows."""
    name = f"{label.lower()}-{name_of_attempt()}"
    if "://" in str(place):
        return Objects(str(place), name)
    return Folder(Path(place), name)


def checked_place(place: str | Path | None) -> str | Path | None:
    """Return `place`. Raises `InvalidValue` for a URL without fsspec, or something that is no place."""
    if place is None or isinstance(place, Path):
        return place
    if not isinstance(place, str) or not place:
        raise InvalidValue("archive", place, "it must be a folder, or a URL such as 's3://bucket/old'")
    if "://" in place and find_spec("fsspec") is None:
        raise InvalidValue(
            "archive", place, "a URL needs fsspec, which is not installed", "pip install 'rota[archive]'"
        )
    return place


class Folder:
    """One file for an attempt, appended to, and synced to the disk after each batch."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._file: IO[str] | None = None

    def put(self, rows: Iterable[Model]) -> int:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / f"{self._name}.jsonl").open("x", encoding="utf-8", newline="\n")
            sync_folder(self._folder)
        written = _write(rows, self._file)
        self._file.flush()
        os.fsync(self._file.fileno())
        return written

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Objects:
    """One object for each batch: object stores can not append, and have it whole or not at all."""

    def __init__(self, url: str, name: str) -> None:
        self._prefix, self._number = f"{url.rstrip('/')}/{name}", 0

    def put(self, rows: Iterable[Model]) -> int:
        import fsspec  # an extra

        self._number += 1
        with fsspec.open(f"{self._prefix}-{self._number:06}.jsonl", "w", encoding="utf-8") as file:
            return _write(rows, file)

    def close(self) -> None: ...


def sync_folder(folder: Path) -> None:
    """Let the disk know the names in a folder, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(rows: Iterable[Model], file: Any) -> int:
    counted = 0

    def each() -> Iterator[Model]:
        nonlocal counted
        for row in rows:
            counted += 1
            yield row

    serializers.serialize("jsonl", each(), stream=file, cls=_Exact)
    return counted


class _Exact(DjangoJSONEncoder):  # type: ignore[misc]  # Django has no types
    """Keeps the microseconds that Django's own encoder cuts off."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime | time) else super().default(o)
