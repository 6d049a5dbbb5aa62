"""A real browser before a real server: Chromium, and `rota.web.serve.Server` in a thread, over SQLite."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rota import daily, every
from rota.operations import changing
from rota.operations.actor import Actor, Role
from rota.testing.runner import Behaviour
from rota.testing.sim import Sim

AXE = Path(__file__).parent.parent / "browser" / "axe" / "axe.min.js"
SIZES = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}


OPENED, NOW = "2026-03-24 06:00", "2026-03-27 06:17"


def shop_at(start: str, path: Path) -> Sim:
    """Return the shop at this time, over this file."""
    sim = Sim(start, timezone="Europe/Paris", lease="3h", tick_interval="3h")
    sim.rota.configure(store=f"sqlite:///{path}")
    house = {"tags": ["house"]}
    sim.declare("nightly backup", daily("02:30"), takes=timedelta(minutes=12), task=house)
    sim.declare("purge sessions", every("1h"), takes=timedelta(seconds=3), task=house)
    sim.declare("invoices:send", "weekly mon,thu 07:00", task={"tags": ["money"], "retries": 2})
    sim.declare("exchange rates", every("30m"), takes=timedelta(seconds=2), task={"tags": ["money"]})
    sim.declare("search index", every("2h"), takes=timedelta(minutes=9), task={"queue": "slow"})
    sim.declare("newsletter", "monthly last fri 17:00", task={"tags": ["mail"]}, description="To all readers")

    @sim.rota.task
    def report(to: str, copies: int = 1, dry_run: bool = False) -> None:
        """Write the sales report, and send it."""

    sim.rota.schedule(report, "0 9 * * 1-5", name="sales/report ü", args={"to": "ann@example.org"})
    return sim


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a shop after three days: most is well, one schedule fails at times, a night was missed."""
    path = tmp_path_factory.mktemp("shop") / "rota.db"
    sim = shop_at(OPENED, path)
    sim.rota.sync()
    _work(sim)
    bob = Actor("bob", Role.OPERATOR, "ui")
    changing.pause(sim.rota, "newsletter", bob, "The texts are not ready")
    changing.override(sim.rota, "search index", "timetable", "every 3h", bob, "The disk is slow this week")
    sim.rota.close()
    return path


def _work(sim: Sim) -> None:
    chance = random.Random(4)
    node = sim.start_node()
    for hour in range(72):
        if hour == 40:
            node.stop()
        elif hour == 46:
            sim.start_node()
        for name, typical in (("purge sessions", 3.0), ("exchange rates", 2.0), ("search index", 500.0)):
            takes = timedelta(seconds=typical * chance.lognormvariate(0, 0.5))
            fails = name == "exchange rates" and chance.random() < 0.12
            sim._behaviours[name] = Behaviour(takes, lambda run, fails=fails: fails)
        sim.advance(timedelta(hours=1))
    sim.run_until(NOW)


class Site:
    """The web face on a port of its own, and the way in."""

    def __init__(self, sim: Sim) -> None:
        from rota.web.serve import Server

        self.sim, self.rota = sim, sim.rota
        self._server = Server(sim.rota, port=0)
        self.url, self.way_in = self._server.url.partition("/sign-in")[0], self._server.url
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self._thread.join(30)


@pytest.fixture
def site(history: Path, tmp_path: Path) -> Iterator[Site]:
    sim = shop_at(NOW, Path(shutil.copy(history, tmp_path)))
    made = Site(sim)
    yield made
    made.close()
    sim.rota.close()


class Person:
    """Somebody with a browser window, who notices everything that goes wrong in it."""

    def __init__(self, browser: Any, site: Site, size: str, theme: str, *, scripts: bool = True) -> None:
        self.site, self.troubles = site, []
        self._context = browser.new_context(
            viewport=SIZES[size], color_scheme=theme, java_script_enabled=scripts, reduced_motion="reduce"
        )
        self._context.set_default_timeout(15_000)
        self.page = self._context.new_page()
        # What breaks the policy is an error in the console, too.
        self.page.on("console", lambda one: self.troubles.append(one.text) if one.type == "error" else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.goto(site.way_in)

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def resize(self, size: str) -> None:
        self.page.set_viewport_size(SIZES[size])

    def axe(self) -> list[str]:
        """Return what axe finds wrong with the page."""
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate(
            "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']}))"
            ".violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html + node.failureSummary)"
            ".slice(0, 3).join(' | ')}`)"
        )
        return list(found)

    def is_as_wide_as_the_window(self) -> bool:
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        )

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def person(chromium: Any, site: Site) -> Iterator[Any]:
    opened: list[Person] = []

    def open_window(size: str = "wide", theme: str = "light", *, scripts: bool = True) -> Person:
        opened.append(Person(chromium, site, size, theme, scripts=scripts))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()
