"""Timetables: pure rules that say when. `docs/timetables.md` tells users about them."""

from rota.core.timetables.base import Timetable
from rota.core.timetables.combine import DaysOff, Exclusion, Union
from rota.core.timetables.cron import Cron, cron
from rota.core.timetables.daily import Daily, Monthly, Weekly, daily, monthly, weekly
from rota.core.timetables.every import Every, every
from rota.core.timetables.once import Once, once
from rota.core.timetables.parse import parse_timetable
from rota.core.timetables.stored import timetable_from_json

__all__ = [
    "Cron",
    "Daily",
    "DaysOff",
    "Every",
    "Exclusion",
    "Monthly",
    "Once",
    "Timetable",
    "Union",
    "Weekly",
    "cron",
    "daily",
    "every",
    "monthly",
    "once",
    "parse_timetable",
    "timetable_from_json",
    "weekly",
]
