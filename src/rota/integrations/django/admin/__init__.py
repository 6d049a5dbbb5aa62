"""Rota in Django's admin: schedules, runs, nodes and the audit.

Lists are read from the store, page by page and by its indexes: they take as long with a million rows as with
ten. What is done here is done by Rota's operations: they check, act and leave an audit line.
"""

from django.contrib import admin

from rota.integrations.django import models
from rota.integrations.django.admin.audit import AuditLineAdmin
from rota.integrations.django.admin.nodes import NodeAdmin
from rota.integrations.django.admin.runs import RunAdmin
from rota.integrations.django.admin.schedules import ScheduleAdmin

admin.site.register(models.Schedule, ScheduleAdmin)
admin.site.register(models.Run, RunAdmin)
admin.site.register(models.Node, NodeAdmin)
admin.site.register(models.AuditLine, AuditLineAdmin)
