"""The web face over a long past: how long each page and list takes, and what fifty people who watch cost."""

from __future__ import annotations

import gzip
import http.client
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote, urlencode

from werkzeug.test import Client

from bench import past
from bench.arena import Arena, Place
from bench.figures import Figure, quantile
from bench.processes import cpu_seconds, last_words, running
from bench.schedules import STORES, place_of_rota
from rota import Rota
from rota.cli.memory import leave_alone_what_is_loaded
from rota.core.records import RunQuery, RunState
from rota.operations import people
from rota.operations.actor import Role
from rota.operations.grouping import error_groups
from rota.web import WebApp
from rota.web.auth.cookies import NAME as COOKIE
from rota.web.ui.files import contents

TIMES, TIMES_SERVED = 20, 5
PEOPLE, POLL = 50, 3.0  # seconds between two polls of a page: as in live.js
WATCHED = 30.0  # seconds
SERVER = ("-m", "rota.cli", "web", "bench.past_app:rota", "--log-level", "error")


def measure(arena: Arena) -> list[Figure]:
    sizes = {
        "postgres": (arena.size(100, 1_000, 10_000), arena.size(5_000, 200_000, 5_000_000)),
        "sqlite": (arena.size(100, 1_000), arena.size(5_000, 200_000, 500_000)),
    }
    figures = [_scripts()]
    for store, who in STORES.items():
        failed = Figure(row="web", case="pages, p95 of the slowest", who=who, value=None, unit="ms")
        figures += arena.attempt(lambda s=store, w=who: _measure(arena, s, w, *sizes[s]), failed)
    return figures


def _measure(arena: Arena, kind: str, who: str, schedules: int, runs: int) -> list[Figure]:
    with place_of_rota(arena, kind) as (place, _):
        rota = past.application(place.variables["ROTA_STORE"], schedules)
        try:
            past.fill(rota, schedules, runs, arena.say)
            past.settle_down(rota)
            return [*timed(rota, who, arena.say, f"{schedules:,} schedules, {runs:,} runs"),
                    *_watched(place, rota, who, schedules)]  # fmt: skip
        finally:
            rota.close()


# -- one by one
def timed(rota: Rota, who: str, say: Callable[[str], None], note: str) -> list[Figure]:
    """Time each page and list in this process, drawn anew each time."""
    app = WebApp(rota)
    secret, _ = people.open_session(rota, "ann", Role.ADMIN, "bench")
    client = Client(app)
    client.set_cookie(COOKIE, secret)
    leave_alone_what_is_loaded()  # as `rota web` does
    figures = []
    for group, addresses in addresses_of(rota).items():
        slowest: dict[str, float] = {}
        every: list[float] = []
        for address in addresses:
            took = [_once(app, client, address) for _ in range(TIMES + 1)][1:]  # the first one compiles
            slowest[address] = quantile(took, 0.95)
            every += took
            say(f"  {who}: {slowest[address]:6.1f} ms at p95, {quantile(took, 0.5):6.1f} at p50: {address}")
        worst = max(slowest, key=lambda address: slowest[address])
        figures.append(
            Figure(
                row="web",
                case=f"{group}, p95 of the slowest",
                who=who,
                value=slowest[worst],
                unit="ms",
                samples=list(slowest.values()),
                note=f"{note}; {worst[:60]}; p50 of all {len(addresses)}: {quantile(every, 0.5):.3g} ms",
            )
        )
    return figures


def _once(app: WebApp, client: Client, address: str) -> float:
    app.pages.recent.clear()
    begin = time.perf_counter()
    answer = client.get(address)
    took = (time.perf_counter() - begin) * 1000
    if answer.status_code not in (200, 503):  # 503: what a health check says of the nodes of this bench
        raise RuntimeError(f"{address}: {answer.status} {answer.text[:200]}")
    return took


def addresses_of(rota: Rota) -> Mapping[str, Sequence[str]]:
    """Return the addresses of all pages and lists, with what people filter by."""
    api = "/api/v1"
    name = quote(past.name_of(41))
    one = {
        state: rota.store.runs(RunQuery(rota=rota.name, states=(state,), limit=50))
        for state in (RunState.SUCCEEDED, RunState.FAILED, RunState.RUNNING, RunState.PENDING)
    }
    old = rota.clock.now() - past.SPAN / 2
    middle = rota.store.runs(RunQuery(rota=rota.name, until=old, limit=1))[0]
    group = next(iter(error_groups(rota))).fingerprint
    behind = quote(f"{middle.created_at.isoformat()}_{middle.id}")
    pages = [
        "/", "/schedules", "/runs", "/errors", f"/errors/{group}", "/nodes", "/audit", "/settings",
        *(f"/timeline?span={span}" for span in ("1h", "6h", "24h")),
        *(f"/schedules/{name}?tab={tab}" for tab in ("runs", "errors", "configuration", "audit")),
        *(f"/runs/{runs[-1].id}" for runs in one.values()), f"/runs/{middle.id}",
        f"/schedules/{name}/edit", f"/schedules/{name}/run", f"/schedules/{name}/pause",
    ]  # fmt: skip
    filtered = [
        *(f"/schedules?{urlencode(query)}" for query in (
            {"sort": "next"}, {"sort": "-name"}, {"after": past.name_of(13)}, {"text": "duty-00"},
            {"text": "nothing"}, {"state": "paused"}, {"source": "override"}, {"source": "user"},
            {"tag": "team-7"}, {"queue": "mail"},
        )),
        *(f"/runs?{urlencode(query)}" for query in _run_filters(rota)),
        f"/audit?{urlencode({'subject': past.name_of(7)})}",
    ]  # fmt: skip
    lists = [
        f"{api}/schedules", f"{api}/schedules?limit=500", f"{api}/schedules?state=paused",
        f"{api}/schedules/{name}", f"{api}/schedules/{name}/next",
        f"{api}/runs", f"{api}/runs?limit=500", f"{api}/runs?after={behind}",
        *(f"{api}/runs?{urlencode(query)}" for query in _run_filters(rota)),
        f"{api}/runs/{middle.id}", f"{api}/tasks", f"{api}/nodes", f"{api}/statistics", f"{api}/audit",
        f"{api}/tokens", f"{api}/health", "/readyz",
    ]  # fmt: skip
    return {"pages": pages, "pages, filtered": filtered, "lists of the API": lists}


