"""The parts of a soak in their order: first those that do not disturb one another, in lanes side by side;
then those that measure, each alone."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from rota.stores import open_store
from tests.services.postgres import PostgresServer
from tests.system import faults
from tests.system.cluster import Cluster
from tests.system.nursery import Nursery
from tests.system.proxy import Proxy
from tests.system.soak_report import Line

ALONE = "alone"
BUSY = "tests.system.busy:rota"


class Bench:
    """What a part works on.

    Attributes:
        seconds: How long its faults may take.
        server: Shared with the parts of the other lanes.
    """

    def __init__(self, server: PostgresServer, nursery: Nursery, folder: Path, seconds: float) -> None:
        self.server, self.folder, self.seconds = server, folder, seconds
        self._nursery = nursery
        self._clusters: list[Cluster] = []

    def cluster(
        self,
        kind: str,
        proxy: Proxy | None = None,
        server: PostgresServer | None = None,
        *,
        quick: bool = False,
    ) -> Cluster:
        """Return a cluster on a store of its own.

        Args:
            quick: Its nodes begin at once, and have more to do.
        """
        folder = self.folder / f"{kind}-{len(self._clusters)}"
        folder.mkdir(parents=True)
        url = f"sqlite:///{folder}/rota.db" if kind == "sqlite" else (server or self.server).create_database()
        with closing(open_store(url)) as store:
            store.migrate()
        cluster = Cluster(url, folder)
        if quick:
            cluster.app, cluster.nursery = BUSY, self._nursery
        if proxy is not None:
            cluster.direct, cluster.store = url, faults.through(proxy, url)
        self._clusters.append(cluster)
        return cluster

    def close(self) -> None:
        for cluster in self._clusters:
            cluster.close()


Part = Callable[[Bench], list[Line]]
PARTS: list[Part] = []


def part(lane: str, share: float) -> Callable[[Part], Part]:
    """Add a part to a lane. It gets at most this share of the time; the last one what is left."""

    def add(function: Part) -> Part:
        function.lane, function.share = lane, share
        PARTS.append(function)
        return function

    return add


class Soak:
    """All parts, one after the other or side by side.

    Args:
        tell: Is called with all the lines so far whenever there are more.
    """

    def __init__(
        self, server: PostgresServer, nursery: Nursery, folder: Path, seconds: float, tell: Callable
    ) -> None:
        self._server, self._nursery, self._folder, self._seconds = server, nursery, folder, seconds
        self._ends = time.monotonic() + seconds
        self._tell, self._lock = tell, threading.Lock()
        self._lines: dict[str, list[Line]] = {}

    def run(self, chosen: list[Part]) -> list[Line]:
        lanes: dict[str, list[Part]] = {}
        for one in chosen:
            lanes.setdefault(one.lane, []).append(one)
        measured = lanes.pop(ALONE, [])
        with ThreadPoolExecutor(len(lanes) or 1) as threads:
            list(threads.map(self._run_all, lanes.values()))
        self._run_all(measured)
        return self._all_lines()

    def _run_all(self, parts: Iterable[Part]) -> None:
        for one in parts:
            self._run(one)

    def _run(self, one: Part) -> None:
        share = self._seconds * one.share if one.share else self._ends - time.monotonic()
        bench = Bench(self._server, self._nursery, self._folder / one.__name__, max(10.0, share))
        began = time.monotonic()
        print(f"{one.__name__}: at most {bench.seconds:.0f} s", flush=True)
        try:
            found = one(bench)
        except Exception as error:
            traceback.print_exc()
            found = [Line(one.__name__, "to end", f"broke off: {error}", False, "see the output")]
        finally:
            bench.close()
        print(f"{one.__name__}: took {time.monotonic() - began:.0f} s", flush=True)
        for line in found:
            print(f"  {line.what}: {line.reached}", flush=True)
        with self._lock:
            self._lines[one.__name__] = found
            self._tell(self._all_lines())

    def _all_lines(self) -> list[Line]:
        return [line for one in PARTS for line in self._lines.get(one.__name__, [])]
