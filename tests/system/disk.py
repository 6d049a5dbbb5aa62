"""A disk that is full for a while."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.system.cluster import Cluster
from tests.system.faults import Result, seconds_until_normal

SIZE = 8 << 20
DETACH = 2  # of umount2: at once, whoever still holds a file


def small_disk(cluster: Cluster, *, seconds: float) -> Result:
    """Let two nodes work on a SQLite file, on a disk that fills up and is cleared again."""
    with room_for(cluster) as full:
        result = Result(done=1)
        cluster.start_all(2)
        cluster.wait_for_runs(2)
        with full():
            time.sleep(seconds)
        result.again.append(seconds_until_normal(cluster))
        result.counted = {"waits logged": cluster.log.read_text().count("store unavailable")}
        result.verdict = cluster.judge()
        return result


@contextmanager
def room_for(cluster: Cluster) -> Iterator[object]:
    """Move the store to a small disk of its own. Where none may be mounted, keep its files from growing."""
    folder = cluster.folder / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, f"size={SIZE}".encode()) != 0:
        yield lambda: no_growth(cluster)
        return
    try:
        for part in Path(cluster.path).parent.glob("rota.db*"):
            shutil.move(part, folder / part.name)
        cluster.store = f"sqlite:///{folder}/rota.db"
        yield lambda: filled(folder)
    finally:
        cluster.close()
        libc.umount2(os.fsencode(folder), DETACH)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 16, 512, 1):
            with suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def no_growth(cluster: Cluster) -> Iterator[None]:
    """Refuse each write of the nodes beyond what the store's log holds now."""
    size = Path(f"{cluster.path}-wal").stat().st_size
    limits = [(node.pid, resource.prlimit(node.pid, resource.RLIMIT_FSIZE)) for node in cluster.nodes]
    for pid, (_, hard) in limits:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid, limit in limits:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
