"""Rota as a back end of `django.tasks`, and other back ends as runners of Rota.

    TASKS = {"default": {"BACKEND": "rota.integrations.django.tasks.RotaBackend"}}

With Django 5.2 `django.tasks` is the package django-tasks.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the back end when it is asked for: projects without `django.tasks` import this module as well."""
    if name != "RotaBackend":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rota.integrations.django.tasks.backend import RotaBackend

    return RotaBackend
