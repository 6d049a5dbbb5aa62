"""The application `rota` of a Django project."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.signals import setting_changed
from django.db.models.signals import post_migrate


class RotaConfig(AppConfig):
    """Loads the declarations of the project. Touches no database, starts no thread."""

    name = "rota.integrations.django"
    label = "rota"
    verbose_name = "Rota"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the module `tasks` of each app, and register the checks."""
        from rota.integrations.django import checks  # noqa: F401 - registers them
        from rota.integrations.django.app import the_rota
        from rota.integrations.django.conf import conf
        from rota.integrations.django.discovery import discover

        setting_changed.connect(_forget_settings, dispatch_uid="rota")
        post_migrate.connect(_empty_followers, sender=self, dispatch_uid="rota")
        discover(the_rota().registry, conf().discover)
        if conf().autostart:
            from rota.integrations.django.autostart import MIDDLEWARE

            settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]


def _forget_settings(*, setting: str, **_: Any) -> None:
    """Let `override_settings(ROTA=...)` hold."""
    if setting == "ROTA":
        from rota.integrations.django.app import the_rota

        the_rota().forget_settings()


def _empty_followers(*, using: str, **_: Any) -> None:
    """Complete a flush, which sends this signal as a migration does."""
    from rota.integrations.django.schema import empty_followers

    empty_followers(using)
