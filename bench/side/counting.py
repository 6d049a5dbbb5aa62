"""The whole body of the measured task, the same for every contender. Runs in the workers.

`work(number)` counts; `work(instant)` notes how long ago a run was enqueued. Each thread counts in a slot of
its own of a file that is mapped into memory, so counting takes no lock and outlives a killed worker.
"""

from __future__ import annotations

import itertools
import mmap
import os
import struct
import threading
import time
from pathlib import Path

FOLDER = Path(os.environ["BENCH_FOLDER"])
COUNTS, LATENCIES = FOLDER / "counts", FOLDER / "latencies"
SLOT = struct.Struct("qdd")  # how many, the first, the last
SLOTS = 1024  # threads of one process


class _Process:
    def __init__(self) -> None:
        COUNTS.mkdir(exist_ok=True)
        path = COUNTS / str(os.getpid())
        path.write_bytes(bytes(SLOT.size * SLOTS))
        with path.open("r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self.numbers = itertools.count()
        self.latencies = LATENCIES.open("a", buffering=1)


class _Slot(threading.local):
    at: int | None = None


_process: _Process | None = None
_slot = _Slot()
_beginning = threading.Lock()


def _forget() -> None:
    global _process, _slot, _beginning
    _process, _slot, _beginning = None, _Slot(), threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _begin(now: float) -> None:
    global _process
    with _beginning:  # once for each thread
        _process = _process or _Process()
        _slot.at = next(_process.numbers) * SLOT.size
    _slot.count, _slot.first, _slot.map = 0, now, _process.map


def work(value: int | float) -> None:
    """Count one run, or note its latency when `value` is the instant at which it was enqueued."""
    now = time.time()
    slot = _slot
    if slot.at is None:
        _begin(now)
    if isinstance(value, float):
        assert _process is not None
        _process.latencies.write(f"{now - value:.6f}\n")
        return
    slot.count += 1
    SLOT.pack_into(slot.map, slot.at, slot.count, slot.first, now)
