"""The peers' own environments: made when they are first needed, kept in `bench/.venvs`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

from bench.contenders import PEERS, environment


class NotInstalled(Exception):
    """A peer could not be installed; says what the installer said."""


def install(peer: str) -> None:
    """Make the environment of a peer, unless it is there and as its requirements say.

    Raises:
        NotInstalled: The installer failed.
    """
    wanted = (PEERS / peer / "requirements.txt").read_bytes()
    folder = environment(peer)
    stamp = folder / "installed"
    digest = hashlib.sha256(wanted).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    _run(peer, [sys.executable, "-m", "venv", "--clear", str(folder)])
    python = str(folder / "bin" / "python")
    _run(peer, [python, "-m", "pip", "install", "-q", "-r", str(PEERS / peer / "requirements.txt")])
    stamp.write_text(digest)


def versions(peer: str) -> dict[str, str]:
    """Return the versions of what a peer's requirements name."""
    code = (
        "import json; from importlib.metadata import distributions as all_;"
        "print(json.dumps([(one.name, one.version) for one in all_()]))"
    )
    python = environment(peer) / "bin" / "python"
    told = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    found = {name.lower(): version for name, version in json.loads(told)}
    names = [_name(line) for line in (PEERS / peer / "requirements.txt").read_text().splitlines()]
    return {name: found[name] for name in names if name in found}


def _name(requirement: str) -> str:
    for end in ("[", "=", "<", ">"):
        requirement = requirement.partition(end)[0]
    return requirement.strip().lower()


def _run(peer: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalled(f"{peer}: {lines[-1] if lines else 'no reason was given'}")
