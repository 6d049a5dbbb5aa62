"""The browser that the tests of pages drive: Debian's."""

from __future__ import annotations

import shutil

from tests.services.process import ServiceMissing


def chromium_program() -> str:
    """Return the path of Chromium.

    Raises:
        ServiceMissing: It is not installed.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise ServiceMissing("Chromium", "chromium")
    return found
