"""The audit: who did what, when, why and from where."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin

from rota.integrations.django import models
from rota.integrations.django.admin import html
from rota.integrations.django.admin.base import MOST_LINES, RotaAdmin, face_url
from rota.integrations.django.admin.listing import Asked, Page
from rota.operations.history import audit
from rota.stores.sql.texts import as_id
from rota.web.ui.audit import differences


class AuditLineAdmin(RotaAdmin):
    """The latest lines. They are only ever added."""

    face_list = "audit"
    list_display = ("when", "actor_", "action_", "subject_", "change", "reason_", "via_")
    list_display_links = None
    search_help_text = "The whole name of a schedule, or the id of a run."

    def page(self, asked: Asked) -> Page:
        now, rows = self.rota.clock.now(), []
        for number, line in enumerate(audit(self.rota, asked.text or None, MOST_LINES)):
            row = models.AuditLine(id=number)
            row.line, row.now = line, now
            rows.append(row)
        return Page(rows)

    def face_address(self, object_id: str) -> str | None:
        return face_url("audit")

    @admin.display(description="When")
    def when(self, obj: Any) -> Any:
        return html.when(obj.line.at, obj.now, self.rota.timezone)

    @admin.display(description="Who")
    def actor_(self, obj: Any) -> str:
        return str(obj.line.actor)

    @admin.display(description="What")
    def action_(self, obj: Any) -> str:
        return str(obj.line.action)

    @admin.display(description="To")
    def subject_(self, obj: Any) -> Any:
        """Lead to the run, or to all lines about the same schedule."""
        text = obj.line.subject
        if as_id(text) is not None:
            return html.link(html.run_url(text), text[-12:])
        return html.link(f"?{urlencode({'q': text})}", text)

    @admin.display(description="Change")
    def change(self, obj: Any) -> Any:
        return html.changes(list(differences(obj.line.before, obj.line.after)))

    @admin.display(description="Why")
    def reason_(self, obj: Any) -> str:
        return obj.line.reason or html.NOTHING

    @admin.display(description="From")
    def via_(self, obj: Any) -> str:
        return str(obj.line.via)
