"""Rota: declare scheduled work once, in code, and run it exactly when due.

    from rota import Rota, daily

    rota = Rota("shop", timezone="Europe/Zurich")

    @rota.scheduled(daily("02:00"))
    def clear_sessions(): ...

The names are imported when they are first asked for, so that `import rota` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rota._version import __version__ as __version__

if TYPE_CHECKING:
    from rota.app import Rota as Rota
    from rota.core.policies import Backoff as Backoff
    from rota.core.policies import CatchUp as CatchUp
    from rota.core.policies import Concurrency as Concurrency
    from rota.core.timetables import Timetable as Timetable
    from rota.core.timetables import cron as cron
    from rota.core.timetables import daily as daily
    from rota.core.timetables import every as every
    from rota.core.timetables import monthly as monthly
    from rota.core.timetables import once as once
    from rota.core.timetables import parse_timetable as parse_timetable
    from rota.core.timetables import weekly as weekly
    from rota.errors import GiveUp as GiveUp
    from rota.errors import Retry as Retry
    from rota.errors import RotaError as RotaError
    from rota.errors import RunCancelled as RunCancelled
    from rota.errors import TimeLimitExceeded as TimeLimitExceeded
    from rota.runners.local.context import RunContext as RunContext
    from rota.runners.local.context import current_run as current_run

_NAMES = {
    "rota.app": "Rota",
    "rota.core.policies": "Backoff CatchUp Concurrency",
    "rota.core.timetables": "Timetable cron daily every monthly once parse_timetable weekly",
    "rota.errors": "GiveUp Retry RotaError RunCancelled TimeLimitExceeded",
    "rota.runners.local.context": "RunContext current_run",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted([*_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'rota' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
