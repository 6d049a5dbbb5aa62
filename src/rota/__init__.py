"""Rota: declare scheduled work once, in code, and run it exactly when due.

    from rota import Rota, daily

    rota = Rota("shop", timezone="Europe/Zurich")

    @rota.scheduled(daily("02:00"))
    def clear_sessions(): ...
"""

from rota._version import __version__ as __version__
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
from rota.errors import Retry as Retry
from rota.errors import RotaError as RotaError
from rota.runners.local.context import RunContext as RunContext