def _run_filters(rota: Rota) -> list[dict[str, str]]:
    old = rota.clock.now() - past.SPAN / 2
    return [
        *({"state": str(state)} for state in RunState),
        {"schedule": past.name_of(41)},
        {"task": "shop.task_07"},
        {"queue": "reports"},
        {"task": "shop.task_07", "state": "failed"},
        {"schedule": past.name_of(41), "state": "failed"},
        {"since": (old - timedelta(days=1)).isoformat(), "until": old.isoformat()},
        {"until": old.isoformat(), "task": "shop.task_07"},
    ]


# -- fifty people
def _watched(place: Place, rota: Rota, who: str, schedules: int) -> list[Figure]:
    """Have people watch the overview of a server, and take the server's share of a processor."""
    secret, _ = people.open_session(rota, "bob", Role.VIEWER, "bench")
    people.put_user(
        rota, "root", "admin", secret, past.ANN
    )  # otherwise the server takes a token that is used once
    with _serving(place, schedules) as (pid, port):
        cookie = {"Cookie": f"{COOKIE}={secret}"}
        served = [_request(port, "/", cookie)[0] for _ in range(TIMES_SERVED)]
        quiet, unchanged = _share(pid, port, cookie)
        changes = _Changes(rota)
        busy, rest = _share(pid, port, cookie)
        changes.stop()
    figure = Figure(row="web", case="", who=who, value=0.0, unit="% of a core")
    return [
        Figure(row="web", case="the overview over HTTP, the slowest", who=who, value=max(served), unit="ms"),
        _with(figure, f"{PEOPLE} people, nothing happens", quiet, f"{unchanged:.0%} answered by 304"),
        _with(figure, f"{PEOPLE} people, something happens each second", busy, f"{rest:.0%} answered by 304"),
    ]


def _with(figure: Figure, case: str, value: float, note: str) -> Figure:
    return Figure(row=figure.row, case=case, who=figure.who, value=value, unit=figure.unit, note=note)


@contextmanager
def _serving(place: Place, schedules: int) -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, *SERVER, "--port", str(port)]
    with running([command], past.variables(place, schedules), place.folder) as (process,):
        end = time.monotonic() + 60
        while True:
            try:
                _request(port, "/livez", {})
                break
            except OSError:
                if time.monotonic() > end or process.poll() is not None:
                    raise RuntimeError(f"no server: {last_words(place.folder)}") from None
                time.sleep(0.1)
        yield process.pid, port


def _share(pid: int, port: int, headers: dict[str, str]) -> tuple[float, float]:
    """Return the percentage of a core that the server takes, and which part of the polls got a 304."""
    answers: list[int] = []
    end = time.monotonic() + POLL + WATCHED

    def watch(number: int) -> None:
        time.sleep(POLL * number / PEOPLE)
        tag = ""
        while time.monotonic() < end:
            more = {"X-Rota-Live": "1", **({"If-None-Match": tag} if tag else {})}
            _, status, tag = _request(port, "/", {**headers, **more})
            answers.append(status)
            time.sleep(POLL * random.uniform(0.9, 1.1))

    with ThreadPoolExecutor(PEOPLE) as pool:
        watching = [pool.submit(watch, number) for number in range(PEOPLE)]
        time.sleep(POLL)  # the first page of each
        before, begin, first = cpu_seconds(pid), time.monotonic(), len(answers)
        for one in watching:
            one.result()
        share = (cpu_seconds(pid) - before) / (time.monotonic() - begin) * 100
    later = answers[first:]
    return share, later.count(304) / max(len(later), 1)


def _request(port: int, address: str, headers: dict[str, str]) -> tuple[float, int, str]:
    """Return how many milliseconds it took, the status, and the tag."""
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return (time.perf_counter() - begin) * 1000, answer.status, answer.headers.get("ETag", "")
    finally:
        connection.close()


class _Changes:
    """Enqueues a run each second, for as long as it is not stopped."""

    def __init__(self, rota: Rota) -> None:
        self._rota, self._stopped = rota, threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        while not self._stopped.wait(1):
            self._rota.registry.task("shop.task_00").enqueue()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


# -- what a browser loads
def _scripts() -> Figure:
    """Return how much JavaScript the largest page loads: all modules, each compressed by itself."""
    sizes = {
        name: len(gzip.compress(data, 6)) for name, data in contents().items() if re.search(r"\.js$", name)
    }
    note = f"{len(sizes)} files, each compressed by itself"
    value = sum(sizes.values()) / 1024
    return Figure(row="web", case="JavaScript of all pages", who="Rota", value=value, unit="KB", note=note)
