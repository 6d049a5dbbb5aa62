"""Where contenders are measured: a folder and a store of its own for each measurement."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.contenders import CONTENDERS, OURS, PEERS, Command, Contender, environment
from bench.figures import Figure
from bench.services import Services

SIDE = PEERS.parent / "side"
ROOT = PEERS.parent.parent


@dataclass(frozen=True, slots=True)
class Place:
    """One measurement's folder and variables, for the processes of one peer."""

    python: Path
    folder: Path
    variables: dict[str, str]

    def command(self, command: Command) -> list[str]:
        return [str(self.python), *command]

    def call(self, function: str, *arguments: object, timeout: float = 300) -> Any:
        """Call a function of the driver or of the peer in its environment, and return its result."""
        done = subprocess.run(
            self.command(("-m", "driver", function, *map(str, arguments))),
            env=self.variables,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300])
        return json.loads(done.stdout.splitlines()[-1])


@dataclass(slots=True)
class Arena:
    """What all rows share.

    Attributes:
        form: `quick`, `default` or `full`.
        peers: Those that are there to be measured.
    """

    services: Services
    form: str
    peers: frozenset[str]
    say: Callable[[str], None] = field(default=lambda text: print(text, file=sys.stderr, flush=True))

    def size(self, quick: int, default: int, full: int | None = None) -> int:
        """Return how much to do in this form."""
        return {"quick": quick, "default": default, "full": full or default}[self.form]

    def contenders(self, store: str | None = None) -> list[Contender]:
        """Return those that are there, Rota first."""
        return [
            one
            for one in CONTENDERS
            if (one.is_ours or one.peer in self.peers) and (store is None or one.store == store)
        ]

    @contextmanager
    def place(self, contender: Contender) -> Iterator[Place]:
        """Yield a fresh place of a contender, prepared."""
        with self.place_of(contender.peer, contender.store, contender.variables) as place:
            yield place

    @contextmanager
    def place_of(self, peer: str, store: str, variables: Any = None) -> Iterator[Place]:
        folder = Path(tempfile.mkdtemp(prefix="rota-bench-"))
        python = Path(sys.executable) if peer == OURS else environment(peer) / "bin" / "python"
        try:
            with self.services.place(store, folder) as ours:
                inherited = {
                    name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
                }
                path = os.pathsep.join([str(SIDE), str(PEERS / peer)])
                given = {"BENCH_FOLDER": str(folder), "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
                place = Place(python, folder, {**inherited, **given, **ours, **(variables or {})})
                place.call("prepare")
                yield place
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def attempt(self, figure: Callable[[], Figure | Sequence[Figure]], failed: Figure) -> list[Figure]:
        """Return what was measured, or `failed` with the error: one that fails harms no other."""
        try:
            made = figure()
        except Exception as error:
            self.say(f"  {failed.who}: {failed.case}: failed: {error}")
            return [replace(failed, error=f"{type(error).__name__}: {error}")]
        figures = [made] if isinstance(made, Figure) else list(made)
        for one in figures:
            self.say(f"  {one.who}: {one.case}: {one.value:,.4g} {one.unit} {one.note}")
        return figures
