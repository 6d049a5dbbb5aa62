"""The processes of a benchmark: start, watch what they use, read what they counted, stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.side_format import SLOT
from tests.services.process import children_of

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Counted:
    """How many bodies were executed, and when the first and the last was."""

    count: int
    first: float
    last: float

    @property
    def per_second(self) -> float:
        return (self.count - 1) / max(self.last - self.first, 1e-9)


def counted(folder: Path) -> Counted:
    """Return what all workers have counted until now."""
    slots = [
        slot
        for path in (folder / "counts").glob("*")
        for slot in SLOT.iter_unpack(_whole_slots(path.read_bytes()))
        if slot[0]
    ]
    if not slots:
        return Counted(0, 0.0, 0.0)
    return Counted(sum(one[0] for one in slots), min(one[1] for one in slots), max(one[2] for one in slots))


def _whole_slots(data: bytes) -> bytes:
    return data[: len(data) // SLOT.size * SLOT.size]


@contextmanager
def running(
    commands: Sequence[Sequence[str]], variables: dict[str, str], folder: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run processes, each the leader of a group, and end the groups."""
    log = (folder / "log").open("ab")
    processes = [
        subprocess.Popen(
            command, env=variables, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )
        for command in commands
    ]  # fmt: skip
    try:
        yield processes
    finally:
        _end(processes)
        log.close()


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            if process.poll() is None or how is signal.SIGKILL:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and any(process.poll() is None for process in processes):
            time.sleep(0.02)


def last_words(folder: Path) -> str:
    """Return the last line of the log of the processes."""
    log = folder / "log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:200] if lines else "it said nothing"


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    return [pid, *(one for child in children_of(pid) for one in family(child))]


def cpu_seconds(pid: int) -> float:
    """Return what a process and its descendants have used."""
    total = 0.0
    for one in family(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def memory_mb(pid: int, kind: str = "VmRSS") -> float:
    """Return the resident memory of a process; with `VmHWM` the most it has had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    return 0.0
