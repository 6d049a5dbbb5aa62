"""The setting `ROTA` of a Django project: one dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from django.conf import settings

from rota.errors import InvalidValue
from rota.settings import NAMES

# Settings of Rota that Django's own take the place of.
TAKEN = {"app": "the project itself is the application", "store": "write DATABASE, the alias of a database"}


@dataclass(frozen=True, slots=True)
class Conf:
    """What `ROTA` says of the integration. All other keys are those of `rota.settings.Settings`.

    Attributes:
        name: Of the rota; two projects that share a database must have two.
        database: Alias of the database that holds the store.
        timezone: Zone of timetables that name none; default: `TIME_ZONE`.
        autostart: Let each server process of the project be a node.
        housekeeping: Declare the internal schedules, such as the purge of history.
        discover: Name of the module of each app that declares tasks.
    """

    name: str = "django"
    database: str = "default"
    timezone: str | None = None
    autostart: bool = False
    housekeeping: bool = True
    discover: str = "tasks"


OWN = tuple(one.name for one in fields(Conf))
OTHERS = tuple(name for name in NAMES if name not in TAKEN and name not in OWN)
KEYS = tuple(name.upper() for name in (*OWN, *OTHERS))


def given() -> Mapping[str, Any]:
    """Return the dictionary as it is written. Raises `InvalidValue` if it is none."""
    value = getattr(settings, "ROTA", {})
    if not isinstance(value, Mapping):
        raise InvalidValue("ROTA", value, "it must be a dictionary", 'Write ROTA = {"NAME": "shop"}.')
    return value


def conf() -> Conf:
    """Return what holds for the integration.

    Raises:
        InvalidValue: A value is of the wrong kind; names it.
    """
    values = {name: given()[name.upper()] for name in OWN if given().get(name.upper()) is not None}
    for name, value in values.items():
        wanted = bool if name in ("autostart", "housekeeping") else str
        if not isinstance(value, wanted):
            form = "True or False" if wanted is bool else "a text"
            raise InvalidValue(f"ROTA[{name.upper()!r}]", value, f"it must be {form}")
    return Conf(**{"timezone": settings.TIME_ZONE, **values})


def rota_settings() -> dict[str, Any]:
    """Return what `ROTA` says of Rota itself, by the names of `rota.settings.Settings`."""
    return {name: given()[name.upper()] for name in OTHERS if name.upper() in given()}


def require_known_keys() -> None:
    """Raise `InvalidValue` for the first key of `ROTA` that does not exist: a node does not start with one.

    A site is served nevertheless: `manage.py check` says it, as do all commands that check.
    """
    for key in given():
        if (problem := problem_with(key)) is not None:
            raise problem


def problem_with(key: object) -> InvalidValue | None:
    """Return what is wrong with a key of `ROTA`, if anything is."""
    if key in KEYS:
        return None
    name = str(key)
    if name.lower() in TAKEN and name.isupper():
        return InvalidValue("ROTA", name, f"there is no such key here: {TAKEN[name.lower()]}")
    close = get_close_matches(name.upper(), KEYS, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(KEYS)}."
    return InvalidValue("ROTA", name, "there is no such key", hint)
