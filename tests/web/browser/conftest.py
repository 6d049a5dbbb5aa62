"""Chromium, and a real server over SQLite whose history the real runtime has made."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import pytest

from rota.core.records import ClaimRequest, Report, RunQuery, RunState
from rota.operations import people
from rota.operations.actor import Actor
from rota.operations.changing import override_fields
from rota.operations.grouping import error_groups
from rota.testing.clock import VirtualClock
from rota.web.serve import Server
from tests.web.ui.shop import alive, make_shop, waiting, work

AXE = Path(__file__).parent / "axe" / "axe.min.js"


class ShopClock(VirtualClock):
    """Is moved by hand while history is made, and then goes with the machine's, as browsers do."""

    is_moved = True

    def now(self) -> datetime:
        return super().now() if self.is_moved else datetime.now(UTC)


class Served:
    """The shop on an address of its own, and what its pages are about."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        self.clock = ShopClock(now - timedelta(hours=4))
        self.rota = rota = make_shop(f"sqlite:///{folder / 'shop.db'}", self.clock, lease="1h")
        rota.sync()
        work(rota, self.clock, timedelta(hours=3, minutes=45))
        self.clock.move_to(now - timedelta(minutes=2))
        rota.tick()
        self.running = self._started()
        self.clock.is_moved = False
        alive(rota, "worker-1", running=1)
        alive(rota, "web-2", roles=("scheduler",), clock_offset=timedelta(seconds=7))
        override_fields(rota, "counts", {"priority": 5}, Actor("ann"), "sale", until=now + timedelta(hours=5))
        self.overridden = rota.store.audit("shop", "counts", 1)[0].at.isoformat()
        people.create_token(rota, "deploy script", "operator", Actor("root"), timedelta(days=90))
        self.failed = self._last(RunState.FAILED)
        self.counted = self._last(RunState.SUCCEEDED, task="count")
        self.group = error_groups(rota)[0].fingerprint
        self.server = Server(rota, port=0)
        self.base, _, self.entrance = self.server.url.partition("/sign-in")
        threading.Thread(target=self.server.serve, daemon=True).start()

    def _started(self) -> str:
        run_id, now = waiting(self.rota, "count"), self.clock.now()
        request = ClaimRequest(
            node="worker-1", rota="shop", queues=("default",), tasks=("count",), now=now,
            until=now + timedelta(hours=1), limit=1,
        )  # fmt: skip
        (claimed,) = self.rota.store.claim(request)
        self.token = claimed.token
        self.report(run_id, 25, "begin\nreading orders\n")
        return run_id

    def waiting(self, task: str) -> str:
        """Store a run that nobody takes up, as another process would, a second ago."""
        run_id = waiting(self.rota, task)
        self.server.app.pages.recent.clear()
        return run_id

    def report(self, run_id: str, done: float, log: str) -> None:
        """Let the running attempt say how far it is."""
        told = Report(
            run_id=run_id, token=self.token, attempt=1, done=done, total=100, note="orders", log=log
        )
        self.rota.store.report([told])

    def _last(self, state: RunState, **query):
        return self.rota.store.runs(RunQuery(rota="shop", states=(state,), limit=2, **query))[-1]

    @property
    def pages(self) -> dict[str, str]:
        """Every page by name."""
        return {
            "overview": "/",
            "timeline": "/timeline",
            "timeline of 30 days": "/timeline?span=30d",
            "calendar feed": "/calendar",
            "runs": "/runs",
            "no runs": "/runs?schedule=none",
            "plan for all": "/runs/all?action=retry&state=failed",
            "run that failed": f"/runs/{self.failed.id}",
            "run that runs": f"/runs/{self.running}",
            "run with a log": f"/runs/{self.counted.id}",
            "errors": "/errors",
            "error": f"/errors/{self.group}",
            "error plan": f"/errors/{self.group}/retry",
            "nodes": "/nodes",
            "drain": "/nodes/worker-1/drain",
            "audit": "/audit",
            "revert": f"/audit/revert?subject=counts&at={quote(self.overridden)}",
            "settings": "/settings",
            "api": "/api/docs",
            "not found": "/runs/01999999-0000-7000-8000-000000000000",
        }


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = Served(tmp_path_factory.mktemp("shop"))
    yield made
    made.server.close()
    made.rota.close()


@pytest.fixture(scope="module")
def signed_in(served, chromium):
    """The cookies of somebody whom the one-time link has let in."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(served.server.url)
    assert page.url == f"{served.base}/"
    state = context.storage_state()
    context.close()
    return state


class Windows:
    """Windows of a browser, and what is said in their consoles: nothing, but what is due.

    Chromium itself writes a line there for a page that answers with an error: where a test means to open such
    a page, that line is due, at that address and this often.
    """

    def __init__(self, browser, base: str) -> None:
        self._browser, self._base = browser, base
        self._contexts, self._said, self._due = [], [], []

    def open(self, path: str, width: int = 1440, theme: str = "light", *, status: int = 200, **options):
        """Open a page, which must answer with this status."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, **options
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._said.append(str(error)))
        self.go(page, path, status)
        return page

    def go(self, page, path: str, status: int = 200) -> None:
        """Go to a page of the same window."""
        if status >= 400:
            self.expect(path, status)
        assert page.goto(self._base + path).status == status

    def expect(self, path: str, status: int, times: int = 1) -> None:
        """Let that many lines be due for an address which answers with an error."""
        phrase = HTTPStatus(status).phrase.upper()
        line = f"Failed to load resource: the server responded with a status of {status} ({phrase})"
        self._due += [f"{line} at {self._base}{path}"] * times

    def _heard(self, message) -> None:
        if message.type in ("error", "warning"):
            self._said.append(f"{message.text} at {message.location['url']}")

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        assert sorted(self._said) == sorted(self._due)


@pytest.fixture
def windows(served, chromium):
    made = Windows(chromium, served.base)
    yield made
    made.close()


@pytest.fixture
def visit(windows, signed_in):
    """Open pages as somebody who is signed in."""
    return partial(windows.open, storage_state=signed_in)
