"""The browser that the tests of pages drive: Debian's, one for each process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.services.process import ServiceMissing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUIET = (
    "--no-sandbox --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


def chromium_program() -> str:
    """Return the path of Chromium.

    Raises:
        ServiceMissing: It is not installed.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise ServiceMissing("Chromium", "chromium")
    return found


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """Start Chromium, and end it."""
    from playwright.sync_api import sync_playwright

    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET.split())
        loop = asyncio.get_running_loop()
        yield browser
        asyncio._set_running_loop(loop)  # `PlaywrightLoop` may have put it out of sight
        browser.close()


class PlaywrightLoop:
    """Puts the event loop of Playwright out of the sight of tests that do not use it.

    From the start of Chromium to its end that loop counts as running in this thread: without this, whatever
    test comes between those of pages could run no loop of its own.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it while a test of pages runs."""
        asyncio._set_running_loop(self._loop)
        yield
        self._loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
