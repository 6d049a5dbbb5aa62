"""A site under gunicorn whose four workers are nodes, killed and reloaded at random.

    .venv/bin/python -m tests.system.web_kills --seconds 300

At the end each second of that time has one run, which succeeded; and no body was executed more often than
kills hit it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from rota.core.records import Run, RunQuery, RunState
from rota.stores import open_store
from tests.services.process import children_of

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)
PATIENCE = 60.0


@dataclass(slots=True)
class Site:
    """The project of the tests behind gunicorn."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    kills: int = 0
    reloads: int = 0
    harmed: list[int] = field(default_factory=list)

    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def kill_one(self, chance: random.Random) -> None:
        """End a worker as the memory killer does."""
        with suppress(IndexError, ProcessLookupError):
            pid = chance.choice(self.workers())
            os.kill(pid, signal.SIGKILL)
            self.kills += 1
            self.harmed.append(pid)

    def reload(self) -> None:
        """Replace all workers, gracefully."""
        self.process.send_signal(signal.SIGHUP)
        self.reloads += 1


def environment(url: str, **rota: object) -> dict[str, str]:
    """Return the environment of the project's processes, for a database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.django.project.settings",
        "SHOP_DATABASE": url,
        "SHOP_ROTA": json.dumps(rota),
    }


def manage(url: str, *words: str, **rota: object) -> str:
    """Call a management command of the project in a process of its own; return what it prints."""
    command = [sys.executable, "-m", "tests.django.project.manage", *words]
    done = subprocess.run(
        command, env=environment(url, **rota), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def gunicorn(url: str, folder: Path, *options: str, workers: int = 4) -> AbstractContextManager[Site]:
    """Serve the project with gunicorn, each worker a node, until the end of the block."""
    words = ["-w", str(workers), "-b", "127.0.0.1:{port}", "--no-control-socket", *options]
    return served(url, folder, "gunicorn", *words, "tests.django.project.wsgi:application")


def _hear_ctrl_c() -> None:
    """Take SIGINT as in a terminal: what a shell has put in the background inherits that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def served(
    url: str, folder: Path, *words: str, end: signal.Signals = signal.SIGTERM, **rota: object
) -> Iterator[Site]:
    """Serve the project by `python -m WORDS`, `{port}` in them being a port, until the end of the block.

    SIGINT as its `end` comes as from a terminal: to all processes of the group.
    """
    settings = {"AUTOSTART": True, "LEASE": "3s", "DRAIN_TIMEOUT": "5s", **rota}
    log, port = folder / "server.log", _free_port()
    command = [sys.executable, "-m", *(word.format(port=port) for word in words)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=environment(url, **settings),
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,
        )
    site = Site(url, port, process, log)
    try:
        wait_until(lambda: _answers(site), f"no answer; {log} says why")
        wait_until(lambda: bool(marks(url)), f"no node came; {log} says why")
        yield site
    finally:
        if end is signal.SIGINT:
            os.killpg(process.pid, end)
        else:
            process.send_signal(end)
        process.wait(PATIENCE)


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(site: Site) -> bool:
    assert site.process.poll() is None, site.log.read_text()
    with suppress(OSError):
        return site.get("/health") == "ok"
    return False


def wait_until(condition: Callable[[], bool], failure: str) -> None:
    """Return once `condition` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, failure
        threading.Event().wait(0.1)


def harass(site: Site, seconds: float, seed: int) -> None:
    """Kill workers and reload them all, at random instants, for so long."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        threading.Event().wait(chance.uniform(0.5, 3.0))
        if chance.random() < 0.2:
            site.reload()
        else:
            site.kill_one(chance)


def marks(url: str, schedule: str = "mark") -> list[Run]:
    """Return the runs of the occurrences of a schedule, oldest first."""
    found: list[Run] = []
    with closing(open_store(url)) as store:
        query = RunQuery(rota="shop", schedule=schedule, limit=500)
        while page := store.runs(query):
            found += page
            query = RunQuery(
                rota="shop", schedule=schedule, limit=500, before=(page[-1].created_at, page[-1].id)
            )
    return sorted((run for run in found if run.planned_at), key=lambda run: str(run.planned_at))


def executed(url: str) -> Counter[datetime]:
    """Return how often the body of each occurrence was executed, as its own rows say."""
    text = manage(url, "shell", "-v0", "-c", _EXECUTED)
    return Counter(map(datetime.fromisoformat, json.loads(text)))


_EXECUTED = """
import json
from tests.django.project.shop.models import Mark
print(json.dumps([at.isoformat() for at in Mark.objects.values_list("planned_at", flat=True)]))
"""


def verify(site: Site) -> str:
    """Check what was done, while the site goes on; return a line about it."""
    with closing(open_store(site.url)) as store:
        until = store.clock()

    def is_done() -> bool:
        runs = marks(site.url)
        return _due(runs[-1]) > until and all(
            run.state is RunState.SUCCEEDED for run in runs if _due(run) <= until
        )

    wait_until(is_done, "runs were left")
    runs = [run for run in marks(site.url) if _due(run) <= until]
    due = list(map(_due, runs))
    assert due == [due[0] + number * SECOND for number in range(len(due))], "a second was doubled or left out"
    times = executed(site.url)
    extra = sum(times[at] - 1 for at in due)
    assert min(times[at] for at in due) >= 1, "a run succeeded without its body"
    assert extra <= site.kills, f"{extra} executions too many, for {site.kills} kills"
    lost = sum(run.attempt - 1 for run in runs)
    return (
        f"{len(runs)} occurrences, each with one run that succeeded; {site.kills} kills,"
        f" {site.reloads} reloads, {lost} attempts lost, {extra} bodies executed once more"
    )


def _due(run: Run) -> datetime:
    assert run.planned_at is not None
    return run.planned_at


def main() -> None:
    """Do it for as long as is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL, not a SQLite file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _database(options.postgres, Path(folder)) as url:
        manage(url, "migrate", "-v0")
        with gunicorn(url, Path(folder)) as site:
            harass(site, options.seconds, options.seed)
            print(verify(site))


@contextmanager
def _database(postgres: bool, folder: Path) -> Iterator[str]:
    if not postgres:
        yield f"sqlite:///{folder / 'shop.db'}"
        return
    from tests.services.postgres import PostgresServer

    with PostgresServer() as server:
        yield server.create_database()


if __name__ == "__main__":
    main()
