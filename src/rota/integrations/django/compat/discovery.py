"""Find the `SCHEDULED_TASKS` of the chosen apps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib import import_module

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

from rota.errors import InvalidValue, RotaError
from rota.integrations.django.app import DjangoRota
from rota.integrations.django.compat.conf import SETTING, CompatConf
from rota.integrations.django.compat.configs import config_of
from rota.integrations.django.compat.declaring import declare_config
from rota.integrations.django.conf import conf as rota_conf

LIST = "SCHEDULED_TASKS"


def declare_all(rota: DjangoRota, conf: CompatConf) -> None:
    """Declare a schedule for each config of the chosen apps.

    What is refused is kept in `rota.registry.broken`, entry by entry: `manage.py check` shows all of it.
    """
    broken = rota.registry.broken
    try:
        chosen = list(chosen_apps(conf))
    except InvalidValue as error:
        broken[SETTING] = error
        return
    for app in chosen:
        for place, entry in _entries(app, broken):
            try:
                config = config_of(entry)
                tag = conf.default_tag if config.tag is None else config.tag
                declare_config(rota, config, app.label, tag, conf.timezone)
            except RotaError as error:
                broken[place] = error


def chosen_apps(conf: CompatConf) -> Iterator[AppConfig]:
    """Yield the apps whose lists count, as they are installed.

    Raises:
        InvalidValue: The setting names an app that is not installed; with the nearest.
    """
    known = {config.label: config for config in apps.get_app_configs()}
    if conf.apps is not None:
        yield from (known[_known(label, known)] for label in conf.apps)
        return
    local = set(getattr(settings, "LOCAL_APPS", ()))
    for config in known.values():
        if not local or not local.isdisjoint(_spellings(config)):
            yield config


def _spellings(config: AppConfig) -> set[str]:
    """Return how `INSTALLED_APPS` may write an app."""
    return {config.name, config.label, f"{type(config).__module__}.{type(config).__qualname__}"}


def _known(label: str, known: Iterable[str]) -> str:
    if label in known:
        return label
    close = get_close_matches(label, known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
    raise InvalidValue(f"{SETTING}['apps']", label, "no installed app has this label", hint)


def _entries(app: AppConfig, broken: dict[str, RotaError]) -> Iterator[tuple[str, object]]:
    """Yield each entry of the list of an app, and where it stands."""
    module = rota_conf().discover
    name = f"{app.name}.{module}"
    if name in broken or not module_has_submodule(app.module, module):
        return
    try:
        found = getattr(import_module(name), LIST, ())
    except RotaError as error:
        broken[name] = error
        return
    if not isinstance(found, list | tuple):
        broken[f"{name}.{LIST}"] = InvalidValue(LIST, found, "it must be a list of ScheduledTaskConfig")
        return
    for index, entry in enumerate(found):
        yield f"{name}.{LIST}[{index}]", entry
