"""One run at a time: each step from `enqueue` to the first line of its body, across processes or in one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import quantile
from bench.profile.node import application, feed

STEPS = {
    "heard": "the run is written and committed, and the node hears of it",
    "look": "its dispatcher is awake",
    "levels": "it has looked for what is ready",
    "claimed": "it has claimed the run: statement and commit",
    "body": "a slot begins the body",
}
Stamps = list[tuple[str, float]]


def profile(url: str, *, across: bool) -> str:
    """Enqueue steadily, and return the table of the steps.

    Args:
        across: Whether the node is not the process that enqueues.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stamps"
        command = [sys.executable, "-m", "bench.profile.node", url, str(file)]
        if across:
            asked = _across(command, url)
            stamps = _read(file)
        else:
            subprocess.run([*command, "feed"], check=True)
            stamps = _read(file)
            asked = [at for label, at in stamps if label == "asked"]
        return _table(asked, stamps)


def _across(command: list[str], url: str) -> list[float]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        _, noop = application(url)
        assert process.stdout is not None
        process.stdout.readline()  # it is awake
        asked = feed(noop)
        process.communicate()
    return asked


def _read(file: Path) -> Stamps:
    return [(label, float(at)) for label, at in (line.split() for line in file.read_text().splitlines())]


def _table(asked: list[float], stamps: Stamps) -> str:
    """Return the median and the 99th percentile of each step, and of all together.

    A run's stamps are found backwards from its body: the last of each label before the next one.
    """
    took: dict[str, list[float]] = {step: [] for step in STEPS}
    whole = []
    bodies = [at for label, at in stamps if label == "body"]
    for began, ended in zip(asked, bodies, strict=True):
        until, instants = ended, {"body": ended}
        for step in ("claimed", "levels", "look", "heard"):
            before = [at for label, at in stamps if label == step and began <= at <= until]
            until = instants[step] = before[0 if step == "heard" else -1] if before else until
        previous = began
        for step in STEPS:
            took[step].append(instants[step] - previous)
            previous = instants[step]
        whole.append(ended - began)
    lines = ["| step | p50, ms | p99, ms |", "|---|---:|---:|"]
    lines += [_line(words, took[step]) for step, words in STEPS.items()]
    lines.append(_line("**from `enqueue` to the body**", whole))
    return "\n".join(lines) + "\n"


def _line(title: str, seconds: list[float]) -> str:
    return f"| {title} | {quantile(seconds, 0.5) * 1000:.2f} | {quantile(seconds, 0.99) * 1000:.2f} |"
