"""Nodes: the processes that take part."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote

from rota.core.records import Node
from rota.integrations.django import models
from rota.integrations.django.access import role_of
from rota.integrations.django.admin import html
from rota.integrations.django.admin.acts import NODES, Act, ActsMixin
from rota.integrations.django.admin.base import RotaAdmin, face_url
from rota.integrations.django.admin.listing import Asked, Page
from rota.operations.actor import Role
from rota.operations.doctor import CLOCK_TOLERANCE
from rota.operations.lookups import nodes_by_state
from rota.web.ui.formats import span


class NodeAdmin(ActsMixin, RotaAdmin):
    """Nodes that are in the store: one that has died is seen as such until it is forgotten."""

    face_list = "nodes"
    acts = NODES
    has_history = True
    list_display = ("name", "state", "roles", "queues", "busy", "seen", "clock", "version")
    search_fields: tuple[str, ...] = ()
    fieldsets = (
        (None, {"fields": ("state", "roles", "queues", "busy", "host", "up", "seen", "clock", "version")}),
    )

    def page(self, asked: Asked) -> Page:
        return Page([self._shown(models.Node(id=one.id), one, state) for one, state in self._nodes()])

    def get_object(self, request: Any, object_id: str, from_field: Any = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        found = next((each for each in self._nodes() if obj is not None and each[0].id == obj.pk), None)
        return None if found is None else self._shown(obj, *found)

    def has_operate_permission(self, request: Any) -> bool:
        """To drain takes all that makes an operator."""
        return (role_of(request.user) or Role.VIEWER) >= Role.OPERATOR

    def fits(self, act: Act, obj: Any) -> bool:
        return bool(obj.word == "live")

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        obj = self.get_object(request, unquote(object_id))
        links = [] if obj is None else self.act_links(request, obj)
        return super().change_view(
            request, object_id, form_url, {"act_links": links, **(extra_context or {})}
        )

    def face_address(self, object_id: str) -> str | None:
        return face_url("nodes")

    def _nodes(self) -> list[tuple[Node, str]]:
        return nodes_by_state(self.rota)

    def _shown(self, obj: Any, node: Node, state: str) -> Any:
        obj.record, obj.now, obj.word = node, self.rota.clock.now(), state
        return obj

    @admin.display(description="Node")
    def name(self, obj: Any) -> str:
        return str(obj.pk)

    @admin.display(description="State")
    def state(self, obj: Any) -> Any:
        return html.badge(obj.word)

    @admin.display(description="Roles")
    def roles(self, obj: Any) -> str:
        return ", ".join(obj.record.roles)

    @admin.display(description="Queues")
    def queues(self, obj: Any) -> str:
        return ", ".join(obj.record.queues) if "worker" in obj.record.roles else html.NOTHING

    @admin.display(description="Busy")
    def busy(self, obj: Any) -> str:
        node = obj.record
        return f"{node.running} of {node.slots}" if "worker" in node.roles else html.NOTHING

    @admin.display(description="Host")
    def host(self, obj: Any) -> str:
        return f"{obj.record.host}, process {obj.record.pid}"

    @admin.display(description="Up since")
    def up(self, obj: Any) -> Any:
        return html.instant(obj.record.started_at, obj.now, self.rota.timezone)

    @admin.display(description="Last seen")
    def seen(self, obj: Any) -> Any:
        return html.when(obj.record.seen_at, obj.now, self.rota.timezone)

    @admin.display(description="Clock")
    def clock(self, obj: Any) -> str:
        off = abs(obj.record.clock_offset)
        return f"off by {span(off)}" if off > CLOCK_TOLERANCE else "in step"

    @admin.display(description="Version")
    def version(self, obj: Any) -> str:
        return str(obj.record.version)
