"""Rota inside a Django project.

    INSTALLED_APPS += ["rota.integrations.django"]

and in the `tasks.py` of any app:

    from rota.integrations.django import rota

    @rota.scheduled(daily("02:00"))
    def clear_carts(): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rota.integrations.django.app import DjangoRota

    rota: DjangoRota


def __getattr__(name: str) -> Any:
    """Make `rota` when it is first asked for: the settings are there by then."""
    if name != "rota":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rota.integrations.django.app import the_rota

    return the_rota()
