"""Ready tasks that keep the house of a Django project. They need no Rota inside Django, only the ORM.

from rota.housekeeping.django import backup, purge

rota.schedule(purge(Report, older_than="30d", using="created_at"), daily("02:00"))
rota.schedule(purge(Order, older_than="3650d", using="paid_on", before=backup("backups")), daily("03:00"))
"""

from rota.housekeeping.django.backups import backup as backup
from rota.housekeeping.django.purging import orphans as orphans
from rota.housekeeping.django.purging import purge as purge
from rota.housekeeping.django.retrying import retry_failed as retry_failed
from rota.housekeeping.django.sessions import clear_sessions as clear_sessions
from rota.housekeeping.django.statistics import Figures as Figures
from rota.housekeeping.django.statistics import figures as figures
from rota.housekeeping.django.statistics import statistics as statistics
from rota.housekeeping.django.stuck import mark_stuck as mark_stuck
