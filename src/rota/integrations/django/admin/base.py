"""What all of Rota's pages in Django's admin have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from rota.core.records import AuditLine
from rota.integrations.django.admin import html
from rota.integrations.django.admin.listing import Asked, Page, StoredList
from rota.integrations.django.app import DjangoRota, the_rota
from rota.operations.history import audit
from rota.web.ui.audit import differences

MOST_LINES = 200


class RotaAdmin(admin.ModelAdmin):
    """A list and a page of what Rota stores. Rows are never added, written or deleted by Django."""

    search_fields: tuple[str, ...] = ("id",)  # that there is a search at all: `page` does it
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("pk",)
    has_history = False
    face_list = ""  # the path of the same list in Rota's own UI

    class Media:
        css = {"all": ["rota/admin.css"]}  # noqa: RUF012 - as Django has it

    @property
    def rota(self) -> DjangoRota:
        return the_rota()

    def page(self, asked: Asked) -> Page:
        """Return a page of the list."""
        raise NotImplementedError

    def subject(self, obj: Any) -> str:
        """Return what the audit calls this one."""
        return str(obj.pk)

    def get_changelist(self, request: Any, **kwargs: Any) -> type[StoredList]:
        return StoredList

    def get_queryset(self, request: Any) -> Any:
        rows = self.model._default_manager.using(self.rota.database)
        return rows.filter(rota=self.rota.name)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return queryset, False

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """Show what the fieldsets name, and have nothing typed."""
        return tuple(name for _, one in self.fieldsets or () for name in one["fields"])

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        more = {
            "face_address": self.face_address(unquote(object_id)),
            "has_history": self.has_history,
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, more)

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        more = {"face_address": face_url(self.face_list), **(extra_context or {})}
        return super().changelist_view(request, more)

    def face_address(self, object_id: str) -> str | None:
        """Return where Rota's own UI shows this one, if the project has it under a path."""
        return None

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        """Show the audit lines of one of them: what was done here, and by every other way."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        now, zone = self.rota.clock.now(), self.rota.timezone
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "subtitle": None,
            "lines": [_shown(one, now, zone) for one in audit(self.rota, self.subject(obj), MOST_LINES)],
            "object": obj,
            "opts": self.opts,
            "media": self.media,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/rota/history.html", context)


def _shown(line: AuditLine, now: datetime, zone: str) -> Mapping[str, Any]:
    """Return an audit line as the history shows it."""
    changes = html.changes(list(differences(line.before, line.after)))
    return {
        "line": line,
        "at": html.lines([html.stamp(line.at, zone), html.when(line.at, now, zone)]),
        "changes": changes,
    }


def face_url(path: str = "") -> str | None:
    """Return the address of a page of Rota's own UI; `None` if the project does not include it."""
    try:
        return str(reverse("rota:face", args=[path]) if path else reverse("rota:index"))
    except NoReverseMatch:
        return None
