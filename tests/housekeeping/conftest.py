"""Keeps the tests of `django/` out of this process, unless it was started for them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "django"


def pytest_ignore_collect(collection_path, config):
    """Leave the folder to a process of its own, which `test_django.py` starts."""
    if collection_path != FOLDER:
        return None
    asked = [(config.invocation_params.dir / one.split("::")[0]).resolve() for one in config.args]
    return None if any(one == FOLDER or FOLDER in one.parents for one in asked) else True
