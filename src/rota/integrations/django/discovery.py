"""Load the declarations: the module `tasks` of each app."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from rota.errors import RotaError
from rota.integrations.django.registry import DjangoRegistry


def discover(registry: DjangoRegistry, module: str) -> None:
    """Import `module` of each app that has one, also of packages the project has installed.

    What Rota refuses is kept in `registry.broken`; any other error comes out of here.
    """
    for config in apps.get_app_configs():
        name = f"{config.name}.{module}"
        if not module_has_submodule(config.module, module):
            continue
        try:
            import_module(name)
        except RotaError as error:
            registry.broken[name] = error
