"""Make the pictures of the README anew: start the demo, let it work, and look at it in Chromium.

    make pictures

They show what was there: no data is made up, and no two times are they the same. It takes a few minutes.
"""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from docs.pictures.png import smaller
from tests.services.chromium import chromium_program

HERE = Path(__file__).parents[1] / "images"
WIDTH, HEIGHT = 1440, 900
LARGEST = 150_000  # bytes of one picture
SCHEDULE = "sync_inventory"  # it is slow, so that each second time is skipped
RUN_OF = "send_digest"  # it is due every 10 s, fails twice and then succeeds, each time
ENOUGH = 18  # runs of it
WORKED = 600_000.0  # milliseconds within which there are so many


def main() -> None:
    with TemporaryDirectory() as folder, demo(Path(folder)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_program(), args=["--no-sandbox"])
        state = signed_in(browser, address)
        base = address.partition("/sign-in")[0]
        places = wait_for_work(browser, base, state)
        for theme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme, storage_state=state
            )
            page = context.new_page()
            for name, path in places.items():
                page.goto(base + path)
                shoot(page, HERE / f"{name}-{theme}.png")
            context.close()
        browser.close()


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Run the demo in a folder; what is given is the address that lets its bearer in once."""
    command = [sys.executable, "-m", "rota", "demo", "--plain", "--fresh", "--folder", str(folder / "demo")]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, text=True, cwd=folder
    )
    try:
        assert process.stdout is not None
        told = next(line for line in process.stdout if "The admin UI is at" in line)
        # What else it says is read and dropped: it would wait for a reader once the pipe is full.
        Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        yield next(word for word in told.split() if word.startswith("http"))
    finally:
        process.terminate()
        process.wait()


def signed_in(browser: Browser, address: str) -> Any:
    """Return the cookies of somebody whom the address has let in."""
    context = browser.new_context()
    context.new_page().goto(address)
    state = context.storage_state()
    context.close()
    return state


def wait_for_work(browser: Browser, base: str, state: Any) -> dict[str, str]:
    """Wait until there is something to see, and return the pages by name."""
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(f"{base}/runs?schedule={RUN_OF}&state=succeeded")
    page.locator("tbody tr").nth(ENOUGH - 1).wait_for(timeout=WORKED)  # the page is live
    run = page.locator("tbody tr a.mono").first.get_attribute("href")
    assert run is not None
    context.close()
    return {"overview": "/", "schedules": "/schedules", "schedule": f"/schedules/{SCHEDULE}", "run": run}


def shoot(page: Page, path: Path) -> None:
    page.evaluate("document.fonts.ready")
    picture = smaller(page.screenshot())
    assert len(picture) <= LARGEST, f"{path.name} has {len(picture):,} bytes; at most {LARGEST:,} are wanted"
    path.write_bytes(picture)
    sys.stdout.write(f"{path.name}: {len(picture):,} bytes\n")


if __name__ == "__main__":
    main()
