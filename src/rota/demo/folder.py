"""The demo's folder: made if it is missing, refused if it holds what is not the demo's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rota.demo import shop
from rota.errors import RotaError

DATABASES = ("shop.db", "rota.db")
ENDINGS = ("", "-wal", "-shm", "-journal", ".part")
OURS = frozenset(f"{name}{ending}" for name in DATABASES for ending in ENDINGS)


class FolderRefused(RotaError, ValueError):
    """The demo can not use a folder. Nothing in it was changed.

    Attributes:
        folder: The folder.
        problem: What is wrong with it.
    """

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder, self.problem = folder, problem
        super().__init__(f"the folder {folder} can not be used: {problem}. Choose another one with --folder.")


def prepare(folder: Path, *, fresh: bool) -> bool:
    """Make `folder` ready, and say whether it holds a shop already.

    Args:
        fresh: Delete what an earlier demo has left there.

    Raises:
        FolderRefused: It is not a folder, can not be written, or holds a file that is not the demo's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(folder)
        if fresh:
            for name in OURS:
                (folder / name).unlink(missing_ok=True)
        probe = folder / "shop.db.part"
        probe.touch()
        probe.unlink()
    except FileExistsError:
        raise FolderRefused(folder, "it is a file") from None
    except OSError as error:
        raise FolderRefused(folder, (error.strerror or str(error)).lower()) from None
    return (folder / "shop.db").exists()


def _refuse_foreign(folder: Path) -> None:
    if set("?#%") & set(str(folder)):
        raise FolderRefused(folder, "its name has a character that the address of a store can not have")
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in OURS)
    if foreign:
        raise FolderRefused(folder, f"it holds {foreign[0]!r}, which is not the demo's")
    database = folder / "shop.db"
    if database.exists() and not _is_shop(database):
        raise FolderRefused(folder, "its 'shop.db' is not the demo's")
    if (folder / "rota.db").exists() and not database.exists():
        raise FolderRefused(folder, "it holds a 'rota.db' without the demo's 'shop.db'")


def _is_shop(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            marked: int = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError:
        return False
    return marked == shop.APPLICATION_ID
