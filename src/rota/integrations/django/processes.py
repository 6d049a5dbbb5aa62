"""What a process of the local runner calls before its first body."""

from __future__ import annotations

import django


def set_up() -> None:
    """Load the apps of the project, which `DJANGO_SETTINGS_MODULE` names."""
    django.setup()
