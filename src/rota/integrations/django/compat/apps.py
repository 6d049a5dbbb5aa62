"""The application `rota_compat`: the management commands, and the `SCHEDULED_TASKS` of the project."""

from __future__ import annotations

from django.apps import AppConfig

from rota.errors import RotaError


class CompatConfig(AppConfig):
    """Declares what the apps list. Touches no database, starts no thread."""

    name = "rota.integrations.django.compat"
    label = "rota_compat"
    verbose_name = "Rota in the place of home-made tables"

    def ready(self) -> None:
        """Declare a schedule for each config; what is refused is shown by `manage.py check`."""
        from rota.integrations.django.app import the_rota
        from rota.integrations.django.compat.conf import SETTING, compat_conf
        from rota.integrations.django.compat.discovery import declare_all

        rota = the_rota()
        try:
            conf = compat_conf()
        except RotaError as error:
            rota.registry.broken[SETTING] = error
        else:
            declare_all(rota, conf)
